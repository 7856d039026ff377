"""The parts of conversations, built once by the bootstrap. Owns nothing of its own; the roof holds them as `house.conversations`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.outbox import Envelope, Subscriptions
from app.privacy.contracts import ConsentChanged
from notifications.conversations import caring, needs
from notifications.conversations.asking import Adviser
from notifications.conversations.contracts import Way
from notifications.conversations.ports import Knowledge, LanguageModel
from notifications.conversations.settings import ConversationSettings
from notifications.conversations.suggesting import Advice
from storefront.contracts import OrderClosed, OrderState

if TYPE_CHECKING:
    from fastapi import Response

    from app.kernel.http import CommandCall, Stage


def _nobody() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Conversations:
    settings: ConversationSettings
    knowledge: Knowledge
    adviser: Adviser | None = None
    """The language model that is set up, if any."""
    wake: Callable[[], None] = _nobody
    """Says to whoever sends that something waits."""

    def advice(self, database: Database, shopper_id: str, text: str, *, way: Way = Way.APP, identity: str = "") -> Advice | None:
        """To be asked before the transaction in which she is heard: it may speak to the network."""
        if self.adviser is None:
            return None
        return self.adviser.advise(database, self.knowledge, shopper_id, text, way=way, identity=identity)

    def heard(self, call: CommandCall, shopper_id: str, text: str, work: Callable[[Session, Advice | None], Any], *, status: int = 200) -> Response:
        """Run `work` as the one transaction of a request. Where a model may be asked, the request is claimed before: its repeat is answered
        from what is stored, and asks nobody."""
        if self.adviser is None:
            return call.run(lambda session: work(session, None), status)

        def asked(stage: Stage) -> None:
            advice = self.advice(stage.database, shopper_id, text)
            with stage.database.transaction() as session:
                stage.finish(session, work(session, advice), status)

        return call.staged(asked)

    def close(self) -> None:
        if self.adviser is not None:
            self.adviser.model.close()

    def subscribe(self, subscriptions: Subscriptions) -> None:
        """What she let us remember goes with the consent it stood under; what is said of her things goes with them."""

        def obey(session: Session, event: ConsentChanged, _envelope: Envelope) -> None:
            if event.purpose == needs.PURPOSE and not event.granted:
                needs.forget(session, event.shopper_id)

        def given_back(session: Session, event: OrderClosed, _envelope: Envelope) -> None:
            if event.state == OrderState.REFUNDED:
                caring.take_back(session, event.order_id, session.info["clock"].now())

        subscriptions.on(ConsentChanged, consumer="conversations.obey", handler=obey)
        subscriptions.on(OrderClosed, consumer="conversations.given_back", handler=given_back)


def adviser(settings: ConversationSettings, model: LanguageModel | None = None) -> Adviser | None:
    """The model that is handed in, or the one the settings name; nobody, as a rule."""
    if model is None and settings.language_model_url:
        from notifications.conversations.adapters.chat_completions_gateway import (
            ChatCompletionsGateway,  # lazy: no HTTP library where nobody is asked
        )

        model = ChatCompletionsGateway(settings)
    return Adviser(model) if model is not None else None


def of(house: Any) -> Conversations:
    """The parts of a built house."""
    return cast("Conversations", house.conversations)
