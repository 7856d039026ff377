"""The door of reviews within the storefront's: what pages and commands may ask of them. Owns the list alone."""

from storefront.reasons import sentence
from storefront.reviews.moderating import approve, reject, reply
from storefront.reviews.repository import hers, published, queue, ratings, waiting
from storefront.reviews.rules import CAUSES, NAME_MOST_CHARS, TEXT_MOST_CHARS, ShownAs, rating
from storefront.reviews.writing import Said, remove, report, write

__all__ = ["CAUSES", "NAME_MOST_CHARS", "TEXT_MOST_CHARS", "Said", "ShownAs", "approve", "hers", "published", "queue", "rating", "ratings", "reject", "remove", "reply", "report", "sentence", "waiting", "write"]
