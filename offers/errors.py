"""Named errors of the room `offers`: each owns its status and code; its message says when, where and what to do.

Must not carry a code of a coupon in the message.
"""

from __future__ import annotations

from app.kernel.errors import AppError, Conflict, Forbidden, NotFound


class UnknownCode(NotFound):
    """No coupon has this code. Ask the shopper to open the coupon in the wallet and scan it again."""

    code = "code_unknown"


class CodeMistyped(AppError):
    """A character is mistyped: a code has 16 letters and digits. Please read it once more."""

    status = 422
    code = "code_mistyped"


class ScanRefused(AppError):
    """What was scanned is not taken; the detail says why, and `reason` in a documented code."""

    status = 422
    code = "scan_refused"


class CouponAlreadyRedeemed(Conflict):
    """This coupon has already been used; the detail says when and where."""

    code = "coupon_already_redeemed"


class CouponReserved(Conflict):
    """This coupon is part of an unfinished online order. The shopper can cancel that order to use it here."""

    code = "coupon_reserved"


class CouponFrozen(Conflict):
    """This coupon waits: its holder is asked to confirm on her phone that it is she."""

    code = "device_standing"


class CouponExpired(AppError):
    """This coupon has expired."""

    status = 410
    code = "coupon_expired"


class CouponRevoked(AppError):
    """This coupon was withdrawn and cannot be used any more."""

    status = 410
    code = "coupon_revoked"


class CouponNotForHere(Conflict):
    """This coupon is for another store; the shopper's coupon lists which."""

    code = "place_not_covered"


class CouponNotNow(Conflict):
    """This coupon cannot be used here and now; the detail says why."""

    code = "coupon_not_now"


class UndoTooLate(Conflict):
    """The minute to undo has passed; the redemption stands."""

    code = "undo_too_late"


class AlreadyUndone(Conflict):
    """This redemption has already been undone."""

    code = "already_undone"


class NotYourRedemption(Forbidden):
    """Only the clerk who redeemed a coupon can undo it."""

    code = "not_your_redemption"


class NotYourStore(Forbidden):
    """You can redeem coupons only for a store you work at."""

    code = "not_your_store"


class CampaignNotInState(Conflict):
    """The campaign is not in a state that allows this; the detail says which it is in."""

    code = "campaign_state"


class CampaignNotApproved(Conflict):
    """Another person has to approve this version before it goes live. Send it for review."""

    code = "campaign_not_approved"


class CampaignAtSensitivePlace(AppError):
    """The campaign would offer something near a sensitive place, where nothing may happen; name other places."""

    status = 422
    code = "sensitive_place"


class ApprovedByAnother(Forbidden):
    """You wrote this version or sent it for review; another person has to approve it."""

    code = "approved_by_another"


class CampaignFileOutdated(Conflict):
    """A campaign was changed after the file was exported; export it again and put your changes in."""

    code = "campaign_file_outdated"


class NoSuchVersion(NotFound):
    """The campaign has no such version; its history lists them."""

    code = "no_such_version"


class NoSuchCampaign(NotFound):
    """There is no campaign with this id."""

    code = "no_such_campaign"


class NoSuchDecision(NotFound):
    """No decision belongs to this id. Ask with the id of a decision, a coupon, a redemption or a moment."""

    code = "no_such_decision"


class NoSuchCoupon(NotFound):
    """There is no coupon with this id, or it is not yours."""

    code = "no_such_coupon"


class CouponNotLive(Conflict):
    """This coupon cannot be shown as a live code: it is not to be used now, or covers more stores than a code can name."""

    code = "coupon_not_live"


class NoSuchRedemption(NotFound):
    """There is no redemption with this id."""

    code = "no_such_redemption"


class NoSuchTill(NotFound):
    """There is no till with this id in this store. Fetch a bundle without a till id: it makes a new one."""

    code = "no_such_till"


class JournalBroken(Conflict):
    """The journal does not continue where it is known here: an entry is missing or was changed. `seq` names it; send from `expected_seq`."""

    code = "journal_broken"


class JournalForked(Conflict):
    """An entry that is known here comes again with other content: two browsers write as the same till. Fetch a new till's bundle."""

    code = "journal_forked"
