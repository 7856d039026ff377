"""What happens when a passkey is made or shown: the challenge is used up, the answer is checked, the result is kept.

Owns the order of the three. The challenge is used up in a transaction of its own, before anything is checked, so that a wrong
answer costs its challenge too; checking a signature happens outside any transaction. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.logs import get_logger
from app.security import challenges, stepup
from app.security.accounts import account_of_shopper, person
from app.security.devices import freezing
from app.security.errors import PolicyRefused
from app.security.passkeys import ceremonies, keeping
from app.security.passkeys.errors import ChallengeOver, PasskeyRefused, PasskeySuspect
from app.security.passkeys.keeping import PasskeyView
from app.security.passkeys.relying_party import RelyingParty
from app.security.policies.contracts import Acr
from app.security.principals import Principal, Role
from app.security.reasons import REASONS

log = get_logger(__name__)

MAKING, SHOWING = "passkey_making", "passkey_showing"


def begin_making(database: Database, principal: Principal, party: RelyingParty, *, ttl_s: int, fresh_s: int) -> dict[str, Any]:
    """Options for a new passkey. Whoever has a stronger proof already must have shown it within `fresh_s`: a thief of a
    session must not make a way back in for himself. Raises StepUpNeeded 401."""
    with database.transaction() as session:
        at = database.clock.now()
        known = keeping.of(session, principal)
        _must_be_her(session, principal, bool(known), fresh_s)
        challenge = challenges.issue(session, MAKING, challenges.asker(principal), at=at, ttl_s=ttl_s)
        account = _account(session, principal)
    name = (account.email or account.name if account else "") or "Mobile Moments"
    return ceremonies.making_options(
        party, challenge, user_id=keeping.user_handle(principal), user_name=name, known=[row.credential_id for row in known], timeout_s=ttl_s
    )


def finish_making(database: Database, principal: Principal, party: RelyingParty, credential: Mapping[str, Any], name: str, *, fresh_s: int) -> PasskeyView:
    """Keep what the authenticator made; making one is proof that she was there. Raises ChallengeOver 409, PasskeyRefused 422,
    PasskeyKnown 409, TooManyPasskeys 409, StepUpNeeded 401."""
    challenge = _used_up(database, MAKING, ceremonies.challenge_of(credential), challenges.asker(principal))
    made = ceremonies.made(party, credential, challenge)
    with database.transaction() as session:
        at = database.clock.now()
        _must_be_her(session, principal, keeping.has_any(session, principal), fresh_s)
        kept = keeping.add(session, principal, made, name, at=at)
        stepup.note(session, principal, Acr.PASSKEY, at)
    return kept


def begin_showing(database: Database, asker: str, party: RelyingParty, *, ttl_s: int) -> dict[str, Any]:
    """Options for showing any passkey of ours; nobody says who she is."""
    with database.transaction() as session:
        challenge = challenges.issue(session, SHOWING, asker, at=database.clock.now(), ttl_s=ttl_s)
    return ceremonies.showing_options(party, challenge, timeout_s=ttl_s)


def shown_by(database: Database, asker: str, party: RelyingParty, credential: Mapping[str, Any]) -> Principal:
    """Whose passkey was shown (a shopper, or a person of staff without the role). Raises ChallengeOver 409,
    PasskeyRefused 422, PasskeySuspect 403."""
    shown = ceremonies.shown(credential)
    challenge = _used_up(database, SHOWING, shown.challenge, asker)
    with database.reading() as session:
        known = keeping.find(session, shown.credential_id)
    if known is None:
        raise PasskeyRefused
    if known.suspect:
        raise PasskeySuspect
    says = ceremonies.checked(party, credential, challenge, known.public_key)
    with database.transaction() as session:
        at = database.clock.now()
        counted = keeping.count_up(session, known.id, known.sign_count, says, at=at)
        if not counted:
            keeping.suspect(session, known.id, at=at)
    if not counted:
        log.warning("passkey_suspect", passkey_id=known.id)
        raise PasskeySuspect
    return known.owner


def require_hers(session: Session, principal: Principal, *, fresh_s: int) -> None:
    """Before a passkey goes: raises StepUpNeeded 401 unless one was shown within `fresh_s`."""
    _must_be_her(session, principal, True, fresh_s)


def _must_be_her(session: Session, principal: Principal, has_passkey: bool, fresh_s: int) -> None:
    account = _account(session, principal)
    needed = Acr.PASSKEY if has_passkey else Acr.PASSWORD if account is not None and account.password_hash else None
    if needed is None and principal.kind is Role.SHOPPER and freezing.frozen(session, principal.id):
        needed = Acr.PASSKEY  # we were warned, and there is nothing by which she could be told from a thief of her session
    if needed is None and not principal.holds_key:
        # as the rules say of everything she could begin with: a thief of her session must not lay the first stone
        raise PolicyRefused(REASONS["key_not_shown"], extra={"reasons": ["key_not_shown"]})
    if needed is not None:
        at = session.info["clock"].now()
        stepup.require(session, principal, needed, fresh_s, at)


def _account(session: Session, principal: Principal) -> Any:
    return account_of_shopper(session, principal.id) if principal.kind is Role.SHOPPER else person(session, principal.id)


def _used_up(database: Database, purpose: str, challenge: bytes, asker: str) -> bytes:
    with database.transaction() as session:
        if not challenges.use(session, purpose, challenge, asker, at=database.clock.now()):
            raise ChallengeOver
    return challenge
