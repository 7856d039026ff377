"""A key for each shopper, kept apart from the database: what is sealed with it is gone, everywhere, when the key is.

Owns the key store, which is not part of the database and of none of its backups (a file of its own, `<data_dir>/keys.sqlite3`, or
another PostgreSQL database), and sealing with its keys. Must not keep a key in the main database, and must not make a new key for
somebody whose key was destroyed.

A shopper's key is random, wrapped by the house's sealing key, and committed here before the first value that is sealed with it
can be committed there. A value is `0x02 | key (16) | nonce (12) | ciphertext and tag`: it names its key, not its owner, so that rows
may change hands (a phone that signs in) and one that is found anywhere tells nothing. Header, purpose and `associated` are
authenticated, as in sealing.py. A process remembers opened keys and asks a counter, at most `LOOK_EVERY_S` old, whether one was destroyed.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.kernel.clock import Clock
from app.kernel.db import Database, Instant
from app.kernel.errors import AppError
from app.security.sealing import CannotOpen, framed, keyed_hash, open_sealed, seal
from app.security.secrets import KEY_BYTES, SecretsUnsafe

FILE_NAME = "keys.sqlite3"
LOOK_EVERY_S = 0.25
"""A key that another process has destroyed is used here no longer than this."""
MOST_REMEMBERED = 100_000
_VERSION = b"\x02"
_KEY_REF_BYTES = 16
_NONCE_BYTES = 12
_WRAPPED_FOR = "shopper_key"
_BATCH = 500

_metadata = MetaData()
# Numbered, so that rows are only ever appended and overwritten where they stand: no page holds a stale copy of a key.
_keys = Table(
    "vault_key",
    _metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("owner", String(64), nullable=False, unique=True),
    Column("ref", LargeBinary, nullable=False, unique=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("destroyed_at", Instant),
)
_head = Table("vault_head", _metadata, Column("id", Integer, primary_key=True, autoincrement=False), Column("destroyed", BigInteger, nullable=False))


class Destroyed(AppError):
    """What this value said was erased, and the key to it destroyed."""

    status = 410
    code = "erased"


class NoVault(RuntimeError):
    """No key store is open: the bootstrap calls `use_vault` before anything of a shopper is sealed or opened."""


class _Key:
    __slots__ = ("cipher", "framed", "header", "ref")

    def __init__(self, ref: bytes, cipher: AESGCM) -> None:
        self.ref, self.cipher = ref, cipher
        self.header = _VERSION + ref
        self.framed = framed(self.header)


class Vault:
    """One key store. Any number of threads and processes may use it at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._of: dict[str, _Key] = {}
        self._by_ref: dict[bytes, AESGCM] = {}
        self._destroyed = -1
        self._looked_s = -LOOK_EVERY_S
        with database.transaction() as session:
            if database.dialect == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(706865)"))  # two processes that start at once
            _metadata.create_all(session.connection())
            known = session.scalar(select(_head.c.destroyed))
            if known is None:
                session.execute(insert(_head).values(id=0, destroyed=0))

    # -- keys ------------------------------------------------------------------------------------------------------

    def keys_of(self, shopper_ids: Collection[str]) -> dict[str, _Key]:
        """The key of each, made and committed where there is none; raises `Destroyed` when one of them was erased."""
        self._look()
        began = self._destroyed
        ids = list(shopper_ids)
        held = list(map(self._of.get, ids))
        found = {i: key for i, key in zip(ids, held, strict=True) if key is not None}
        if None in held:
            missing = sorted(set(ids) - found.keys())
            owners = {keyed_hash("vault", i): i for i in missing}
            with self._database.reading() as session:
                rows = self._rows(session, list(owners))
            fresh: dict[bytes, bytes] = {}
            if len(rows) < len(owners):
                rows = self._made(sorted(owners.keys() - {row.owner for row in rows}), fresh) + rows
            for row in rows:
                if row.destroyed_at is not None:
                    raise Destroyed
                key = fresh.get(row.ref) or open_sealed(_WRAPPED_FOR, row.wrapped, row.ref)
                found[owners[row.owner]] = _Key(row.ref, AESGCM(key))
            self._remember(began, {i: found[i] for i in missing}, {})
        return found

    def _made(self, owners: Sequence[str], fresh: dict[bytes, bytes]) -> list[Any]:
        """New keys, or those that another process made meanwhile. Committed when this returns; `fresh` is told what was made here."""
        at = self._database.clock.now()
        values: list[dict[str, Any]] = []
        for owner in owners:
            ref, key = os.urandom(_KEY_REF_BYTES), os.urandom(KEY_BYTES)
            fresh[ref] = key
            values.append({"owner": owner, "ref": ref, "wrapped": seal(_WRAPPED_FOR, key, ref), "made_at": at})
        kind = postgresql_insert if self._database.dialect == "postgresql" else sqlite_insert
        with self._database.transaction() as session:
            session.execute(kind(_keys).on_conflict_do_nothing(index_elements=["owner"]), values)
            return self._rows(session, owners)

    @staticmethod
    def _rows(session: Session, owners: Sequence[str]) -> list[Any]:
        out: list[Any] = []
        for start in range(0, len(owners), _BATCH):
            out += session.execute(_BY_OWNER, {"owners": owners[start : start + _BATCH]}).all()
        return out

    def ciphers(self, refs: Collection[bytes]) -> dict[bytes, AESGCM | None]:
        """What opens values that name these keys; None for a key that was destroyed. A key that is not here is left out."""
        self._look()
        began = self._destroyed
        out: dict[bytes, AESGCM | None] = {ref: cipher for ref in set(refs) if (cipher := self._by_ref.get(ref)) is not None}
        missing = sorted(set(refs) - out.keys())
        fresh: dict[bytes, AESGCM] = {}
        for start in range(0, len(missing), _BATCH):
            with self._database.reading() as session:
                rows = session.execute(_BY_REF, {"refs": missing[start : start + _BATCH]}).all()
            for row in rows:
                if row.destroyed_at is None:
                    fresh[row.ref] = AESGCM(open_sealed(_WRAPPED_FOR, row.wrapped, row.ref))
                out[row.ref] = fresh.get(row.ref)
        self._remember(began, {}, fresh)
        return out

    def _remember(self, began: int, of: dict[str, _Key], by_ref: dict[bytes, AESGCM]) -> None:
        with self._lock:
            if self._destroyed != began:
                return  # one was destroyed meanwhile, perhaps one of these
            if len(self._by_ref) + len(self._of) > MOST_REMEMBERED:
                self._of, self._by_ref = {}, {}
            self._of.update(of)
            self._by_ref.update(by_ref)
            self._by_ref.update({key.ref: key.cipher for key in of.values()})

    def _look(self) -> None:
        """Forget what is remembered if a key was destroyed since the last look."""
        now_s = time.monotonic()
        if now_s < self._looked_s + LOOK_EVERY_S:
            return
        with self._database.reading() as session:
            destroyed = session.execute(select(_head.c.destroyed)).scalar_one()
        with self._lock:
            if destroyed != self._destroyed:
                self._of, self._by_ref, self._destroyed = {}, {}, destroyed
            self._looked_s = now_s

    # -- the end of keys -------------------------------------------------------------------------------------------

    def destroy(self, owners: Collection[str]) -> bool:
        """Overwrite the keys of these owners (`owner_of`) for good; nobody gets a key under such a name again.

        Repeatable. True when no copy is left in the store's own log either; else call again.
        """
        at: datetime = self._database.clock.now()
        with self._database.transaction() as session:
            for owner in sorted(owners):
                ref = os.urandom(_KEY_REF_BYTES)
                never = {"owner": owner, "ref": ref, "wrapped": os.urandom(len(seal(_WRAPPED_FOR, bytes(KEY_BYTES), ref))), "made_at": at, "destroyed_at": at}
                kind = postgresql_insert if self._database.dialect == "postgresql" else sqlite_insert
                session.execute(kind(_keys).values(**never).on_conflict_do_nothing(index_elements=["owner"]))
                gone = update(_keys).where(_keys.c.owner == owner, _keys.c.destroyed_at.is_(None))
                session.execute(gone.values(wrapped=never["wrapped"], destroyed_at=at))
            session.execute(update(_head).values(destroyed=_head.c.destroyed + 1))
        with self._lock:
            self._of, self._by_ref = {}, {}
            self._looked_s = -LOOK_EVERY_S
        return self._database.empty_log()

    def destroyed(self) -> list[str]:
        """The owners whose keys were destroyed: a database that was put back from a backup may not know it."""
        with self._database.reading() as session:
            return list(session.scalars(select(_keys.c.owner).where(_keys.c.destroyed_at.is_not(None))))

    def count(self) -> int:
        """Keys that open something."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(_keys).where(_keys.c.destroyed_at.is_(None))) or 0

    def close(self) -> None:
        """Forget every key, and let the store go."""
        _vaults[:] = [vault for vault in _vaults if vault is not self]
        self._of, self._by_ref = {}, {}
        self._database.close()


_BY_OWNER = select(_keys.c.owner, _keys.c.ref, _keys.c.wrapped, _keys.c.destroyed_at).where(_keys.c.owner.in_(bindparam("owners", expanding=True)))
_BY_REF = select(_keys.c.ref, _keys.c.wrapped, _keys.c.destroyed_at).where(_keys.c.ref.in_(bindparam("refs", expanding=True)))


# --- the vault of this process ----------------------------------------------------------------------------------------

_vaults: list[Vault] = []


def open_vault(data_dir: Path, url: str = "", *, clock: Clock | None = None) -> Vault:
    """The key store at `url`, or the file in `data_dir`, made with mode 0600.

    Raises `SecretsUnsafe` when others can read the file.
    """
    if not url:
        path = data_dir.resolve() / FILE_NAME
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        mode = path.stat().st_mode
        if mode & 0o077:
            raise SecretsUnsafe(f"{path.name} can be read by others (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}")
        url = f"sqlite:///{path}"
    return Vault(Database(url, clock=clock, pool_size=5))


def use_vault(vault: Vault) -> None:
    """Seal with this vault's keys from now on; one in use before goes on opening until it is closed."""
    _vaults[:] = [vault, *(other for other in _vaults if other is not vault)]


