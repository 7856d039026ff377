"""What is said to her is sealed.

Revision ID: 0031
Revises: 0030

The words of messages and the names of passkeys leave the clear: sealed with the key of whom they are for (staff: the house's). What is
there of somebody whose key was destroyed is dropped. Plain columns, so that SQLite need not copy the table: a copy would give positions
again. PostgreSQL writes both tables anew, so that no older version of a row stays in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from app.security.sealing import open_sealed, seal
from app.security.vault import Destroyed, open_for, seal_for

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

ROWS = 500
MESSAGE, PASSKEY = "notifications_message", "security_passkey"
WORDS = ("title", "body", "link")


def upgrade() -> None:
    op.add_column(MESSAGE, sa.Column("sealed", sa.LargeBinary(), nullable=False, server_default=""))
    op.add_column(PASSKEY, sa.Column("name_sealed", sa.LargeBinary(), nullable=False, server_default=""))
    _each(MESSAGE, "shopper_id, title, body, link", _seal_message)
    _each(PASSKEY, "shopper_id, name", _seal_name)
    for table, columns in ((MESSAGE, WORDS), (PASSKEY, ("name",))):
        for column in columns:
            op.drop_column(table, column)
        _write_anew(table)


def downgrade() -> None:
    for column in WORDS:
        op.add_column(MESSAGE, sa.Column(column, sa.Text(), nullable=False, server_default=""))
    op.add_column(PASSKEY, sa.Column("name", sa.String(length=120), nullable=False, server_default=""))
    _each(MESSAGE, "sealed", _open_message)
    _each(PASSKEY, "shopper_id, name_sealed", _open_name)
    op.drop_column(PASSKEY, "name_sealed")
    op.drop_column(MESSAGE, "sealed")


def _seal_message(row: sa.Row) -> dict[str, object]:
    said = json.dumps({word: getattr(row, word) for word in WORDS}, ensure_ascii=False).encode()
    return {"sealed": _hers(row.shopper_id, "message", said, row.id)}


def _seal_name(row: sa.Row) -> dict[str, object]:
    plain = row.name.encode()
    return {"name_sealed": _hers(row.shopper_id, "passkey_name", plain, row.id) if row.shopper_id else seal("passkey_name", plain, row.id.encode())}


def _hers(shopper_id: str, purpose: str, plain: bytes, row_id: str) -> bytes:
    try:
        return seal_for(shopper_id, purpose, plain, row_id.encode())
    except Destroyed:
        return b""


def _open_message(row: sa.Row) -> dict[str, object]:
    said = json.loads(_opened("message", row.sealed, row.id))
    return {word: said.get(word, "") for word in WORDS}


def _open_name(row: sa.Row) -> dict[str, object]:
    if row.shopper_id is None:
        return {"name": open_sealed("passkey_name", row.name_sealed, row.id.encode()).decode()}
    return {"name": _opened("passkey_name", row.name_sealed, row.id, b"").decode()}


def _opened(purpose: str, sealed: bytes, row_id: str, nothing: bytes = b"{}") -> bytes:
    try:
        return open_for(purpose, sealed, row_id.encode()) if sealed else nothing
    except Destroyed:
        return nothing


def _write_anew(table: str) -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"CLUSTER {table} USING pk_{table}"))
        connection.execute(sa.text(f"ALTER TABLE {table} SET WITHOUT CLUSTER"))


def _each(table: str, columns: str, change: Callable[[sa.Row], dict[str, object]]) -> None:
    """Change rows a few hundred at a time, by id."""
    connection, after = op.get_bind(), ""
    while True:
        some = f"SELECT id, {columns} FROM {table} WHERE id > :after ORDER BY id LIMIT {ROWS}"  # noqa: S608 - our own names
        rows = connection.execute(sa.text(some), {"after": after}).all()
        for row in rows:
            values = change(row)
            sets = ", ".join(f"{name} = :{name}" for name in values)
            connection.execute(sa.text(f"UPDATE {table} SET {sets} WHERE id = :id"), {**values, "id": row.id})  # noqa: S608 - our own names
        if len(rows) < ROWS:
            return
        after = rows[-1].id
