"""The storefront's settings: read from `MOMENTS_STOREFRONT__<FIELD>`, explained in docs/settings.md."""

from __future__ import annotations

from pydantic import Field, SecretStr

from app.kernel.settings import SettingsGroup


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
    max_lines: int = Field(50, ge=1, le=200, description="How many different products fit into one cart.")
    max_confirmations: int = Field(10, ge=1, le=100, description="How often payment of one order may be tried.")
