"""Reading the tables of `offers`, and the views made of their rows.

Owns queries and row -> view. Must not move a state (issuance, redemption, campaigns do) and must not decide.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import and_, bindparam, or_, select, tuple_
from sqlalchemy.orm import Session

from app.kernel.db import Instant, prepared
from app.security import people, sealing, vault
from offers import chunks, codes, experiment, explanation, phrases, schemas
from offers.chunks import Given
from offers.contracts import CampaignFigures, CampaignView, CouponState, CouponView, DecisionView
from offers.decision import result_from
from offers.definition import BenefitKind, Definition, definition_from
from offers.models import (
    Campaign,
    CampaignVersion,
    Counter,
    CouponRow,
    Decision,
    Redemption,
)
from offers.reasons import Audience

SEALED_AS = "offers_coupon_code"


@lru_cache(maxsize=4096)
def parsed(definition_json: str) -> Definition:
    """Versions never change, so their text is parsed once."""
    return definition_from(json.loads(definition_json))


def code_hash(code: str) -> str:
    """How a canonical code is looked up: keyed, so that the table alone finds nothing."""
    return sealing.keyed_hash(SEALED_AS, code)


# --- campaigns --------------------------------------------------------------------------------------------------------


def campaign_row(session: Session, campaign_id: str) -> Campaign | None:
    return session.execute(
        select(Campaign).where(Campaign.id == campaign_id).execution_options(populate_existing=True)
    ).scalar_one_or_none()


def budget_minor(session: Session, campaign_id: str) -> int | None:
    """What the campaign may give away by the version in force; None: as much as it likes."""
    campaign = campaign_row(session, campaign_id)
    in_force = definition(session, campaign_id, campaign.version) if campaign is not None else None
    return in_force.budget_minor if in_force is not None else None


def definition(session: Session, campaign_id: str, version: int) -> Definition | None:
    text = session.scalar(
        select(CampaignVersion.definition).where(
            CampaignVersion.campaign_id == campaign_id, CampaignVersion.version == version
        )
    )
    return parsed(text) if text is not None else None


def terms_of(session: Session, row: CouponRow) -> Definition | None:
    """The campaign as this coupon promises it: the version it was given by, in the variant it was drawn."""
    found = definition(session, row.campaign_id, row.campaign_version)
    return experiment.named(found, row.variant) if found is not None else None


def most_minor(session: Session, row: CouponRow) -> int | None:
    """What one use of this coupon takes off at most: its bound, else its face; None has no bound."""
    if row.bound_minor is not None:
        return row.bound_minor
    terms = terms_of(session, row)
    return terms.benefit.amount_minor if terms is not None and terms.benefit.kind is BenefitKind.AMOUNT else None


def given(session: Session, campaign_id: str) -> Given | None:
    """What the campaign has given by now; None where there is no such campaign."""
    in_chunks, told = chunks.given([campaign_id])
    joined = select(*told).outerjoin_from(Counter, in_chunks, in_chunks.c.campaign_id == Counter.campaign_id)
    row = session.execute(joined.where(Counter.campaign_id == campaign_id)).first()
    return Given(*row) if row is not None else None


def owner(session: Session, row: CouponRow) -> str:
    """Whose it is today: a coupon given before she signed in goes with her."""
    return people.known_as(session, [row.shopper_id])[row.shopper_id]


def given_since(
    session: Session, shopper_ids: Sequence[str], windows_s: Mapping[str, int], at: datetime
) -> dict[str, int]:
    """Coupons given to her within each campaign's window (id -> seconds), without the revoked ones."""
    if not windows_s:
        return {}
    since = at - timedelta(seconds=max(windows_s.values()))
    given = dict.fromkeys(windows_s, 0)
    for campaign_id, issued_at in prepared(session, _GIVEN_SINCE, {"ids": list(shopper_ids), "since": since}):
        if campaign_id in given:
            given[campaign_id] += issued_at > at - timedelta(seconds=windows_s[campaign_id])
    return given


