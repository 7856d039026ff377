"""The storefront's settings: read from `MOMENTS_STOREFRONT__<FIELD>`, explained in docs/settings.md."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from app.kernel.settings import SettingsGroup
from storefront.cash.risk import CashWay


class DeliveryMethod(BaseModel):
    """A way to get an order. `prices_minor`: currency -> price; with none at all it is free, in every currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    name: str = Field(min_length=1, max_length=80)
    prices_minor: dict[str, Annotated[int, Field(ge=0, le=1_000_000)]] = {}

    def price_minor(self, currency: str) -> int | None:
        """None: not offered in that currency."""
        return self.prices_minor.get(currency) if self.prices_minor else 0


class Merchant(BaseModel):
    """Who sells: stands on every receipt, and says which table of taxes counts. `country` and `region` as ISO 3166 has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("Mobile Moments", min_length=1, max_length=120)
    address: tuple[Annotated[str, Field(max_length=80)], ...] = ()
    country: str = Field("FI", pattern=r"^[A-Z]{2}$")
    region: str = Field("", pattern=r"^[A-Z0-9-]{0,10}$")
    timezone: str = "Europe/Helsinki"
    business_id: str = Field("", max_length=40)
    vat_id: str = Field("", max_length=20)
    contact: str = Field("", max_length=120)

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        ZoneInfo(value)  # raises for one there is not
        return value


class StorefrontSettings(SettingsGroup):
    """With a Stripe secret key the Stripe gateway is used; without one the in-memory gateway, which moves no money."""

    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Currency of products that name none when they are imported (ISO 4217).")
    stripe_secret_key: SecretStr | None = Field(None, description="Stripe's secret key (sk_...). Setting a live key is all it takes to go live.")
    stripe_publishable_key: str | None = Field(None, description="Stripe's publishable key (pk_...), handed to the checkout page.")
    stripe_webhook_secrets: tuple[SecretStr, ...] = Field(
        (), description="Signing secrets (whsec_...) of the webhook endpoint; several while one is being rotated, as a JSON list."
    )
    stripe_api_base: str = Field("https://api.stripe.com", description="Where Stripe's API is; the demo and the tests point it at the local peer.")
    stripe_api_version: str = Field("2026-10-28.endive", description="The pinned version of Stripe's API.")
    stripe_timeout_s: float = Field(15.0, gt=0, le=80, description="How long to wait for an answer of Stripe before the outcome counts as unknown.")
    webhook_tolerance_s: int = Field(300, ge=1, le=3600, description="A webhook signed longer ago, or further in the future, is refused.")
    hold_ttl_s: int = Field(900, ge=60, le=86_400, description="How long an unpaid order holds its stock and its coupon.")
    coupon_grace_s: int = Field(3600, ge=0, description="How much longer than the order the coupon's reservation lasts, so that the order decides first.")
    look_again_s: int = Field(60, ge=1, description="How often an order whose payment is not settled is looked up at the provider.")
    delivery: tuple[DeliveryMethod, ...] = Field(
        (
            DeliveryMethod(id="pickup", name="Pick up in the shop"),
            DeliveryMethod(id="home", name="Home delivery", prices_minor={"EUR": 490, "SEK": 5500, "USD": 590}),
        ),
        min_length=1,
        description="Ways to get an order, as a JSON list; the first counts until another is chosen, and has no prices (free).",
    )
    cash: tuple[CashWay, ...] = Field(
        (),
        description="Ways to pay in cash, as a JSON list; none: only online. Each: id (cash_on_delivery, pay_at_till), delivery (the ways to get an order it goes with), most_minor (currency: the most that may be owed), fees_minor, places, not_areas, guests, verified_contact, most_open, most_missed, missed_days, kept_days.",
    )
    cash_back_elsewhere_minor: dict[str, int] = Field({}, description="Currency: the most that a store hands back of money another one has taken, as JSON; none: only the store that took it.")
    merchant: Merchant = Field(
        Merchant(),  # type: ignore[call-arg]
        description="Who sells, as JSON: name, address (lines), country, region, timezone, business_id, vat_id, contact. On receipts; its country's taxes count.",
    )
    least_charge_minor: int = Field(50, ge=0, le=10_000, description="The smallest sum a card is asked for beside a balance; a provider takes no less.")
    points_per_100_minor: int = Field(1, ge=0, le=1000, description="Points a shopper earns for each 100 minor units (1.00 €) that she pays for products.")
    downloads_most: int = Field(5, ge=1, le=1000, description="How often a digital product may be fetched, for each piece of it that was bought.")
    download_open_s: int = Field(3600, ge=60, le=86_400, description="How long a download stays open: until then it may be fetched again, or go on, without counting.")
    return_days: int = Field(14, ge=0, le=365, description="How many days after paying a shopper may ask on the phone to give pieces back.")
    return_within_days: int = Field(14, ge=1, le=90, description="How many days she then has to bring or send them.")
    exchange_pay_days: int = Field(7, ge=1, le=90, description="How many days what was exchanged for something dearer waits for the difference; then it goes back on the shelf, and what she had paid is on her balance.")
    return_kept: tuple[str, ...] = Field((), description="Categories whose products come back only if something is wrong with them, as a JSON list.")
    review_publishes: Literal["clean", "proved", "never"] = Field("clean", description="Which reviews are published without a person: `clean` (the rules found nothing), `proved` (and a purchase or visit is proved), `never`.")
    review_held_words: tuple[str, ...] = Field((), description="Words for which a person reads a review first, as a JSON list.")
    review_reports_hold: int = Field(3, ge=1, le=1000, description="A review that so many shoppers report is taken down until a person has looked.")
    recommend_least_people: int = Field(20, ge=10, le=10_000, description="So many people must have bought two products in one order before anybody is told that they go together.")
    recommend_days: int = Field(365, ge=7, le=730, description="How many days of orders are looked at for what is bought together.")
    share_days: int = Field(30, ge=1, le=180, description="For how many days an order is owed to the link its buyer came by last.")
    referral_points: int = Field(0, ge=0, le=1_000_000, description="Points for whoever shared, when a first order by that link can no longer come back; 0: none.")
    referrals_most_a_year: int = Field(10, ge=0, le=10_000, description="How many such rewards one shopper gets in a year at most.")
    max_coupons: int = Field(12, ge=1, le=12, description="How many coupons fit into one cart.")
    max_lines: int = Field(50, ge=1, le=200, description="How many different products fit into one cart.")
    max_confirmations: int = Field(10, ge=1, le=100, description="How often payment of one order may be tried.")
