"""A code counts only where the standard puts it: words about codes prove nothing of an address."""

from __future__ import annotations

import pytest

from app.security.contacts.mail_codes import told_in


class TestToldIn:
    @pytest.mark.parametrize(
        ("reply", "status"),
        [
            (b"5.1.1 no such mailbox", "5.1.1"), (b"5.1.10", "5.1.10"), (b"5.1.1 The account\n5.1.1 does not exist\nsee https://example.org", "5.1.1"),
            (b"no such mailbox", ""), (b"see 5.1.1 of our rules", ""), (b"5.1.1 gone\n5.7.1 or blocked", ""), (b"5.1.1.2 what", ""), (b"4.2.2 full", ""), (b"", ""), (b"\xff5.1.1", ""),
        ],
    )  # fmt: skip
    def test_only_what_stands_at_the_beginning_and_is_the_same_throughout(self, reply: bytes, status: str) -> None:
        assert told_in(reply) == status
