"""What kind of data a column holds: categories of the Fideslang taxonomy, each in words a shopper understands.

Owns the categories we use and how a room's tags are read. Must not know any room's tables: each room tags its own columns in its
`data_tags.py`, bootstrap registers them, and tests/architecture fails on a column without exactly one tag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Tags = Mapping[str, Mapping[str, str]]
"""Table -> category -> its columns, with spaces between."""

CATEGORIES: dict[str, str] = {
    "system.authentication": "keys of other machines",
    "system.operations": "what keeps our own works going",
    "user.authorization.credentials": "what proves that it is you: tokens and codes, sealed or as hashes",
    "user.authorization.password": "your password, as a hash",
    "user.behavior": "what you did and when: visits, messages read, phones used",
    "user.behavior.purchase_history": "what you kept for later, put into the cart, bought and gave back",
    "user.contact": "how we reach you: an address or a number",
    "user.contact.address": "where you live, or want things brought to",
    "user.contact.email": "your e-mail address",
    "user.contact.phone_number": "your phone number",
    "user.content.private": "what was written to you",
    "user.content.public": "what you wrote for others to read",
    "user.demographic.age_range": "whether you are under age",
    "user.demographic.profile": "which offers were weighed for you, and what you wished fewer of",
    "user.device": "what kind of phone or browser you use",
    "user.device.device_id": "by which number your phone is known to us",
    "user.location.imprecise": "roughly where you were (over 500 m)",
    "user.location.precise": "where you were, within 500 m, and in which shop",
    "user.name": "your name",
    "user.payment": "how a payment went; never a card number",
    "user.privacy_preferences": "what you agreed to and what not",
    "user.unique_id": "by what kind of thing two accounts would be known as one person",
    "user.unique_id.pseudonymous": "a random number or hash that stands for you",
    "user.user_sensor": "what your phone measured",
    "user.workplace": "who of the staff did it",
}
"""Key of the Fideslang taxonomy -> what it is, in plain words. A new one is added here; the tests know the whole taxonomy."""


def is_personal(category: str) -> bool:
    """Whether the category is about a shopper. Who of the staff did something is kept for the record and is no use of her data."""
    return category.startswith("user.") and category != "user.workplace"


def tagged(tags: Tags) -> Iterator[tuple[str, str, str]]:
    """(table, column, category) for each tag, in the order written."""
    for table, categories in tags.items():
        for category, columns in categories.items():
            for column in columns.split():
                yield table, column, category


_registered: dict[str, Mapping[str, str]] = {}


def register_tags(tags: Tags) -> None:
    """Called by bootstrap for each room. The same table again replaces."""
    _registered.update(tags)


def registered_tags() -> Tags:
    return dict(_registered)