def vault() -> Vault:
    """The one in use."""
    if not _vaults:
        raise NoVault(NoVault.__doc__)
    return _vaults[0]


def owner_of(shopper_id: str) -> str:
    """Under what name the store keeps somebody's key: it can be compared, and tells nobody who it is."""
    return keyed_hash("vault", shopper_id)


def seal_for(shopper_id: str, purpose: str, plaintext: bytes, associated: bytes = b"") -> bytes:
    """Seal with the shopper's key. Opens for the same purpose and `associated` alone, and for nobody once she is erased."""
    return seal_each(purpose, [(shopper_id, plaintext, associated)])[0]


def seal_each(purpose: str, items: Sequence[tuple[str, bytes, bytes]]) -> list[bytes]:
    """`seal_for` of many (shopper id, plaintext, associated): one look for all their keys."""
    keys = vault().keys_of([shopper_id for shopper_id, _, _ in items])
    nonces, said = os.urandom(_NONCE_BYTES * len(items)), framed(purpose.encode())
    ends: dict[bytes, bytes] = {}
    out: list[bytes] = []
    for at, (shopper_id, plaintext, associated) in enumerate(items):
        end = ends.get(associated)
        if end is None:
            end = ends[associated] = said + framed(associated)
        key, nonce = keys[shopper_id], nonces[_NONCE_BYTES * at : _NONCE_BYTES * (at + 1)]
        out.append(key.header + nonce + key.cipher.encrypt(nonce, plaintext, key.framed + end))
    return out


