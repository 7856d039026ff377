"""Named errors of conversations. Owns names and statuses."""

from __future__ import annotations

from app.kernel.errors import Conflict, NotFound


class UnknownConversation(NotFound):
    """There is no such conversation of yours."""

    code = "conversation_unknown"


class NothingProposed(Conflict):
    """Nothing is proposed in this conversation at the moment; ask for something first."""

    code = "nothing_proposed"


class UnknownFaq(NotFound):
    """There is no such entry of the FAQ."""

    code = "faq_unknown"


class FaqChanged(Conflict):
    """Somebody has changed or removed this entry since you read it; read it again."""

    code = "faq_changed"


class NotToClaim(Conflict):
    """This conversation does not wait for a person any more, or somebody else has taken it; look at the queue again."""

    code = "conversation_not_to_claim"


class NotClaimed(Conflict):
    """You have not taken this conversation; claim it first."""

    code = "conversation_not_claimed"
