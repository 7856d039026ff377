"""A paper as a PDF: the same sheet as the page, typeset. The one file that speaks typst.

Owns the file's bytes, which follow from the paper alone (its day is the file's): the same paper in the same language is the same file, whenever it is made, so that none need
be kept. Tagged for screen readers (PDF/UA); fonts come with the library. What a paper says is data to the template and never markup.
"""

from __future__ import annotations

import json
import pkgutil
from dataclasses import asdict

from storefront.papers.sheet import Sheet


def pdf_of(sheet: Sheet) -> bytes:
    """The file. A name in a script its fonts do not have is left to those of the machine, and the file then makes no promise to screen readers."""
    import typst  # lazy: 80 MB of it are mapped

    template = pkgutil.get_data("storefront.papers", "paper.typ") or b""
    asked = {"format": "pdf", "sys_inputs": {"sheet": json.dumps(asdict(sheet))}}
    try:
        return bytes(typst.compile(template, ignore_system_fonts=True, pdf_standards=["ua-1"], **asked))
    except typst.TypstError:
        return bytes(typst.compile(template, **asked))
