"""What a marketer may write about the caps of a campaign: how many coupons, to whom, where, in which while.

Owns the validation of that part of a campaign document and its way there and back. Must not count (counting.py, identity.py).
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from offers.definition import Caps, Hint, WindowCap

MOST_WINDOW_S = 366 * 86_400
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WindowCapIn(_In):
    count: Count
    window_s: Annotated[int, Field(strict=True, ge=60, le=MOST_WINDOW_S)]


class CapsIn(_In):
    per_shopper: Count | None = 1
    per_shopper_window: WindowCapIn | None = None
    total: Count | None = None
    per_place: Count | None = Field(default=None, description="Coupons given at one place.")
    total_window: WindowCapIn | None = Field(default=None, description="Coupons given to all shoppers together in a rolling window.")
    counted_by: Annotated[
        list[Hint],
        Field(
            max_length=len(Hint),
            description="Who is one shopper for per_shopper and per_shopper_window: the account, and besides it whoever shares a "
            "verified contact, a device or a means of payment. A family with one tablet or one card then counts as one.",
        ),
    ] = [Hint.ACCOUNT]

    @model_validator(mode="after")
    def _counts_somebody(self) -> Self:
        if Hint.ACCOUNT not in self.counted_by:
            raise ValueError("counted_by must name account; contact, device and payment come beside it")
        if len(self.counted_by) > 1 and self.per_shopper is None and self.per_shopper_window is None:
            raise ValueError("counted_by says who is one shopper; set per_shopper or per_shopper_window, or leave it out")
        return self


def _window(given: WindowCapIn | None) -> WindowCap | None:
    return WindowCap(given.count, given.window_s) if given else None


def caps_of(given: CapsIn) -> Caps:
    return Caps(
        given.per_shopper,
        _window(given.per_shopper_window),
        given.total,
        given.per_place,
        _window(given.total_window),
        tuple(sorted(set(given.counted_by))),
    )


def _window_document(window: WindowCap | None) -> dict[str, int] | None:
    return {"count": window.count, "window_s": window.window_s} if window else None


def caps_document(caps: Caps) -> dict[str, Any]:
    """The inverse of `caps_of`."""
    return {
        "per_shopper": caps.per_shopper,
        "per_shopper_window": _window_document(caps.per_shopper_window),
        "total": caps.total,
        "per_place": caps.per_place,
        "total_window": _window_document(caps.total_window),
        "counted_by": [hint.value for hint in caps.counted_by],
    }
