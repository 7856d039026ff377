"""What the catalogue takes and gives over HTTP and in files."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kernel.money import MAX_AMOUNT_MINOR

MOST_PRODUCTS = 5000
Text200 = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


Language = Literal["en", "fi", "sv"]
ByLanguage = Annotated[dict[Language, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]], Field(description="Language -> text.")]
_PARTICULARS = {"allergens", "may_contain", "ingredients", "care", "also_called", "serves"}


class Allergen(StrEnum):
    """Those the European Union asks to be declared (regulation 1169/2011, annex II)."""

    GLUTEN = "gluten"
    CRUSTACEANS = "crustaceans"
    EGGS = "eggs"
    FISH = "fish"
    PEANUTS = "peanuts"
    SOYA = "soya"
    MILK = "milk"
    NUTS = "nuts"
    CELERY = "celery"
    MUSTARD = "mustard"
    SESAME = "sesame"
    SULPHITES = "sulphites"
    LUPIN = "lupin"
    MOLLUSCS = "molluscs"


Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{1,59}$")]
Category = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Picture = Annotated[str, StringConstraints(max_length=200)]
PriceMinor = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT_MINOR // 10_000)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Prices = Annotated[dict[Currency, PriceMinor], Field(max_length=20, description="Currency -> minor units, beside price_minor.")]
Units = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Sku = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)]
OptionName = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^\W\d_][\w -]{0,39}$")]
OptionValue = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Options = Annotated[dict[OptionName, OptionValue], Field(max_length=5, description="What one chooses: option -> value, as {\"size\": \"39\"}.")]
OWN_FACETS = frozenset({"category", "kind"})


class VariantIn(BaseModel):
    """One of several that a product is sold as. What is left out is the product's own."""

    model_config = ConfigDict(extra="forbid")

    id: Id | None = None
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    sku: Sku = ""
    options: Options = {}
    price_minor: PriceMinor | None = None
    prices: Prices | None = None
    stock: Units
    image: Picture | None = None
    on_sale: bool = True

    @property
    def label(self) -> str:
        """How it is told from its siblings."""
        return self.name or ", ".join(self.options.values()) or self.sku


class ProductIn(BaseModel):
    """One product of an import. Without `id` the id follows from the name, so that a second import finds it again. With `variants` these are sold,
    and `stock` and `sku` stand with each of them."""

    model_config = ConfigDict(extra="forbid")

    id: Id | None = None
    name: Text200
    description: Annotated[str, StringConstraints(max_length=5000)] = ""
    category: Category
    kind: Literal["physical", "digital", "service"] = "physical"
    image: Picture = ""
    images: Annotated[list[Picture], Field(max_length=20, description="Every picture, the first of which is shown in lists.")] = []
    price_minor: PriceMinor
    currency: Currency | None = None
    prices: Prices = {}
    stock: Units | None = None
    sku: Sku = ""
    options: Options = {}
    on_sale: bool = True
    variants: Annotated[list[VariantIn], Field(max_length=200)] = []
    allergens: Annotated[list[Allergen] | None, Field(max_length=14, description="Which of the fourteen it contains; left out: not declared, which is not none.")] = None
    may_contain: Annotated[list[Allergen] | None, Field(max_length=14, description="Of which there may be traces.")] = None
    ingredients: ByLanguage = {}
    care: ByLanguage = {}
    also_called: Annotated[list[Text200], Field(max_length=20, description="Other names people use, in any language.")] = []
    serves: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None

    def particulars(self) -> dict[str, Any] | None:
        """What is declared, as it is stored; None when nothing is."""
        return self.model_dump(mode="json", include=_PARTICULARS, exclude_defaults=True) or None

    @model_validator(mode="after")
    def _declared_together(self) -> "ProductIn":
        if (self.allergens is None) != (self.may_contain is None):
            raise ValueError("declare allergens and may_contain together, [] where there are none: half a declaration reads as a whole one")
        return self


    @model_validator(mode="after")
    def _stock_where_it_is_sold(self) -> "ProductIn":
        if (self.stock is None) == (not self.variants):
            raise ValueError("say stock of each variant, and none of the product itself" if self.variants else "say how many there are in stock, or name variants")
        labels = [variant.label.casefold() for variant in self.variants]
        if "" in labels or len(set(labels)) < len(labels):
            raise ValueError("each variant needs a name, options or a sku that no other one of this product has")
        taken = OWN_FACETS.intersection(self.options.keys() | {name for v in self.variants for name in v.options})
        if taken:
            raise ValueError(f"an option cannot be called {min(taken)}: that is asked for by itself")
        return self


class CategoryIn(BaseModel):
    """A category and the one it lies in."""

    model_config = ConfigDict(extra="forbid")

    name: Category
    parent: Category | None = None


class CatalogueIn(BaseModel):
    """A catalogue file: at most 5,000 products at a time."""

    model_config = ConfigDict(extra="forbid")

    categories: Annotated[list[CategoryIn], Field(max_length=1000)] = []
    products: Annotated[list[ProductIn], Field(min_length=1, max_length=MOST_PRODUCTS)]


class ShelfIn(BaseModel):
    """So many pieces of a product lie in a store."""

    model_config = ConfigDict(extra="forbid")

    place_id: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    product_id: Id
    units: Units
    aisle: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""


class ShelvesIn(BaseModel):
    """What lies in stores: at most 5,000 at a time; what is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    shelves: Annotated[list[ShelfIn], Field(min_length=1, max_length=5000)]