def open_for(purpose: str, sealed: bytes, associated: bytes = b"") -> bytes:
    """The plaintext; `Destroyed` when its owner was erased, `CannotOpen` when it was sealed for something else or changed."""
    (found,) = open_each(purpose, [(sealed, associated)])
    if found is None:
        raise Destroyed
    return found


def open_each(purpose: str, items: Sequence[tuple[bytes, bytes]]) -> list[bytes | None]:
    """`open_for` of many (sealed, associated); None where the owner was erased."""
    sealed = [bytes(value) for value, _ in items]
    end = 1 + _KEY_REF_BYTES
    refs = {value[1:end] for value in sealed if value[:1] == _VERSION}
    ciphers: dict[bytes, AESGCM | None] = {}
    for one in (vault(), *_vaults[1:]) if refs else ():
        ciphers |= one.ciphers(refs - ciphers.keys())
        if len(ciphers) == len(refs):
            break
    return [_opened(purpose, value, associated, ciphers) for value, (_, associated) in zip(sealed, items, strict=True)]


def _opened(purpose: str, value: bytes, associated: bytes, ciphers: dict[bytes, AESGCM | None]) -> bytes | None:
    end = 1 + _KEY_REF_BYTES
    if value[:1] != _VERSION:
        return open_sealed(purpose, value, associated)  # as it was sealed before shoppers had keys of their own
    header, nonce, body = value[:end], value[end : end + _NONCE_BYTES], value[end + _NONCE_BYTES :]
    if header[1:] not in ciphers:
        raise CannotOpen("sealed with a shopper's key that is not in the key store; put back the key store that was in use")
    cipher = ciphers[header[1:]]
    if cipher is None:
        return None
    try:
        return cast("bytes", cipher.decrypt(nonce, body, framed(header, purpose.encode(), associated)))
    except (InvalidTag, ValueError):
        raise CannotOpen() from None
