"""What tills send.

Owns shapes and limits of requests. Must not judge a code: scanning.py does.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PlaceId = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Scan = Annotated[str, StringConstraints(min_length=1, max_length=700)]


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
