"""What the commands read of shoppers, in keys of the Fideslang taxonomy.

Owns plain data, as every `data_tags.py`. The commands have no tables of their own. Must not import anything.
"""

from __future__ import annotations

TAGS: dict[str, dict[str, str]] = {}

USES: dict[str, str] = {
    "analytics.reporting.system.performance": "bench_audience bench_day bench_ingest",
}
