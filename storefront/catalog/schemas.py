"""What the catalogue takes and gives over HTTP and in files."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kernel.money import MAX_AMOUNT_MINOR

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


class CatalogueIn(BaseModel):
    """A catalogue file: at most 5,000 products at a time."""

    model_config = ConfigDict(extra="forbid")

    products: Annotated[list[ProductIn], Field(min_length=1, max_length=5000)]
