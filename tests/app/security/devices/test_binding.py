from __future__ import annotations

from app.security.devices.binding import as_text, request_hash


class TestRequestHash:
    def test_is_bound_to_all_three_and_told_once_and_for_all(self) -> None:
        """printf 'AAECAw\\nmom_1\\ncpn_1' | sha256sum"""
        assert request_hash(b"\x00\x01\x02\x03", "mom_1", "cpn_1").hex() == "a80a50e7991ac29ea4bafa07699b19ee9710417faddc690eaaa4ed55e00141ca"
        hashes = {request_hash(c, m, k) for c, m, k in ((b"a", "m", "k"), (b"b", "m", "k"), (b"a", "n", "k"), (b"a", "m", "l"), (b"a", "", "m\nk"), (b"a", "mk", ""))}
        assert len(hashes) == 6

    def test_as_text(self) -> None:
        assert as_text(b"\xff\xfe") == "__4"
