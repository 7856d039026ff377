"""A coupon's code as a QR picture that needs no script and no other origin: an SVG in the page.

Owns the drawing (segno). Must not know whose code it is.
"""

from __future__ import annotations

import io


def qr_svg(text: str) -> str:
    """An `<svg>` element with the quiet zone of four modules that the standard asks for; error correction M."""
    import segno  # lazy: only pages that show a code need it

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return out.getvalue().decode()
