"""The house's own secrets: one file, made on the first run, readable by its owner alone.

Owns making, reading, replacing and refusing `<data_dir>/secrets.json`. Must never log, print or put a secret into an
error, and must not use the keys (app/security/sealing.py does).
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets as randomness
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from app.kernel.clock import utc_text
from app.kernel.errors import AppError
from app.kernel.logs import get_logger

log = get_logger(__name__)

FILE_NAME = "secrets.json"
KEY_BYTES = 32


class SecretsUnsafe(AppError):
    """The secrets file cannot be used as it is; the detail says what to do."""

    status = 500
    code = "secrets_unsafe"


@dataclass(frozen=True, slots=True, repr=False)
class Replacement:
    """From `at` on, keys that change by the calendar are derived from `root`: those of one `period`, or (None) of all."""

    at: datetime
    period: int | None
    root: bytes

    def covers(self, period: int) -> bool:
        return self.period is None or self.period == period


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Keys of 32 bytes each. `sealing_keys` by key id: all of them open, `sealing_key_id` is the one that seals.

    `code_key` keys the hashes by which coupon codes and other values are looked up, `link_key` signs what leaves
    the house, `pepper` is mixed into every password before it is hashed. `replacements` holds, by purpose, what came in
    the place of signing keys that had to go, oldest first (app/security/signing.py).
    """

    sealing_key_id: str
    sealing_keys: Mapping[str, bytes]
    code_key: bytes
    link_key: bytes
    pepper: bytes
    replacements: Mapping[str, tuple[Replacement, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Secrets(sealing_key_id={self.sealing_key_id!r}, ...)"


def new_secrets() -> Secrets:
    """Fresh random keys (os.urandom); nothing is written."""
    key_id = "k" + randomness.token_hex(4)
    fresh = [randomness.token_bytes(KEY_BYTES) for _ in range(4)]
    return Secrets(key_id, {key_id: fresh[0]}, fresh[1], fresh[2], fresh[3])


def load_or_create(data_dir: Path) -> Secrets:
    """The secrets of `data_dir`; made with mode 0600 when there are none.

    Two processes that start at once end with the same file: it is written aside and linked into place, and the link
    fails when another was faster. Raises `SecretsUnsafe` when the file is readable by group or others, is not a plain
    file, or is damaged; a damaged file is never replaced, because what it sealed would be lost.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # another process may be faster: its file is the one that counts
        with _written_aside(data_dir, new_secrets()) as aside, contextlib.suppress(FileExistsError):
            os.link(aside, path)
    return load(path)


def replace(data_dir: Path, change: Callable[[Secrets], Secrets]) -> Secrets:
    """Put the changed secrets in the place of the file, at once and durably; who reads it sees the old one or the new one.

    One process at a time changes it (a lock on the folder), each what the one before has left. Raises `SecretsUnsafe`.
    """
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        changed = change(load(data_dir / FILE_NAME))
        with _written_aside(data_dir, changed) as aside:
            aside.rename(data_dir / FILE_NAME)
        os.fsync(folder)
    finally:
        os.close(folder)
    return changed


class Watched:
    """The secrets of a file when it has changed since the last look, else None: a look costs one stat.

    A file that is damaged or gone changes nothing: this process goes on with what it has, and says so in its log.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, _stamp(path)

    def __call__(self) -> Secrets | None:
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return None
        self._seen = stamp
        try:
            return load(self._path)
        except SecretsUnsafe as problem:
            log.warning("secrets_not_read_again", why=problem.detail)
            return None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@contextlib.contextmanager
def _written_aside(data_dir: Path, made: Secrets) -> Iterator[Path]:
    """A file with `made` beside the one that counts, on the disk; gone afterwards unless it was moved into place."""
    aside = data_dir / f".{FILE_NAME}.{os.getpid()}.{randomness.token_hex(4)}"
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            json.dump(_to_document(made), out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def load(path: Path) -> Secrets:
    """Read one secrets file; raises `SecretsUnsafe` with the remedy."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as problem:
        raise SecretsUnsafe(f"{path.name} cannot be opened ({problem.strerror}); it must be a plain file owned by you") from None
    with os.fdopen(handle, "rb") as source:
        # the mode is asked of the open file: a check by name could be answered by another file than the one read
        mode = os.fstat(source.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise SecretsUnsafe(f"{path.name} is not a plain file; move it away and start again")
        if mode & 0o077:
            raise SecretsUnsafe(
                f"{path.name} can be read by others (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}",
            )
        raw = source.read(1_000_000)
    try:
        return _from_document(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError):
        # the parser's own message may quote the file: it is dropped on purpose
        raise SecretsUnsafe(f"{path.name} is damaged; put back its backup (a new one cannot open what the old one sealed)") from None


def _to_document(made: Secrets) -> dict[str, Any]:
    return {
        "version": 1,
        "sealing_key_id": made.sealing_key_id,
        "sealing_keys": {key_id: _text(key) for key_id, key in made.sealing_keys.items()},
        "code_key": _text(made.code_key),
        "link_key": _text(made.link_key),
        "pepper": _text(made.pepper),
        "replacements": {
            purpose: [{"at": utc_text(r.at), "period": r.period, "root": _text(r.root)} for r in replaced]
            for purpose, replaced in made.replacements.items()
        },
    }


def _from_document(document: Mapping[str, Any]) -> Secrets:
    if document["version"] != 1:
        raise ValueError("unknown version")
    sealing_keys = {str(key_id): _key(text) for key_id, text in document["sealing_keys"].items()}
    sealing_key_id = str(document["sealing_key_id"])
    if sealing_key_id not in sealing_keys or not all(key_id.isascii() and 0 < len(key_id) < 32 for key_id in sealing_keys):
        raise ValueError("key ids")
    replacements = {str(purpose): tuple(map(_replacement, given)) for purpose, given in document.get("replacements", {}).items()}
    return Secrets(
        sealing_key_id, sealing_keys, _key(document["code_key"]), _key(document["link_key"]), _key(document["pepper"]), replacements
    )


def _replacement(document: Mapping[str, Any]) -> Replacement:
    at, period = datetime.fromisoformat(document["at"]), document["period"]
    if at.tzinfo is None or not (period is None or isinstance(period, int)):
        raise ValueError("replacement")
    return Replacement(at, period, _key(document["root"]))


def _text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode("ascii")


def _key(text: str) -> bytes:
    key = base64.b64decode(text, altchars=b"-_", validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("key length")
    return key
