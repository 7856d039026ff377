"""The words of how the shop earns, and of what is sponsored: English here, the other languages in gettext catalogues beside it.

Pure. Owns the words. Names of partners are theirs and not ours to translate.
"""

from __future__ import annotations

from storefront.phrasebook import THERE, Phrasebook, spoken

__all__ = ["PHRASES", "THERE", "say", "spoken", "text_of"]

PHRASES: dict[str, str] = {
    "label": "Sponsored",
    "why": "{partner} pays for this to stand here. It was chosen by what this page is about, not by who or where you are.",
    "why.link": "Why you see this",
    "page.title": "How we earn",
    "page.lead": "What this shop lives on, in plain words, as it is today.",
    "sales.title": "What we sell",
    "sales.text": "We earn when you buy. You pay the price on the page, whoever made the goods.",
    "commission.title": "Commission from partners",
    "commission.text": "Some goods belong to partners. When you buy and keep them, the partner pays us a share of what you paid. It costs you nothing more, and it does not change where goods stand in a list.",
    "commission.now": "Partners who pay us a commission today: {partners}.",
    "commission.none": "No partner pays us a commission today.",
    "sponsored.title": "Sponsored products",
    "sponsored.text": "A partner can pay for a product to stand above a list or under a product. It always says “{label}”, there is never more than one, and nothing else moves for it. It is chosen by what the page is about: a category, a word that is searched for, a product. Nothing about you is used for it.",
    "sponsored.now": "Partners who pay for a place today: {partners}.",
    "sponsored.none": "Nothing is sponsored today.",
    "sponsored.count": "You see the same one a few times a day at most. We count that under a mark that changes every day and is gone after two days. The partner gets numbers, never names.",
    "sponsored.off": "If you say no to “Offers that fit” under Me, you see nothing sponsored.",
    "not.title": "What we do not do",
    "not.location": "We do not sell where you are, and no partner is told. No commission and nothing sponsored depends on your location.",
    "not.data": "We do not sell data about you. Partners get sums: how much was sold, shown and opened.",
    "not.order": "Nobody can pay to be found further up.",
    "licence.title": "Licences",
    "licence.text": "The software behind this shop may be paid for by how much it is used: how many messages, coupons and orders there were in a day. Those are numbers, without anybody’s name.",
    "choices": "Your choices are under Me",
}

_BOOK = Phrasebook("storefront.revenue", PHRASES)
say, text_of = _BOOK.say, _BOOK.text_of
