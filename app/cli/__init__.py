"""The command line: parse, call a facade, print.

Owns `main`, the console script `moments`, and how a failure is told: one line, never a traceback. Must not decide
anything, and must not import anything heavy: `moments --help` answers in under half a second, so each command
imports what it needs inside its function.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 done, 1 failed, 2 wrongly called, 130 interrupted."""
    seldom_collect()
    from app.cli.program import run

    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def seldom_collect() -> None:
    """What is made while modules are loaded stays: looking through it for rubbish every 700 objects was a fifth of a server's start."""
    gc.set_threshold(20_000, 20, 20)
