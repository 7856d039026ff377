"""Named errors of support. Owns names and statuses."""

from __future__ import annotations

from app.kernel.errors import Conflict, NotFound


class UnknownCase(NotFound):
    """There is no such case of yours."""

    code = "case_unknown"


class UnknownMatter(NotFound):
    """What the case should be about is not there, or not hers: name one of her orders, visits, offers, coupons or conversations."""

    code = "case_matter_unknown"


class CaseNotThere(Conflict):
    """This step does not lead on from where the case stands; `reason` says why. Look at it again."""

    code = "case_not_there"


class CaseNotToClaim(Conflict):
    """This case is closed, or somebody else has taken it; look at the queue again."""

    code = "case_not_to_claim"


class CaseNotClaimed(Conflict):
    """You have not taken this case; claim it first."""

    code = "case_not_claimed"


class CaseNotToMerge(Conflict):
    """Only two cases of the same shopper become one, and only while neither is closed."""

    code = "case_not_to_merge"


class CaseNotToRate(Conflict):
    """This case is not to be rated: it is not solved, it was rated before, or it is too long ago."""

    code = "case_not_to_rate"