_GIVEN_SINCE = select(CouponRow.campaign_id, CouponRow.issued_at).where(
    CouponRow.shopper_id.in_(bindparam("ids", expanding=True)),
    CouponRow.issued_at > bindparam("since", type_=Instant),
    CouponRow.state != CouponState.REVOKED,
)


def campaign_views(session: Session, campaign_id: str | None = None, *, limit: int = 500) -> list[CampaignView]:
    in_chunks, told = chunks.given(None if campaign_id is None else [campaign_id])
    statement = (
        select(Campaign, CampaignVersion.definition, *told)
        .join(
            CampaignVersion,
            and_(CampaignVersion.campaign_id == Campaign.id, CampaignVersion.version == Campaign.version),
        )
        .join(Counter, Counter.campaign_id == Campaign.id)
        .outerjoin(in_chunks, in_chunks.c.campaign_id == Campaign.id)
        .order_by(Campaign.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    if campaign_id is not None:
        statement = statement.where(Campaign.id == campaign_id)
    out: list[CampaignView] = []
    for campaign, text, *row in session.execute(statement):
        defined, given = parsed(text), Given(*row)
        figures = CampaignFigures(
            given.issued,
            given.redeemed,
            given.revoked,
            given.budget_reserved_minor,
            given.budget_spent_minor,
            defined.budget_minor,
            defined.currency,
        )
        benefit = phrases.benefit_text(defined.benefit, defined.currency)
        out.append(
            CampaignView(
                campaign.id,
                campaign.name,
                campaign.state,
                campaign.version,
                defined.title,
                benefit,
                schemas.document_of(defined),
                figures,
                campaign.created_at,
                campaign.changed_at,
                campaign.submitted_by,
                campaign.submitted_at,
                campaign.approved_version,
                campaign.approved_by,
                campaign.approved_at,
            )
        )
    return out


# --- decisions --------------------------------------------------------------------------------------------------------


def decision_row(session: Session, decision_id: str) -> Decision | None:
    return session.get(Decision, decision_id)


def decision_rows(
    session: Session,
    *,
    shopper_id: str | None = None,
    campaign_id: str | None = None,
    moment_id: str | None = None,
    outcome: str | None = None,
    limit: int = 100,
) -> list[Decision]:
    """Newest first; all filters given must hold."""
    d = Decision
    wanted = ((d.campaign_id, campaign_id), (d.moment_id, moment_id), (d.outcome, outcome))
    statement = select(d).order_by(d.decided_at.desc(), d.id.desc()).limit(limit)
    if shopper_id is not None:
        statement = statement.where(d.shopper_id.in_(people.same_person(session, shopper_id)))
    for column, value in wanted:
        if value is not None:
            statement = statement.where(column == value)
    return list(session.scalars(statement))


def names_of(session: Session, versions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Definition]:
    keys = sorted(set(versions))
    if not keys:
        return {}
    v = CampaignVersion
    rows = session.execute(
        select(v.campaign_id, v.version, v.definition).where(tuple_(v.campaign_id, v.version).in_(keys))
    )
    return {(cid, version): parsed(text) for cid, version, text in rows}


def decision_views(session: Session, rows: Sequence[Decision], audience: Audience) -> list[DecisionView]:
    owners = people.known_as(session, {row.shopper_id for row in rows})
    definitions = names_of(session, ((row.campaign_id, row.campaign_version) for row in rows))
    out: list[DecisionView] = []
    for row in rows:
        reasons = tuple(explanation.reason(w, audience) for w in result_from(row.result).reasons)
        name = definitions[row.campaign_id, row.campaign_version].name
        out.append(
            DecisionView(
                row.id,
                row.moment_id,
                row.campaign_id,
                row.campaign_version,
                name,
                owners[row.shopper_id],
                row.place_id,
                row.outcome,
                reasons,
                row.coupon_id,
                row.decided_at,
            )
        )
    return out


# --- coupons ----------------------------------------------------------------------------------------------------------


def coupon_row(session: Session, coupon_id: str) -> CouponRow | None:
    """As it is now, not as this session saw it before."""
    return session.execute(_BY_ID, {"coupon_id": coupon_id}).scalar_one_or_none()


_BY_ID = select(CouponRow).where(CouponRow.id == bindparam("coupon_id")).execution_options(populate_existing=True)


def coupon_origins(session: Session, coupon_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Of each that there is, the ids of the moment and the campaign it came from."""
    rows = prepared(session, _ORIGINS, {"coupon_ids": list(coupon_ids)})
    return {row.id: (row.moment_id, row.campaign_id) for row in rows}


_ORIGINS = select(CouponRow.id, CouponRow.moment_id, CouponRow.campaign_id).where(CouponRow.id.in_(bindparam("coupon_ids", expanding=True)))


def coupon_row_by_code(session: Session, code: str) -> CouponRow | None:
    """`code` canonical (offers.codes.normalise)."""
    return session.execute(_BY_CODE, {"code_hash": code_hash(code)}).scalar_one_or_none()


_BY_CODE = select(CouponRow).where(CouponRow.code_hash == bindparam("code_hash")).execution_options(populate_existing=True)


def coupons_of(session: Session, shopper_id: str, *, since: datetime, limit: int = 200) -> list[CouponRow]:
    """The wallet: the living ones first by their end, then what has happened since `since`."""
    c = CouponRow
    rows = session.scalars(
        select(c)
        .where(
            c.shopper_id.in_(people.same_person(session, shopper_id)),
            or_(c.state.in_((CouponState.ISSUED, CouponState.RESERVED)), c.changed_at >= since),
        )
        .order_by(c.issued_at.desc(), c.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    alive = (CouponState.ISSUED, CouponState.RESERVED)
    return sorted(
        rows,
        key=lambda row: (
            row.state not in alive,
            row.expires_at.timestamp() if row.state in alive else -row.changed_at.timestamp(),
            row.number,
        ),
    )


def free_of(session: Session, decision_id: str, at: datetime) -> list[CouponRow]:
    """What can still be used of the book of an offer, in order."""
    c = CouponRow
    rows = select(c).where(c.decision_id == decision_id, c.state == CouponState.ISSUED, c.expires_at > at).order_by(c.number)
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def standing_redemptions(session: Session, coupons: Sequence[CouponRow]) -> dict[str, Redemption]:
    """The redemption in force per coupon id."""
    ids = [c.redemption_id for c in coupons if c.redemption_id is not None]
    if not ids:
        return {}
    return {
        r.coupon_id: r
        for r in session.scalars(
            select(Redemption).where(Redemption.id.in_(ids)).execution_options(populate_existing=True)
        )
    }


def _codes_of(rows: Sequence[CouponRow]) -> dict[str, str]:
    """The code of each coupon by its id; none of those whose owner was erased."""
    held = [row for row in rows if row.code_sealed]
    opened = vault.open_each(SEALED_AS, [(row.code_sealed, row.id.encode()) for row in held])
    return {row.id: codes.shown(code.decode()) for row, code in zip(held, opened, strict=True) if code is not None}


def coupon_views(session: Session, rows: Sequence[CouponRow], *, with_code: bool = True) -> list[CouponView]:
    uses = standing_redemptions(session, rows)
    owners = people.known_as(session, {row.shopper_id for row in rows})
    shown = _codes_of(rows) if with_code else {}
    out: list[CouponView] = []
    for row in rows:
        use = uses.get(row.id)
        out.append(
            CouponView(
                id=row.id,
                code=shown.get(row.id, ""),
                state=CouponState(row.state),
                campaign_id=row.campaign_id,
                decision_id=row.decision_id,
                moment_id=row.moment_id,
                shopper_id=owners[row.shopper_id],
                place_ids=tuple(row.place_ids),
                title=row.title,
                benefit_text=row.benefit_text,
                terms_text=row.terms_text,
                issued_at=row.issued_at,
                expires_at=row.expires_at,
                redeemed_at=use.redeemed_at if use else None,
                redeemed_place_id=use.place_id if use else None,
                order_id=row.order_id,
                number=row.number,
            )
        )
    return out
