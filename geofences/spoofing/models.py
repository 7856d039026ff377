"""The prints of ways that led to visits, by which a way told again is known.

Owns the shape. A print is a keyed hash of steps: no place can be read from it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class MotionPrintRow(Base):
    """`at`: when the phone says it was there. The first telling of a device stays."""

    __tablename__ = "geofences_motion_print"
    value: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    device_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
