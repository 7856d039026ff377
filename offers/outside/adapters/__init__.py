"""Where forecasts come from: one file for each."""
