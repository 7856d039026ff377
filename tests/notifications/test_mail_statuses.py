"""A code of a mail system means the same in its answer and in its report."""

from __future__ import annotations

import pytest

from notifications.mail_statuses import meaning, told_in


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


class TestMeaning:
    def test_a_mailbox_that_is_nobodys_and_nothing_like_it(self) -> None:
        means = {"5.1.1": "address_refused", "5.1.10": "address_refused", "5.1.12": "not_delivered", "5.2.2": "mailbox_full", "5.7.1": "refused_by_policy", "": "not_delivered"}
        assert {status: meaning(status) for status in means} == means
