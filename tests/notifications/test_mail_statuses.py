"""A code of a mail system means the same in its answer and in its report."""

from __future__ import annotations

from notifications.mail_statuses import meaning


class TestMeaning:
    def test_a_mailbox_that_is_nobodys_and_nothing_like_it(self) -> None:
        means = {"5.1.1": "address_refused", "5.1.10": "address_refused", "5.1.12": "not_delivered", "5.2.2": "mailbox_full", "5.7.1": "refused_by_policy", "": "not_delivered"}
        assert {status: meaning(status) for status in means} == means
