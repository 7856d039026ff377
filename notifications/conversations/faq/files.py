"""The FAQ as a file, there and back: JSON with all of it, or a table for a spreadsheet.

Owns the two forms. A table has one line for each language of an entry.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from app.kernel.errors import Invalid
from notifications.conversations.faq.keeping import FaqEntry

COLUMNS = ("id", "state", "language", "question", "answer", "also_asked")
BETWEEN = " | "


def to_json(entries: Iterable[FaqEntry]) -> str:
    return json.dumps({"entries": [{"id": e.id, "state": e.state, "texts": dict(e.texts)} for e in entries]}, ensure_ascii=False, indent=2) + "\n"


def to_csv(entries: Iterable[FaqEntry]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for one in entries:
        for tag, text in one.texts.items():
            table.writerow(_harmless(cell) for cell in (one.id, one.state, tag, text["question"], text["answer"], BETWEEN.join(text["also_asked"])))
    return out.getvalue()


def of_text(text: str) -> Any:
    """The document `POST /v1/faq/import` takes, of either form. Raises Invalid."""
    if text.lstrip("\ufeff \r\n\t").startswith("{"):
        try:
            return json.loads(text.lstrip("\ufeff"))
        except ValueError as error:
            raise Invalid.field("file", f"JSON: {error}") from None
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    if rows.fieldnames is None or set(rows.fieldnames) != set(COLUMNS):
        raise Invalid.field("file", f"JSON, or a table with the columns {', '.join(COLUMNS)}")
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(row["id"] or "", {"id": row["id"], "state": row["state"], "texts": {}})
        also = [phrase.strip() for phrase in (row["also_asked"] or "").split(BETWEEN.strip()) if phrase.strip()]
        one["texts"][row["language"] or ""] = {"question": _plain(row["question"]), "answer": _plain(row["answer"]), "also_asked": also}
    return {"entries": list(found.values())}


def _harmless(cell: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell


def _plain(cell: str | None) -> str:
    text = cell or ""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text
