"""Who answers for the data in this process: what every consent record says about whoever keeps it.

Owns the one `Controller` in use. Bootstrap sets it from the settings. Must not be read by a rule: records are given it.
"""

from __future__ import annotations

from app.privacy.records import Controller

_in_use = [Controller()]


def use_controller(controller: Controller) -> None:
    """Called by bootstrap."""
    _in_use[0] = controller


def controller() -> Controller:
    return _in_use[0]
