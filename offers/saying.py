"""What a campaign says about one coupon, with what may be filled in; and the same with values as they may be, to look at beforehand.

Owns looking it up: the texts are those of the version that decided, in the form this shopper drew. Must not fill them in for anybody:
notifications does, which knows her language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import UnsetType
from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from offers import decision, experiment, repository, schedule, schemas
from offers.conditions import Inputs
from offers.definition import Definition
from offers.errors import NoSuchCampaign
from offers.message import CampaignMessage, CouponMessage, MessageExample
from offers.message_values import example_of, values_of
from offers.outside import outlook
from offers.outside.outlook import DayForecast


def about(session: Session, decision_id: str, *, at: datetime, ends: datetime) -> CouponMessage | None:
    """None where the campaign says nothing of its own."""
    row = repository.decision_row(session, decision_id)
    definition = repository.definition(session, row.campaign_id, row.campaign_version) if row is not None else None
    if row is None or definition is None or definition.message is None:
        return None
    inputs = decision.record_from(row.record).inputs
    drawn = experiment.as_drawn(definition, inputs.draw)
    zone = schedule.zone(inputs.place.timezone) or schedule.zone("UTC")
    assert zone is not None
    values = values_of(drawn, place_name=inputs.place.name, zone=zone, nth_visit=inputs.moment.nth_visit, at=at, ends=ends, day=_day(definition, inputs))
    return CouponMessage(definition.message, values)


def _day(definition: Definition, inputs: Inputs) -> DayForecast | None:
    """Whose weather it was given for, by what the decision knew."""
    known = inputs.outside
    return outlook.weather(definition.weather, known).day if definition.weather and not isinstance(known, UnsetType) else None


def example(definition: Definition, at: datetime) -> MessageExample:
    """What a preview is made of; a campaign without texts of its own says its headline and what it gives."""
    values = example_of(definition, at)
    body = f"{values['offer']} at {values['place']}"
    return MessageExample(CouponMessage(definition.message or CampaignMessage(), values), definition.name, definition.title, body, at + timedelta(seconds=definition.coupon.valid_for_s))


def example_of_campaign(session: Session, campaign_id: str, at: datetime) -> MessageExample:
    """Of the newest version. Raises NoSuchCampaign (404)."""
    row = repository.campaign_row(session, campaign_id)
    definition = repository.definition(session, campaign_id, row.version) if row is not None else None
    if definition is None:
        raise NoSuchCampaign()
    return example(definition, at)


def example_of_document(document: Mapping[str, Any], at: datetime) -> MessageExample:
    """Of a campaign that is still being written. Raises Invalid (422), naming what is wrong."""
    return example(schemas.checked(document), at)


def filled(message: CouponMessage, language: str, part: str, values: Mapping[str, object]) -> str | Fail:
    """One part of the message (title, body, sms, subject, html) in one of its languages; `values` go before its own. Raises nothing."""
    from offers.message_texts import filled as fill  # lazy: the template language costs a third of a second

    text = message.message.text(language)
    return fill(text, part, {**message.values, **values}) if text is not None else ""
