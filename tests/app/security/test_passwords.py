from __future__ import annotations

import pytest

from app.kernel.errors import Invalid
from app.security.passwords import accepted, hashed, verified
from app.security.sealing import use_secrets
from app.security.secrets import new_secrets


class TestAccepted:
    @pytest.mark.parametrize("password", ["", "short", "x" * 9, "x" * 201, "aaaaaaaaaaaa", "jane@example.org", "JANE@example.org"])
    def test_refuses_weak_ones_and_names_the_field(self, password: str) -> None:
        with pytest.raises(Invalid) as refusal:
            accepted(password, "jane@example.org")
        assert [f.field for f in refusal.value.fields] == ["password"]

    def test_composed_and_decomposed_letters_are_one_password(self) -> None:
        assert accepted("sa\u0308hko\u0308posti") == "s\u00e4hk\u00f6posti"


class TestVerified:
    def test_only_the_password_itself(self) -> None:
        stored = hashed("four words are good")
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert verified("four words are good", stored)
        assert not verified("four words are goo", stored)
        assert not verified("", stored)

    def test_nobody_has_no_password(self) -> None:
        assert not verified("nobody has this password", None)

    def test_a_foreign_hash_is_no_match(self) -> None:
        assert not verified("x", "md5$abc")

    def test_without_the_pepper_the_stolen_hash_is_useless(self) -> None:
        stored = hashed("four words are good")
        use_secrets(new_secrets())
        assert not verified("four words are good", stored)

    def test_decomposed_letters_match(self) -> None:
        assert verified("sa\u0308hko\u0308posti", hashed("s\u00e4hk\u00f6posti"))
