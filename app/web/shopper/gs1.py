"""A coupon as GS1 tills read it: a GS1 DataMatrix as an SVG in the page.

Owns the drawing; which module is dark is zxing-cpp's to know (ISO/IEC 16022). Must not know whose coupon it is.
"""

from __future__ import annotations

import re

QUIET_MODULES = 4
"""The standard asks for one; a phone's rim takes more."""

_PATH = re.compile(r'<path d="([^"]+)"')


def gs1_svg(element_string: str) -> str:
    """An `<svg>` element without style or script of `(8112)0...`: dark on white in both lights."""
    import zxingcpp  # lazy: only pages that show a code need it

    made = zxingcpp.create_barcode(element_string, zxingcpp.BarcodeFormat.DataMatrix, gs1=True).to_svg(add_quiet_zones=False)
    [path] = _PATH.findall(made)
    side = int(made.split('width="', 1)[1].split('"', 1)[0])
    view = f"{-QUIET_MODULES} {-QUIET_MODULES} {side + 2 * QUIET_MODULES} {side + 2 * QUIET_MODULES}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M{-QUIET_MODULES} {-QUIET_MODULES}h{side + 2 * QUIET_MODULES}v{side + 2 * QUIET_MODULES}H{-QUIET_MODULES}z"/><path d="{path}"/></svg>'
    )
