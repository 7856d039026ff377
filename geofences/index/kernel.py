"""Which path answers: the compiled kernel where it was built, numpy otherwise.

Owns the choice. It must not know fences. The kernel is an accelerator: whatever it answers, numpy answers the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from geofences.index.arrays import LAYOUT

Choice = Literal["auto", "compiled", "numpy"]


class KernelUnavailable(RuntimeError):
    """The compiled kernel was asked for by name, and was not built."""


_chosen: list[Choice] = ["auto"]


def choose(choice: Choice) -> None:
    """For indexes made from now on. KernelUnavailable: `compiled` where there is none."""
    if choice == "compiled" and built() is None:
        raise KernelUnavailable("the compiled kernel was not built; install a C compiler and Python's headers and run: pip install --no-deps --no-build-isolation -e . (or take MOMENTS_KERNEL=auto)")
    _chosen[0] = choice


@contextmanager
def chosen(choice: Choice) -> Iterator[None]:
    """`choose` for a while."""
    before = _chosen[0]
    choose(choice)
    try:
        yield
    finally:
        _chosen[0] = before


def built() -> Any | None:
    """The extension module, or None where it was not built, or from other sources."""
    try:
        from geofences.index import _kernel  # type: ignore[attr-defined]
    except ImportError:
        return None
    return _kernel if _kernel.LAYOUT == LAYOUT else None


def active() -> Any | None:
    """The extension module if it is to be used."""
    return None if _chosen[0] == "numpy" else built()


def kernel_name() -> Literal["compiled", "numpy"]:
    """What answers in indexes made from now on."""
    return "numpy" if active() is None else "compiled"
