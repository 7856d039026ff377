"""`moments bench`: the figures we claim, measured through the real processes.

Owns the command and the printing; app/cli/measuring.py and the bench_ files beside it take the measurements.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer


class What(StrEnum):
    STARTUP = "startup"
    MOMENT = "moment"
    INDEX = "index"
    DETECT = "detect"
    INGEST = "ingest"
    REDEEM = "redeem"
    DECIDE = "decide"
    SIMULATE = "simulate"
    AUDIENCE = "audience"
    POLICY = "policy"
    NOTIFY = "notify"
    CATALOGUE = "catalogue"
    CHECKOUT = "checkout"
    SCALE = "scale"
    DAY = "day"
    CAMPAIGN = "campaign"
    PAGES = "pages"
    ALL = "all"


def bench(
    what: Annotated[What, typer.Argument(help="startup: help, server, demo memory. moment: from a fix to a visible offer. index, detect: fences against peers. ingest: a batch from the request to committed visits (not in all). redeem: coupons at the till a second (not in all). decide: from a moment to the committed decisions; simulate: a campaign over days of moments; audience: a live count over 100,000 shoppers (none of the three in all). policy: one decision of the rules (not in all). notify: pushes a second beside the same sends without a database, and how soon they are shown (not in all). scale: a fix on Apache Kafka and PostgreSQL beside the embedded runner (not in all). day: a national chain's Saturday on both, and what a million fixes cost (not in all). campaign: one campaign that several processes give and take, in chunks and waiting (not in all). catalogue: a search among many products; checkout: orders a second beside their bare statements; pages: Lighthouse on the pages of a purchase (none of the three in all).")] = What.ALL,
    shoppers: Annotated[int, typer.Option(min=1, max=2000, help="How many shoppers walk in.")] = 50,
    per_second: Annotated[float, typer.Option(min=0.1, max=100, help="How many of them each second.")] = 1.0,
    fences: Annotated[int, typer.Option(min=1000, max=1_000_000, help="How many fences (index, detect).")] = 100_000,
    points: Annotated[int, typer.Option(min=1000, max=10_000_000, help="How many points are looked up (index, detect).")] = 300_000,
    fixes: Annotated[int, typer.Option(min=1000, max=2_000_000, help="How many fixes are sent (ingest).")] = 200_000,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="How many fixes a request carries (ingest).")] = 1000,
    redemptions: Annotated[int, typer.Option(min=64, max=100_000, help="How many coupons are redeemed (redeem).")] = 2000,
    connections: Annotated[int, typer.Option(min=1, max=64, help="Over how many connections at once (redeem, checkout).")] = 16,
    orders: Annotated[int, typer.Option(min=16, max=10_000, help="How many orders are placed (checkout).")] = 400,
    campaigns: Annotated[int, typer.Option(min=100, max=5000, help="How many campaigns are live (decide).")] = 1000,
    moments: Annotated[int, typer.Option(min=100, max=100_000, help="How many moments are decided (decide, campaign).")] = 1000,
    processes: Annotated[int, typer.Option(min=2, max=32, help="How many processes give the same campaign (campaign).")] = 4,
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days are decided again (simulate), with 2,000 shoppers a day.")] = 14,
    messages: Annotated[int, typer.Option(min=100, max=100_000, help="How many messages are due (notify).")] = 10_000,
    products: Annotated[int, typer.Option(min=100, max=1_000_000, help="How many products are searched (catalogue).")] = 100_000,
    phones: Annotated[int, typer.Option(min=1000, max=2_000_000, help="How many shoppers of the chain have a phone with them (day).")] = 100_000,
    kafka: Annotated[str, typer.Option(help="Where an Apache Kafka is (scale, day).", show_default=False)] = "",
    large: Annotated[bool, typer.Option(help="Also load ten times the fences from a file (index); not with all.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Measure the figures we claim, on this machine."""
    from app.cli import bench_index, measuring

    taken: list[Iterable[Any]] = []
    if what in (What.INDEX, What.ALL):
        taken.append(bench_index.measure_index(fences, points, large and what is What.INDEX))
    if what in (What.DETECT, What.ALL):
        taken.append(bench_index.measure_detect(fences, points))
    if taken and not as_json:
        bench_index.print_lines(itertools.chain(*taken))
    figures: dict[str, Any] = bench_index.as_document(itertools.chain(*taken)) if as_json else {}
    alone = {
        What.INGEST: ("bench_ingest", "ingest", (fences, fixes, batch)),
        What.SCALE: ("bench_scale", "scale", (fences, fixes, batch, kafka)),
        What.DAY: ("bench_day", "day", (phones, batch, kafka)),
        What.REDEEM: ("bench_redeem", "redeem", (redemptions, connections)),
        What.CAMPAIGN: ("bench_campaign", "campaign", (moments, processes)),
        What.DECIDE: ("bench_offers", "decide", (campaigns, moments)),
        What.SIMULATE: ("bench_offers", "simulate", (days, 2_000)),
        What.AUDIENCE: ("bench_audience", "audience", (100_000,)),
        What.POLICY: ("bench_policy", "policy", (10,)),
        What.NOTIFY: ("bench_notify", "notify", (messages,)),
        What.CATALOGUE: ("bench_catalogue", "catalogue", (products,)),
        What.CHECKOUT: ("bench_checkout", "checkout", (orders, connections)),
        What.PAGES: ("bench_pages", "pages", ()),
    }
    if what in alone:
        name, measure, sizes = alone[what]
        module: Any = importlib.import_module(f"app.cli.{name}")
        return _tell(getattr(module, measure)(*sizes), module.print_lines, as_json)
    if what in (What.STARTUP, What.ALL):
        figures |= measuring.startup()
    if what in (What.MOMENT, What.ALL):
        figures |= measuring.moment(shoppers, per_second)
    return _tell(figures, _print_lines, as_json)


def _tell(figures: dict[str, Any], print_lines: Callable[[dict[str, Any]], None], as_json: bool) -> None:
    from app.cli.terminal import print_json

    if as_json:
        print_json(figures)
    else:
        print_lines(figures)


def _print_lines(figures: dict[str, Any]) -> None:
    from app.cli import measuring

    for name, value in figures.items():
        limit = measuring.LIMITS.get(name)
        print(f"{name:<22} {value:>9}" + (f"   (to reach: {limit})" if limit is not None else ""))
