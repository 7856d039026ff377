"""The table of passkeys: public keys whose private halves never leave a phone or a security key.

Owns the shape. Must not hold anything a thief could sign in with: there is no secret here.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class PasskeyRow(Base):
    """One passkey of a shopper (`shopper_id`) or a member of staff (`person_id`).

    `name_sealed` is what she calls it, sealed with her key. `sign_count` is what its authenticator last said; `suspect_at` is when it said less than before: there may be two of it.
    """

    __tablename__ = "security_passkey"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    credential_hash: Mapped[str] = mapped_column(String(64), unique=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    shopper_id: Mapped[str | None] = mapped_column(String(40), index=True)
    person_id: Mapped[str | None] = mapped_column(String(40), index=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    model: Mapped[str] = mapped_column(String(36))
    synced: Mapped[bool]
    transports: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    suspect_at: Mapped[datetime | None] = mapped_column(Instant)
