"""The table of the FAQ: the shop's own words, the same for everybody. Owns its shape."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class FaqRow(Base):
    """`texts`: language -> question, answer and other ways to ask. `version` counts its changes: who saves over a version she has not read is refused."""

    __tablename__ = "notifications_faq"
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    texts: Mapped[dict[str, Any]] = mapped_column(Json)
    version: Mapped[int] = mapped_column(default=1)
    changed_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime] = mapped_column(Instant)
