"""What every one who knows about SIMs promises, held against each adapter; and what an operator's API alone has to say."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from app.demo.peers.scripted_peer import Answer
from app.security.policies.contracts import SimSwap
from app.security.sim_swap.adapters.camara_gateway import CamaraGateway
from app.security.sim_swap.adapters.memory_gateway import MemorySimSwapGateway
from app.security.sim_swap.ports import SimSwapGateway
from app.security.sim_swap.settings import SimSwapSettings
from app.security.sim_swap.wiring import choose

from .operator_peer import CHECK, TOKEN, OperatorPeer, refusal, said

SWAPPED, KEPT = "+358401234567", "+358407654321"


def _settings(peer: OperatorPeer, **changes: object) -> SimSwapSettings:
    return SimSwapSettings(url=peer.url + "/sim-swap/v2/", token_url=peer.url + TOKEN, client_id="us", client_secret="secret", **{"timeout_s": 10, **changes})  # type: ignore[arg-type]


@pytest.fixture
def peer() -> Iterator[OperatorPeer]:
    with OperatorPeer() as peer:
        peer.swapped[SWAPPED] = 5
        yield peer


@pytest.fixture
def camara(peer: OperatorPeer) -> Iterator[CamaraGateway]:
    gateway = CamaraGateway(_settings(peer))
    yield gateway
    gateway.close()


@pytest.fixture(params=["memory", "camara"])
def gateway(request: pytest.FixtureRequest, camara: CamaraGateway) -> SimSwapGateway:
    return MemorySimSwapGateway({SWAPPED: SimSwap.YES}) if request.param == "memory" else camara


class TestEvery:
    def test_tells_a_swapped_number_from_others(self, gateway: SimSwapGateway) -> None:
        assert [gateway.check(SWAPPED), gateway.check(KEPT), gateway.check(SWAPPED)] == [SimSwap.YES, SimSwap.NO, SimSwap.YES]


class TestCamara:
    def test_what_is_sent(self, peer: OperatorPeer, camara: CamaraGateway) -> None:
        camara.check(KEPT)
        camara.check(KEPT)
        assert [json.loads(h.body) for h in peer.attempts[CHECK]] == [{"phoneNumber": KEPT, "maxAge": 72}] * 2
        [token] = peer.attempts[TOKEN]  # one token for both
        assert b"scope=dpv%3AFraudPreventionAndDetection+sim-swap%3Acheck" in token.body

    @pytest.mark.parametrize(
        "answer",
        [
            refusal(400, "OUT_OF_RANGE"), refusal(400, "INVALID_ARGUMENT"), refusal(401, "UNAUTHENTICATED"), refusal(403, "PERMISSION_DENIED"),
            refusal(404, "IDENTIFIER_NOT_FOUND"), refusal(422, "SERVICE_NOT_APPLICABLE"), refusal(429, "TOO_MANY_REQUESTS"), refusal(503, "UNAVAILABLE"),
            said(200, {"swapped": "false"}), said(200, {"swapped": None}), said(200, {}), Answer(200, b"[]"), Answer(200, b"no json"), Answer(302, b"", {"Location": "/elsewhere"}),
            Answer(garbage=True), Answer(200, b'{"swapped": true' + b" " * 20_000 + b"}"),
        ],
    )  # fmt: skip
    def test_whatever_is_no_answer_is_unknown(self, peer: OperatorPeer, camara: CamaraGateway, answer: Answer) -> None:
        peer.program(CHECK, answer)
        assert camara.check(SWAPPED) is SimSwap.UNKNOWN

    def test_silence_is_unknown(self, peer: OperatorPeer) -> None:
        peer.program(CHECK, Answer(200, b'{"swapped": true}', hold_s=4))
        gateway = CamaraGateway(_settings(peer, timeout_s=1))
        assert gateway.check(SWAPPED) is SimSwap.UNKNOWN
        gateway.close()

    def test_no_token_is_unknown(self, peer: OperatorPeer, camara: CamaraGateway) -> None:
        peer.program(TOKEN, refusal(401, "UNAUTHENTICATED"))
        assert camara.check(SWAPPED) is SimSwap.UNKNOWN
        assert CHECK not in peer.attempts

    def test_after_trouble_nobody_is_asked_for_a_while(self, peer: OperatorPeer, camara: CamaraGateway) -> None:
        peer.program(CHECK, refusal(429, "TOO_MANY_REQUESTS", Retry_After="60"))
        assert [camara.check(SWAPPED), camara.check(SWAPPED)] == [SimSwap.UNKNOWN, SimSwap.UNKNOWN]
        assert len(peer.attempts[CHECK]) == 1

    def test_what_is_wrong_with_one_number_is_no_trouble(self, peer: OperatorPeer, camara: CamaraGateway) -> None:
        peer.program(CHECK, refusal(404, "IDENTIFIER_NOT_FOUND"))
        assert [camara.check(KEPT), camara.check(SWAPPED)] == [SimSwap.UNKNOWN, SimSwap.YES]

    def test_a_token_that_ended_early_is_asked_for_anew(self, peer: OperatorPeer, camara: CamaraGateway) -> None:
        peer.program(CHECK, refusal(401, "UNAUTHENTICATED"))
        assert [camara.check(SWAPPED), camara.check(SWAPPED)] == [SimSwap.UNKNOWN, SimSwap.YES]
        assert len(peer.attempts[TOKEN]) == 2

    def test_no_number_and_no_token_is_logged(self, peer: OperatorPeer, camara: CamaraGateway, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        """Seen to fail with the words of the operator's refusal in the line as they came."""
        peer.program(CHECK, refusal(400, f"OUT_OF_RANGE {SWAPPED}"), Answer(garbage=True))
        camara.check(SWAPPED)
        camara.check(SWAPPED)
        told = capsys.readouterr().out + capsys.readouterr().err + caplog.text
        assert not any(secret in told for secret in (SWAPPED, SWAPPED[1:], "tok-1", "secret"))


class TestChoose:
    def test_nobody_unless_set_up(self, peer: OperatorPeer) -> None:
        assert choose(SimSwapSettings()) is None  # type: ignore[call-arg]
        assert isinstance(choose(_settings(peer)), CamaraGateway)

    def test_half_a_set_up_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="token_url"):
            SimSwapSettings(url="https://api.operator.example/sim-swap/v2")  # type: ignore[call-arg]
