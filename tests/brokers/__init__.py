"""Brokers that tests start: real ones, on this machine only."""
