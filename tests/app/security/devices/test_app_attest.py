from __future__ import annotations

from datetime import timedelta

import cbor2
import pytest

from app.kernel.verdict import Fail
from app.security.devices.app_attest import DEVELOPMENT, AppAttest, AttestedKey
from tests.conftest import START

from .vendors import APP, Apple

HASHED = b"h" * 32


@pytest.fixture(scope="module")
def apple() -> Apple:
    return Apple(START)


def _reason(found: AttestedKey | int | Fail) -> str:
    return found.reason if isinstance(found, Fail) else "holds"


class TestAttestation:
    def test_one_that_holds(self, apple: Apple) -> None:
        found = AppAttest((APP,), apple.root).attestation(apple.attestation(HASHED), apple.key_id, HASHED, START)
        assert found == AttestedKey(apple.key_id, apple.point, "strong")  # type: ignore[arg-type]

    def test_not_for_another_request_key_app_or_use(self, apple: Apple) -> None:
        """Seen to fail on a nonce that was not compared: the phone had signed something else."""
        ours, evidence = AppAttest((APP,), apple.root), apple.attestation(HASHED)
        assert _reason(ours.attestation(evidence, apple.key_id, b"x" * 32, START)) == "attestation_other_request"
        assert _reason(ours.attestation(evidence, b"x" * 32, HASHED, START)) == "attestation_not_genuine"
        assert _reason(AppAttest(("X.other",), apple.root).attestation(evidence, apple.key_id, HASHED, START)) == "attestation_other_app"
        assert _reason(ours.attestation(apple.attestation(HASHED, counter=1), apple.key_id, HASHED, START)) == "attestation_not_genuine"

    def test_not_under_another_root_by_a_lesser_authority_or_out_of_time(self, apple: Apple) -> None:
        """Seen to fail on a chain whose last certificate was not compared with the root."""
        other, evidence = Apple(START), apple.attestation(HASHED)
        assert _reason(AppAttest((APP,), other.root).attestation(evidence, apple.key_id, HASHED, START)) == "attestation_not_genuine"
        lesser = apple._certificate("Authority", "Root", apple.authority_key, apple.root_key, ca=False)
        assert _reason(AppAttest((APP,), apple.root).attestation(apple.attestation(HASHED, authority=lesser), apple.key_id, HASHED, START)) == "attestation_not_genuine"
        late = START + timedelta(days=2)
        assert _reason(AppAttest((APP,), apple.root).attestation(evidence, apple.key_id, HASHED, late)) == "attestation_not_genuine"

    def test_of_the_development_environment_only_where_that_is_allowed(self) -> None:
        apple = Apple(START, environment=DEVELOPMENT)
        evidence = apple.attestation(HASHED)
        assert _reason(AppAttest((APP,), apple.root).attestation(evidence, apple.key_id, HASHED, START)) == "attestation_other_app"
        found = AppAttest((APP,), apple.root, development=True).attestation(evidence, apple.key_id, HASHED, START)
        assert isinstance(found, AttestedKey)
        assert found.level == "software"

    @pytest.mark.parametrize("evidence", [b"", b"\xff", cbor2.dumps([]), cbor2.dumps({}), cbor2.dumps({"fmt": "none", "attStmt": {"x5c": []}, "authData": b""}), b"\x00" * 30_000])
    def test_what_is_none(self, apple: Apple, evidence: bytes) -> None:
        assert _reason(AppAttest((APP,), apple.root).attestation(evidence, apple.key_id, HASHED, START)) == "attestation_not_genuine"
        assert _reason(AppAttest((APP,), apple.root).assertion(evidence, apple.point, 0, HASHED)) == "attestation_not_genuine"


class TestAssertion:
    def test_the_counter_only_grows(self, apple: Apple) -> None:
        ours = AppAttest((APP,), apple.root)
        answers = [ours.assertion(apple.assertion(HASHED, counter=says), apple.point, 5, HASHED) for says in (4, 5, 6)]
        assert answers == [Fail("attestation_seen_before"), Fail("attestation_seen_before"), 6]

    def test_not_for_another_request_app_or_key(self, apple: Apple) -> None:
        ours, evidence = AppAttest((APP,), apple.root), apple.assertion(HASHED, counter=1)
        assert _reason(ours.assertion(evidence, apple.point, 0, b"x" * 32)) == "attestation_other_request"
        assert _reason(ours.assertion(evidence, Apple(START).point, 0, HASHED)) == "attestation_other_request"
        assert _reason(AppAttest(("X.other",), apple.root).assertion(evidence, apple.point, 0, HASHED)) == "attestation_other_app"
