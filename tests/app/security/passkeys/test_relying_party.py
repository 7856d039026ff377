from __future__ import annotations

import pytest

from app.security.passkeys.relying_party import RelyingParty, relying_party


class TestRelyingParty:
    def test_follows_from_the_address(self) -> None:
        assert relying_party("https://Shop.example:8443") == RelyingParty("shop.example", ("https://shop.example:8443",))

    def test_the_settings_say_more(self) -> None:
        found = relying_party("https://m.shop.example", "shop.example", ("android:apk-key-hash:abc",))
        assert (found.id, found.origins) == ("shop.example", ("https://m.shop.example", "android:apk-key-hash:abc"))

    @pytest.mark.parametrize(("address", "usable"), [("http://localhost:8000", True), ("http://127.0.0.1:8000", False), ("http://[::1]:8000", False), ("https://a.example", True)])
    def test_browsers_keep_passkeys_for_names_only(self, address: str, usable: bool) -> None:
        assert relying_party(address).usable is usable
