"""How far the chain was found to be whole, and when all of it was last followed: so that a look at it need not begin at the first entry.

Owns the file `<data_dir>/audit_checked.json`, with a mark of the house. One that is missing or was changed counts for nothing: then the
whole chain is followed.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.kernel.clock import utc_text
from app.kernel.logs import get_logger
from app.security.audit.anchor import put_in_place
from app.security.audit.chain import Head
from app.security.sealing import link_signature

log = get_logger(__name__)

FILE_NAME = "audit_checked.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Every entry up to `head` fits. `full_at`: when that was last found by following all of them."""

    head: Head
    full_at: datetime


def keep(path: Path, checkpoint: Checkpoint) -> None:
    seq, hashed, full_at = checkpoint.head.seq, checkpoint.head.hash, utc_text(checkpoint.full_at)
    try:
        put_in_place(path, {"seq": seq, "hash": hashed, "full_at": full_at, "mac": _mac(seq, hashed, full_at)})
    except OSError:
        log.warning("audit_checkpoint_not_written")


def read(path: Path) -> Checkpoint | None:
    try:
        document = json.loads(path.read_text(encoding="ascii"))
        seq, hashed, full_at, mac = int(document["seq"]), str(document["hash"]), str(document["full_at"]), str(document["mac"])
        if not hmac.compare_digest(mac, _mac(seq, hashed, full_at)):
            return None
        return Checkpoint(Head(seq, hashed), datetime.fromisoformat(full_at))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _mac(seq: int, hashed: str, full_at: str) -> str:
    return link_signature("audit_checkpoint", f"{seq}:{hashed}:{full_at}")
