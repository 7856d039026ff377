"""What the cart's routes take."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from storefront.carts.repository import MAX_QUANTITY

Quantity = Annotated[int, Field(strict=True, ge=1, le=MAX_QUANTITY, description="Pieces, 1 to 99.")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class LineIn(BaseModel):
    """So many more pieces of a product; of a service that is given at a time, so many places at it."""

    model_config = ConfigDict(extra="forbid")

    product_id: Id
    quantity: Quantity = 1
    slot_id: Annotated[Id | None, Field(description="The time, one of GET /v1/products/{product_id}/times.")] = None


class QuantityIn(BaseModel):
    """So many pieces in all."""

    model_config = ConfigDict(extra="forbid")

    quantity: Quantity


class CouponIn(BaseModel):
    """A coupon's code as shown in the wallet, or its id."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    place_id: Id | None = None


class DeliveryIn(BaseModel):
    """One of the ways a quote names; with the time (of GET /v1/delivery/slots) and the address, where that way asks for them. Without an address
    yours that counts is meant."""

    model_config = ConfigDict(extra="forbid")

    method: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    slot_id: Id | None = None
    address_id: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    collect_at: Annotated[str, StringConstraints(min_length=1, max_length=60), Field(description="The place of one of the stores a quote names.")] | None = None
    place_id: Id | None = None


class QuoteIn(BaseModel):
    """Where the shopper is, if she is in a store; a coupon may be bound to it."""

    model_config = ConfigDict(extra="forbid")

    place_id: Id | None = None
