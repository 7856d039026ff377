"""The ids of somebody who was erased, for those alone who were told of her.

Owns the form in which they outlive the erasure for as long as its event does: sealed, so that no row, backup or event holds one that could
be looked for. Must not be opened for anything but telling a system that has seen them to erase its copy (GDPR, article 19).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from app.security.sealing import CannotOpen, open_sealed, seal

_PURPOSE = "erased_ids"


def sealed(shopper_ids: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(seal(_PURPOSE, json.dumps(sorted(shopper_ids)).encode())).decode()


def opened(text: str) -> tuple[str, ...]:
    """Empty when there is nothing, or it was sealed with a key that is gone."""
    if not text:
        return ()
    try:
        return tuple(json.loads(open_sealed(_PURPOSE, base64.urlsafe_b64decode(text))))
    except (CannotOpen, ValueError):
        return ()
