"""`moments demo`: the whole loop in central Helsinki, to watch or to run once without a screen.

Owns the command; app/demo owns the city, the people in it and Jane's story.
"""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Run Jane's story once through the real HTTP application and exit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --headless: one JSON line per step, then {ok, steps, elapsed_s}.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 takes a free one.")] = 8000,
) -> None:
    """Watch the whole loop in central Helsinki.

    Shops, six campaigns, forty walkers, and Jane's phone in your hands; one process, one file, no network.
    """
    if headless:
        from app.demo.headless import run as run_headless

        raise typer.Exit(run_headless(as_json=as_json))
    if as_json:
        raise typer.BadParameter("goes with --headless only", param_hint="--json")
    from app.demo.live import run as run_live

    run_live(port=port)
