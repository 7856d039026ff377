"""What the routes of addresses take and give.

Owns the shapes at the edge; whether an address fits its country is decided in formats.py.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.kernel.errors import Invalid
from app.security.contacts.facade import ContactKind
from app.security.contacts.facade import accepted as accepted_contact
from storefront.addresses.formats import Address, accepted, country_names
from storefront.addresses.repository import Kept

Text = Annotated[str, StringConstraints(max_length=200)]


class AddressIn(BaseModel):
    """An address as it is written in its country. `default` true makes it the one that counts; false leaves that as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    lines: Annotated[list[Text], Field(min_length=1, max_length=3, description="Street and house number, in one to three lines.")]
    postcode: Text = ""
    city: Text = ""
    region: Annotated[str, StringConstraints(max_length=200), Field(description="State or province, where the country has one.")] = ""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$"), Field(description="ISO 3166-1, two letters.")]
    phone: Annotated[str, StringConstraints(max_length=40), Field(description="For the driver, with the country code; may be left out.")] = ""
    default: bool = False

    def address(self) -> Address:
        """Raises `Invalid` naming each wrong field."""
        return accepted(
            name=self.name, lines=self.lines, postcode=self.postcode, city=self.city, region=self.region, country=self.country, phone=accepted_phone(self.phone)
        )


class AddressOut(BaseModel):
    """`text` is the address as it stands on a label."""

    id: str
    name: str
    lines: tuple[str, ...]
    postcode: str
    city: str
    region: str
    country: str
    country_name: str
    phone: str
    default: bool
    text: tuple[str, ...]


def accepted_phone(typed: str) -> str:
    """E.164, or nothing. Raises `Invalid` naming `phone`."""
    if not typed.strip():
        return ""
    try:
        return accepted_contact(ContactKind.PHONE, typed)
    except Invalid as wrong:
        raise Invalid.field("phone", wrong.fields[0].remedy) from None


def address_out(kept: Kept) -> AddressOut:
    a = kept.address
    return AddressOut(
        id=kept.id, name=a.name, lines=a.lines, postcode=a.postcode, city=a.city, region=a.region, country=a.country,
        country_name=country_names()[a.country], phone=a.phone, default=kept.default, text=kept.text,
    )  # fmt: skip
