"""Reading papers that were issued, each held against its hash.

Owns those statements. Must not change anything: an issued paper stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.contracts import PaperView
from storefront.errors import PaperAltered, UnknownPaper
from storefront.papers.contents import sha256_of
from storefront.papers.models import PaperRow


@dataclass(frozen=True, slots=True)
class Paper:
    view: PaperView
    content: Mapping[str, Any]


def papers_of(session: Session, order_id: str) -> tuple[PaperView, ...]:
    """Those of an order: the receipt, then its credit notes, the oldest first."""
    p = PaperRow
    rows = session.scalars(select(p).where(p.order_id == order_id).order_by(p.kind.desc(), p.issued_at, p.number))
    return tuple(_paper(row).view for row in rows)


def paper(session: Session, order_id: str, number: str) -> Paper:
    """Raises UnknownPaper, and PaperAltered when it is not what was issued. Whose order it is the caller has made sure of."""
    row = session.execute(select(PaperRow).where(PaperRow.order_id == order_id, PaperRow.number == number)).scalar_one_or_none()
    if row is None:
        raise UnknownPaper
    return _paper(row)


def read_content(number: str, text: str, sha256: str) -> Mapping[str, Any] | None:
    """What stands on it; None when it is not as it was issued."""
    if sha256 != sha256_of(text):
        return None
    content = json.loads(text)
    return content if content["number"] == number else None


def _paper(row: PaperRow) -> Paper:
    content = read_content(row.number, row.content, row.sha256)
    if content is None:
        raise PaperAltered
    return Paper(PaperView(row.number, row.kind, row.issued_at, content["total_minor"], content["currency"], row.sha256), content)
