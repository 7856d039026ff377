"""What is held about a shopper's passkeys: their public keys and the names she gave them.

Owns export and erasure of its table, and for how long it keeps its rows. app/privacy/privacy.py registers them: this floor may
not import that one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.security.passkeys.keeping import names_of
from app.security.passkeys.models import PasskeyRow

TABLES = ("security_passkey",)

RETENTION: tuple[tuple[str, str, int | None, str], ...] = (
    ("security_passkey", "created_at", None, "Your passkeys: public keys and the names you gave them; kept until you remove them or delete your data."),
)


def export_shopper(session: Session, shopper_id: str) -> dict[str, Any]:
    rows = session.scalars(select(PasskeyRow).where(PasskeyRow.shopper_id == shopper_id).order_by(PasskeyRow.id)).all()
    return {
        "passkeys": [
            {
                "id": row.id,
                "name": name,
                "model": row.model,
                "synced": row.synced,
                "transports": row.transports,
                "uses": row.sign_count,
                "created_at": row.created_at,
                "last_used_at": row.last_used_at,
                "suspect_at": row.suspect_at,
            }
            for row, name in zip(rows, names_of(rows), strict=True)
        ]
    }


def erase_shopper(session: Session, shopper_id: str) -> int:
    return touched(session, delete(PasskeyRow).where(PasskeyRow.shopper_id == shopper_id))
