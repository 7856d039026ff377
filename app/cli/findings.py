"""What `moments doctor` finds: a level, a sentence and a remedy.

Owns `Check`, and what the checks ask alike. Must not look at anything.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `level` is ok, warn or fail; `mend` is the command that puts it right, empty when all is well."""

    name: str
    level: str
    text: str
    mend: str = ""


def is_local(host: str) -> bool:
    if host in ("localhost", "") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
