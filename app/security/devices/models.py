"""The tables of what phones proved about themselves.

Owns the shapes. No shopper stands here: a device may go on as another shopper, and these rows go with the device.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class AttestationRow(Base):
    """The last attestation of a device: by whom, how good, and what it said, for an explanation."""

    __tablename__ = "security_attestation"
    device_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class AppAttestKeyRow(Base):
    """A key in the secure enclave of an Apple device; `counter` is how often it says it has signed."""

    __tablename__ = "security_app_attest_key"
    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(40), index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    counter: Mapped[int] = mapped_column(BigInteger)
    level: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime] = mapped_column(Instant, index=True)
