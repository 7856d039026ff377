"""Proofs against the real server; see docs/proofs.md."""

import pytest

pytest.register_assert_rewrite("tests.proofs.rig", "tests.proofs.works")
