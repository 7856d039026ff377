"""What is hers is sealed with her key.

Revision ID: 0017
Revises: 0016

Addresses and names of phones leave the clear, and what the house's key had sealed of a shopper (coupon codes, push tokens) is sealed
anew with hers. Positions and states of tracks last a day at most and are sealed with her key from now on.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from app.kernel.db import Instant
from app.security.sealing import keyed_hash, open_sealed, seal
from app.security.vault import open_for, seal_for

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROWS = 500
SEALED_BEFORE = (("offers_coupon", "code_sealed", "offers_coupon_code"), ("notifications_push_token", "sealed", "push_token"))


def upgrade() -> None:
    op.create_table(
        "privacy_shred",
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_privacy_shred")),
    )
    with op.batch_alter_table("security_person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("email_sealed", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("security_device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name_sealed", sa.LargeBinary(), nullable=True))
    _each("security_person", "shopper_id, email", "email IS NOT NULL", _seal_email)
    _each("security_device", "shopper_id, name", "name <> ''", _seal_name)
    for table, column, purpose in SEALED_BEFORE:
        _each(table, f"shopper_id, {column}", f"{column} IS NOT NULL", _sealer(column, purpose))
    with op.batch_alter_table("security_person", schema=None) as batch_op:
        batch_op.drop_constraint("uq_security_person_email", type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_security_person_email_hash"), ["email_hash"])
        batch_op.drop_column("email")
    with op.batch_alter_table("security_device", schema=None) as batch_op:
        batch_op.drop_column("name")


def downgrade() -> None:
    with op.batch_alter_table("security_device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(length=120), nullable=False, server_default=""))
    with op.batch_alter_table("security_person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(length=254), nullable=True))
    _each("security_device", "name_sealed", "name_sealed IS NOT NULL", lambda r: {"name": open_for("device_name", r.name_sealed, r.id.encode()).decode()})
    _each("security_person", "email_sealed", "email_sealed IS NOT NULL", lambda r: {"email": open_for("email", r.email_sealed, r.id.encode()).decode()})
    for table, column, purpose in SEALED_BEFORE:
        _each(table, column, f"{column} IS NOT NULL", _unsealer(column, purpose))
    with op.batch_alter_table("security_device", schema=None) as batch_op:
        batch_op.alter_column("name", server_default=None)
        batch_op.drop_column("name_sealed")
    with op.batch_alter_table("security_person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_security_person_email_hash"), type_="unique")
        batch_op.create_unique_constraint("uq_security_person_email", ["email"])
        batch_op.drop_column("email_sealed")
        batch_op.drop_column("email_hash")
    op.drop_table("privacy_shred")


def _seal_email(row: sa.Row) -> dict[str, object]:
    text, row_id = row.email.encode(), row.id.encode()
    sealed = seal_for(row.shopper_id, "email", text, row_id) if row.shopper_id else seal("email", text, row_id)
    return {"email_hash": keyed_hash("email", row.email), "email_sealed": sealed}


def _seal_name(row: sa.Row) -> dict[str, object]:
    return {"name_sealed": seal_for(row.shopper_id, "device_name", row.name.encode(), row.id.encode())}


def _sealer(column: str, purpose: str) -> Callable[[sa.Row], dict[str, object]]:
    def sealed(row: sa.Row) -> dict[str, object]:
        was = bytes(getattr(row, column))
        return {column: seal_for(row.shopper_id, purpose, open_sealed(purpose, was, row.id.encode()), row.id.encode()) if was else was}

    return sealed


def _unsealer(column: str, purpose: str) -> Callable[[sa.Row], dict[str, object]]:
    def sealed(row: sa.Row) -> dict[str, object]:
        was = bytes(getattr(row, column))
        return {column: seal(purpose, open_for(purpose, was, row.id.encode()), row.id.encode()) if was else was}

    return sealed


def _each(table: str, columns: str, condition: str, change: Callable[[sa.Row], dict[str, object]]) -> None:
    """Change rows a few hundred at a time, by id."""
    connection, after = op.get_bind(), ""
    while True:
        some = f"SELECT id, {columns} FROM {table} WHERE id > :after AND ({condition}) ORDER BY id LIMIT {ROWS}"  # noqa: S608 - our own names
        rows = connection.execute(sa.text(some), {"after": after}).all()
        for row in rows:
            values = change(row)
            sets = ", ".join(f"{name} = :{name}" for name in values)
            connection.execute(sa.text(f"UPDATE {table} SET {sets} WHERE id = :id"), {**values, "id": row.id})  # noqa: S608 - our own names
        if len(rows) < ROWS:
            return
        after = rows[-1].id
