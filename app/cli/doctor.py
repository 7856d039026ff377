"""`moments doctor`: what is missing or unsafe, and the command that mends it.

Owns the command and its exit code; app/cli/checks.py and channel_checks.py own the checks.
"""

from __future__ import annotations

from typing import Annotated

import typer

SIGNS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="As JSON: {ok, checks: [{name, level, text, mend}]}.")] = False) -> None:
    """Say what is missing or unsafe, and what mends it.

    Exit code 1 when something must be mended.
    """
    from app.cli.checks import every_check
    from app.cli.findings import FAIL, WARN
    from app.cli.terminal import print_json
    from app.kernel.clock import SystemClock
    from app.kernel.logs import configure_logs
    from app.settings import load_settings

    configure_logs(level="ERROR", as_json=False)
    found = list(every_check(load_settings(), SystemClock().now()))
    failed = sum(c.level == FAIL for c in found)
    warned = sum(c.level == WARN for c in found)
    if as_json:
        print_json({"ok": failed == 0, "checks": found})
    else:
        for check in found:
            print(f"{SIGNS[check.level]}  {check.name:<13} {check.text}")
            if check.mend:
                print(f"{'':19} mend: {check.mend}")
        print("\nAll is well." if not failed and not warned else f"\n{failed} to mend, {warned} to look at.")
    if failed:
        raise typer.Exit(1)
