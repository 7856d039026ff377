"""The settings of the room `offers` (MOMENTS_OFFERS__...)."""

from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from app.kernel.settings import SettingsGroup

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class OfferSettings(SettingsGroup):
    four_eyes: bool = Field(
        default=True,
        description="A campaign goes live only in a version that another person has approved. Where one person does it all, set it to false: then whoever activates a campaign answers for it alone, and its history says so.",
    )
    undo_s: int = Field(
        default=60, ge=1, le=600, description="How long a clerk may undo a redemption at the till, in seconds."
    )
    fewer_mute_s: int = Field(
        default=30 * 86_400,
        ge=0,
        description="How long the first 'fewer like this' keeps a campaign away from a shopper, in seconds; a second one keeps it away for good.",
    )
    keep_decisions_s: int = Field(
        default=180 * 86_400, ge=86_400, description="How long decisions with their inputs are kept, in seconds."
    )
    keep_hints_s: int = Field(
        default=365 * 86_400,
        ge=86_400,
        description="How long it is remembered, after it was last seen, that a shopper has a phone, a card or a verified contact (keyed hashes), in seconds.",
    )
    expire_batch: int = Field(
        default=500,
        ge=1,
        le=10_000,
        description="How many due coupons one run of the expiry job takes in one transaction.",
    )
    chunk_coupons: int = Field(
        default=64,
        ge=0,
        le=10_000,
        description="Where transactions meet at one campaign's counter, so many coupons of its cap and budget are leased at once, so that the next need not wait (PostgreSQL; towards the end fewer). 0: everybody waits for the counter.",
    )
    live_code_required: bool = Field(
        default=False,
        description="Take every coupon at the till only with the live code of the shopper's phone, whatever its campaign says: a picture or a written-down code is then worth nothing.",
    )
    live_code_above_minor: dict[Currency, Annotated[int, Field(ge=0)]] = Field(
        default={"EUR": 1_000, "USD": 1_000, "GBP": 1_000, "CHF": 1_000, "SEK": 10_000, "NOK": 10_000, "DKK": 8_000, "JPY": 1_600, "INR": 100_000},
        description="Where a campaign does not say how its coupons are shown: take those that may take off more than this (minor units by currency), or have no bound, or are in a currency that is not named, only with the live code of the shopper's phone.",
    )
    gs1_company_prefix: str | None = Field(
        default=None,
        pattern=r"^[0-9]{6,12}$",
        description="Your GS1 company prefix (6 to 12 digits). With it coupons that need no live code can also be shown as a GS1 coupon, AI (8112), for tills that read nothing else.",
    )
    signed_coupon_ttl_s: int = Field(
        default=86_400,
        ge=60,
        le=7 * 86_400,
        description="How long a phone without a network can show a coupon it has opened, in seconds (a week at most, the overlap of the signing keys).",
    )
    till_offline_cap: int = Field(
        default=20, ge=0, le=1_000, description="How many coupons one till may take without a network before it has to report."
    )
    till_offline_most_minor: dict[Currency, Annotated[int, Field(ge=0)]] = Field(
        default={"EUR": 20_000, "USD": 20_000, "GBP": 20_000, "CHF": 20_000, "SEK": 200_000, "NOK": 200_000, "DKK": 150_000, "JPY": 30_000, "INR": 2_000_000},
        description="How much a till without a network may take off by one coupon (minor units by currency); by a coupon that could take off more, or has no bound, only when the clerk says the sum. In a currency that is not named, nothing.",
    )
    till_bundle_ttl_s: int = Field(
        default=12 * 3600,
        ge=300,
        le=6 * 86_400,
        description="How long a till may take coupons without a network after it was last online, in seconds.",
    )


class Called(Protocol):
    """A call of an endpoint: it knows the running house."""

    @property
    def app(self) -> object: ...


def settings_of(call: Called) -> OfferSettings:
    """Those of the house that answers the call; the defaults where a test has put together less."""
    found = getattr(getattr(call.app, "settings", None), "offers", None)
    return found if isinstance(found, OfferSettings) else OfferSettings()
