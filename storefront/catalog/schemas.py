"""What the catalogue takes and gives over HTTP and in files."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.money import MAX_AMOUNT_MINOR

Text200 = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class ProductIn(BaseModel):
    """One product of an import. Without `id` the id follows from the name, so that a second import finds it again."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{1,59}$")] | None = None
    name: Text200
    description: Annotated[str, StringConstraints(max_length=5000)] = ""
    category: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    image: Annotated[str, StringConstraints(max_length=200)] = ""
    price_minor: Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR // 10_000)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    stock: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
    on_sale: bool = True


class CatalogueIn(BaseModel):
    """A catalogue file: at most 5,000 products at a time."""

    model_config = ConfigDict(extra="forbid")

    products: Annotated[list[ProductIn], Field(min_length=1, max_length=5000)]
