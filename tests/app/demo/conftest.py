"""Fixtures of the demo's tests: the house's keys."""

from __future__ import annotations

import pytest

from app.security.sealing import use_secrets
from app.security.secrets import new_secrets


@pytest.fixture(autouse=True, scope="session")
def keys() -> None:
    use_secrets(new_secrets())
