"""What tills send.

Owns shapes and limits of requests. Must not judge a code: scanning.py does.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from offers.tills.journal import Entry, EntryKind

PlaceId = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Scan = Annotated[str, StringConstraints(min_length=1, max_length=700)]


Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TillScan(_In):
    code: Scan = Field(
        description="As scanned or typed: the text of the QR code, or the 16 characters with or without live digits; case, spaces and dashes do not matter."
    )
    place_id: PlaceId | None = Field(default=None, description="Your store; needed if you work at several.")
    discount_minor: Annotated[int, Field(ge=0, le=10**12)] | None = Field(
        default=None, description="What the till took off, if it says so; else the most the coupon may."
    )


class BundleWish(_In):
    place_id: PlaceId | None = Field(default=None, description="Your store; needed if you work at several.")
    till_id: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None, description="The till that asks again; without it a new one is made."
    )


class JournalEntry(_In):
    seq: Annotated[int, Field(ge=1, le=10**9)] = Field(description="1, 2, 3, ... without a gap.")
    kind: Literal["redeem", "undo"] = Field(description="A coupon was taken, or an entry taken back.")
    text: Scan = Field(description="What was scanned; for an undo the number of the entry.")
    at: Instant = Field(
        description="When, by the house's time as the till knows it since its last bundle, as 2026-11-22T12:00:00.000Z."
    )
    clock: Instant | None = Field(default=None, description="What the till's own clock said then; kept as evidence.")
    discount_minor: Annotated[int, Field(ge=0, le=10**12)] | None = Field(
        default=None, description="What the till took off, if it says so; as when a coupon is taken with a network."
    )
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="SHA-256 over the hash before, seq, kind, at, clock and discount_minor (where they are told) and text, joined by line feeds."
    )

    def entry(self) -> Entry:
        """Raises ValueError for a day or hour that does not exist."""
        return Entry(self.seq, EntryKind(self.kind), self.text, self.moment(), self.at, self.hash, self.clock or "", self.discount_minor)

    def moment(self) -> datetime:
        """Raises ValueError for a day or hour that does not exist."""
        return datetime.fromisoformat(self.at).astimezone(UTC)


class Journal(_In):
    till_id: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(description="Of the bundle.")
    place_id: PlaceId | None = Field(default=None, description="Your store; needed if you work at several.")
    entries: Annotated[list[JournalEntry], Field(max_length=200)] = Field(
        description="In order, at most 200 at once; those that were sent before may be among them."
    )
