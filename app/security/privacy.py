"""What app/security holds about a shopper: her devices, sessions, account and sign-in links.

Owns export and erasure of its own tables, and for how long they keep their rows. app/privacy/privacy.py registers
them: this floor may not import that one. Must not export a hash: it would help nobody but a thief.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, select
from sqlalchemy.orm import Session

from app.security.accounts import email_of
from app.security.models import DeviceRow, JoinRow, LoginLinkRow, PersonRow, SessionRow, ShopperRow
from app.security.shoppers import NAME_SEALED_AS
from app.security.vault import open_each

TABLES = ("security_shopper", "security_person", "security_device", "security_session", "security_login_link", "security_join")

DAY_S = 86_400

RETENTION: tuple[tuple[str, str, int | None, str], ...] = (
    ("security_shopper", "created_at", None, "Who you are to us; kept until you delete your data."),
    ("security_person", "created_at", None, "Your e-mail address and password hash; kept until you delete your data."),
    ("security_device", "created_at", None, "The phones and browsers you use; kept until you delete your data."),
    ("security_session", "expires_at", 30 * DAY_S, "Ended sessions are kept thirty days, to look into misuse."),
    ("security_login_link", "expires_at", 30 * DAY_S, "Used and expired sign-in links are kept thirty days, to look into misuse."),
    ("security_join", "at", 30 * DAY_S, "What went with you when you signed in is kept thirty days, to be shown to you."),
    ("security_challenge", "expires_at", DAY_S, "Answered and unanswered challenges are kept a day; they name nobody."),
    ("security_seen", "expires_at", 60, "Names of requests that count once are kept until they could not come again; they say nothing about anybody."),
    ("security_limit", "updated_at", DAY_S, "Counters of tries are kept a day; they hold no address that can be read."),
    ("security_policy_decision", "at", 90 * DAY_S, "What was allowed or refused to you and why; kept ninety days."),
    ("security_audit", "at", None, "Who looked at your data and who changed what. It names nobody and its entries hang together, so it is kept."),
)
"""(table, column, seconds kept or None, why)."""


def export_shopper(session: Session, shopper_id: str) -> dict[str, Any]:
    """Devices, sessions, links and account of one shopper id, as plain JSON values."""
    shopper = session.scalars(select(ShopperRow).where(ShopperRow.id == shopper_id)).one_or_none()
    account = session.scalars(select(PersonRow).where(PersonRow.shopper_id == shopper_id)).one_or_none()
    devices = session.scalars(select(DeviceRow).where(DeviceRow.shopper_id == shopper_id).order_by(DeviceRow.id))
    sessions = session.scalars(select(SessionRow).where(SessionRow.shopper_id == shopper_id).order_by(SessionRow.id))
    links = session.scalars(select(LoginLinkRow).where(LoginLinkRow.shopper_id == shopper_id).order_by(LoginLinkRow.id))
    joined = session.scalars(select(JoinRow).where(JoinRow.shopper_id == shopper_id).order_by(JoinRow.at, JoinRow.id))
    return {
        "shopper": {"id": shopper.id, "created_at": shopper.created_at, "joined_into": shopper.joined_into_shopper_id, "frozen_why": shopper.frozen_why, "frozen_at": shopper.frozen_at} if shopper else None,
        "account": {"id": account.id, "email": email_of(account), "name": account.name, "created_at": account.created_at} if account else None,
        "devices": [
            {"id": d.id, "name": _name_of(d), "platform": d.platform, "has_key": d.key_thumbprint is not None, "frozen_why": d.frozen_why, "told_at": d.told_at, "created_at": d.created_at, "last_seen_at": d.last_seen_at, "revoked_at": d.revoked_at,
             "password_at": d.password_at, "passkey_at": d.passkey_at}
            for d in devices
        ],
        "sessions": [
            {"id": s.id, "device_id": s.device_id, "created_at": s.created_at, "expires_at": s.expires_at, "revoked_at": s.revoked_at,
             "password_at": s.password_at, "passkey_at": s.passkey_at, "has_key": s.key_thumbprint is not None, "key_seen_at": s.key_seen_at}
            for s in sessions
        ],
        "sign_in_links": [{"id": link.id, "created_at": link.created_at, "expires_at": link.expires_at, "used_at": link.used_at} for link in links],
        "joined": [{"at": one.at, "told": one.told} for one in joined],
    }


def _name_of(device: DeviceRow) -> str | None:
    if device.name_sealed is None:
        return None
    (opened,) = open_each(NAME_SEALED_AS, [(device.name_sealed, device.id.encode())])
    return opened.decode() if opened is not None else None


def erase_shopper(session: Session, shopper_id: str) -> int:
    """Delete everything of one shopper id; with the device and session rows every token stops working at once."""
    conditions = (
        (SessionRow, SessionRow.shopper_id == shopper_id),
        (DeviceRow, DeviceRow.shopper_id == shopper_id),
        (LoginLinkRow, LoginLinkRow.shopper_id == shopper_id),
        (PersonRow, PersonRow.shopper_id == shopper_id),
        (JoinRow, or_(JoinRow.shopper_id == shopper_id, JoinRow.from_shopper_id == shopper_id)),
        (ShopperRow, or_(ShopperRow.id == shopper_id, ShopperRow.joined_into_shopper_id == shopper_id)),
    )
    statements = [delete(model).where(condition).execution_options(synchronize_session=False) for model, condition in conditions]
    return sum(cast("CursorResult[Any]", session.execute(statement)).rowcount for statement in statements)
