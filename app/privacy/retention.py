"""How long each table keeps its rows, and the sweep that sees to it.

Owns the registry of rules and `sweep`. Must not know any room: rooms declare their rules in `privacy.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Table, and_, delete, select, tuple_
from sqlalchemy.orm import Session

from app.kernel.db import Base

BATCH_ROWS = 500
MAX_ROWS_PER_SWEEP = 5_000
"""One sweep is one transaction: bounded, so that writers do not wait long. What is left goes with the next."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Rows of `table` whose instant `column` is older than `keep_s` seconds are deleted; `why` is shown to the shopper.

    `keep_s` None: kept until the shopper is erased. `only` narrows it, given the table: `lambda t: t.c.state == "done"`.
    """

    table: str
    column: str
    keep_s: int | None
    why: str
    only: Callable[[Table], ColumnElement[bool]] | None = None


_rules: dict[tuple[str, str], RetentionRule] = {}


def register_rules(*rules: RetentionRule) -> None:
    """Called by bootstrap. One rule per table and column; the same pair again replaces."""
    for rule in rules:
        _rules[rule.table, rule.column] = rule


def registered_rules() -> tuple[RetentionRule, ...]:
    return tuple(_rules.values())


def sweep(session: Session, at: datetime, *, max_rows: int = MAX_ROWS_PER_SWEEP) -> dict[str, int]:
    """Delete what is due, at most `max_rows` in all; table -> rows deleted. Call again while anything comes back.

    `at` is the present: move the clock forward to see what will be kept.
    """
    deleted: dict[str, int] = {}
    left = max_rows
    for rule in _rules.values():
        while rule.keep_s is not None and left > 0:
            asked = min(BATCH_ROWS, left)
            count = _delete_batch(session, rule, at - timedelta(seconds=rule.keep_s), asked)
            left -= count
            if count:
                deleted[rule.table] = deleted.get(rule.table, 0) + count
            if count < asked:
                break
    return deleted


def _delete_batch(session: Session, rule: RetentionRule, before: datetime, rows: int) -> int:
    table = Base.metadata.tables[rule.table]
    keys = list(table.primary_key.columns)
    due = table.c[rule.column] < before
    if rule.only is not None:
        due = and_(due, rule.only(table))
    oldest = select(*keys).where(due).order_by(table.c[rule.column]).limit(rows)
    chosen = keys[0].in_(oldest) if len(keys) == 1 else tuple_(*keys).in_(oldest)
    # the condition stands twice: a row that was renewed between choosing and deleting stays
    return cast("CursorResult[Any]", session.execute(delete(table).where(chosen, due))).rowcount
