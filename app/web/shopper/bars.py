"""A code as bars, for tills whose scanner reads only lines: Code 128 and GS1-128 as an SVG in the page.

Owns the drawing; which bar is wide is python-barcode's to know (ISO/IEC 15417). Must not know whose code it is.
"""

from __future__ import annotations

from itertools import groupby

QUIET_MODULES, HEIGHT_MODULES = 10, 40
"""The quiet zone the standard asks for; the height is a quarter of what a 16-character code is wide."""


def modules(text: str, *, gs1: bool = False) -> str:
    """The symbol as `1` (bar) and `0` (space), start to stop. With `gs1` an FNC1 opens it: `text` is an element string."""
    from barcode.codex import Code128, Gs1_128  # lazy: only pages that show a code need it

    return (Gs1_128 if gs1 else Code128)(text).build()[0]


def bars_svg(text: str, *, gs1: bool = False) -> str:
    """An `<svg>` element without style or script, bars on white in both lights: a scanner needs the contrast."""
    pattern = modules(text, gs1=gs1)
    width = len(pattern) + 2 * QUIET_MODULES
    path, x = [], QUIET_MODULES
    for bar, run in groupby(pattern):
        length = len(list(run))
        if bar == "1":
            path.append(f"M{x} 0h{length}v{HEIGHT_MODULES}h-{length}z")
        x += length
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT_MODULES}" preserveAspectRatio="none" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{width}v{HEIGHT_MODULES}h-{width}z"/><path d="{"".join(path)}"/></svg>'
    )
