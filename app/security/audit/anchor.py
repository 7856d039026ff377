"""The head of the chain, kept outside the database: who cuts off the newest entries there is found out here.

Owns the file `<data_dir>/audit_head.json`. Must not make a start slower or fail an act: an anchor that could not be written is
behind by some entries, and the next one catches up.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from app.kernel.logs import get_logger
from app.security.audit.chain import Head
from app.security.sealing import link_signature

log = get_logger(__name__)

FILE_NAME = "audit_head.json"


class AnchorDamaged(ValueError):
    """The anchor was not written by this house, or was changed."""


def advance(path: Path, head: Head) -> None:
    """Move the anchor forward to `head`; never back. Safe among processes that share the folder."""
    try:
        lock = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        log.warning("audit_anchor_not_written")
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            standing = read(path)
        except AnchorDamaged:
            return  # `moments audit verify` tells; writing over it would hide it
        if standing is None or standing.seq < head.seq:
            put_in_place(path, {"seq": head.seq, "hash": head.hash, "mac": _mac(head)})
    except OSError:
        log.warning("audit_anchor_not_written")
    finally:
        os.close(lock)


def read(path: Path) -> Head | None:
    """None when there is no file. Raises AnchorDamaged."""
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as wrong:
        raise AnchorDamaged from wrong
    try:
        document = json.loads(text)
        head, mac = Head(int(document["seq"]), str(document["hash"])), str(document["mac"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise AnchorDamaged from wrong
    if not hmac.compare_digest(mac, _mac(head)):
        raise AnchorDamaged
    return head


def put_in_place(path: Path, document: Mapping[str, object]) -> None:
    """Write a file whole or not at all. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}")
    aside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(document, file)
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def _mac(head: Head) -> str:
    return link_signature("audit_anchor", f"{head.seq}:{head.hash}")
