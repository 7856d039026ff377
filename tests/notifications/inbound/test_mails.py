"""Reports are read as the standards have them; what is none, or not all of one, is refused whole, with a reason each."""

from __future__ import annotations

import pytest

from app.kernel.verdict import Fail
from app.security.return_paths import return_address
from notifications.inbound.mails import MOST_BYTES, MOST_PARTS, Bounce, Complaint, Recipient, read
from notifications.inbound.reasons import MailReason as Reason
from tests.notifications.inbound.mail_samples import JANE, bounce, complaint, group, mail

TOKEN = "1" + "a" * 16
"""In its form; whether it was made here is asked later."""
NAMES = frozenset({TOKEN})


class TestBounces:
    @pytest.mark.parametrize("by", ["envid", "address", "headers", "original"])
    def test_the_message_is_named_in_any_of_four_places(self, by: str) -> None:
        assert read(bounce(TOKEN, by=by)) == Bounce(NAMES, (Recipient((JANE,), "failed", "5.1.1"),))

    def test_or_by_the_address_the_mail_server_tells(self) -> None:
        raw = bounce(TOKEN, by="nowhere")
        assert read(raw) == Bounce(frozenset(), (Recipient((JANE,), "failed", "5.1.1"),))
        assert read(raw, to=return_address("b@shop.example", TOKEN)) == Bounce(NAMES, (Recipient((JANE,), "failed", "5.1.1"),))

    def test_every_recipient_with_where_it_was_sent_first(self) -> None:
        found = read(bounce(TOKEN, group("4.4.1 (no route)", action="delayed"), group("5.1.1", who="j@elsewhere.example", original=JANE)))
        assert isinstance(found, Bounce)
        assert found.recipients == (Recipient((JANE,), "delayed", "4.4.1"), Recipient(("j@elsewhere.example", JANE), "failed", "5.1.1"))

    def test_lines_that_end_as_on_unix_and_an_mbox_line_before_them(self) -> None:
        assert read(b"From MAILER-DAEMON Sat Nov 21 12:00:00 2026\n" + bounce(TOKEN).replace(b"\r\n", b"\n")) == read(bounce(TOKEN))


class TestComplaints:
    @pytest.mark.parametrize("by", ["headers", "sender"])
    def test_named_by_the_message_or_its_sender(self, by: str) -> None:
        assert read(complaint(TOKEN, by=by)) == Complaint(NAMES)

    @pytest.mark.parametrize(("kind", "said"), [("not-spam", Reason.MAIL_SAYS_NOTHING_NEW), ("auth-failure", Reason.MAIL_SAYS_NOTHING_NEW), ("", Reason.MAIL_UNCLEAR)])
    def test_feedback_that_is_no_complaint(self, kind: str, said: Reason) -> None:
        assert read(complaint(TOKEN, kind=kind)) == Fail(said)


def _nested(levels: int) -> bytes:
    head = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(levels))
    return f"To: x@y\nMIME-Version: 1.0\n{head}".encode()


class TestRefused:
    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (b"", Reason.MAIL_UNREADABLE), (b"\n\nhello", Reason.MAIL_UNREADABLE), (b"\x00\xff\xfe", Reason.MAIL_UNREADABLE),
            (b"Subject: Out of office\nTo: x@y\n\nI am away.", Reason.MAIL_NO_REPORT),
            (bounce(TOKEN).replace(b"multipart/report", b"multipart/mixed"), Reason.MAIL_NO_REPORT),
            (bounce(TOKEN).replace(b"report-type=delivery-status", b"report-type=disposition-notification"), Reason.MAIL_NO_REPORT),
            (b"To: x@y\nContent-Type: message/rfc822\n\n" + bounce(TOKEN), Reason.MAIL_NO_REPORT),
            (bounce(TOKEN, end=False), Reason.MAIL_CUT_OFF),
            (bounce(TOKEN)[:500], Reason.MAIL_CUT_OFF),
            (b"x" * (MOST_BYTES + 1), Reason.MAIL_TOO_LARGE),
            (_nested(MOST_PARTS + 1), Reason.MAIL_NESTED), (_nested(3_000), Reason.MAIL_NESTED), (_nested(MOST_PARTS), Reason.MAIL_NO_REPORT),
            (mail(report="delivery-status", parts=()), Reason.MAIL_UNCLEAR),
            (mail(report="delivery-status", parts=(("message/delivery-status", "Action: failed\n"),) * 2), Reason.MAIL_UNCLEAR),
            (bounce(TOKEN, status_part=""), Reason.MAIL_UNCLEAR),
            (bounce(TOKEN, status_part="Reporting-MTA: dns; x\n"), Reason.MAIL_UNCLEAR),
        ],
    )  # fmt: skip
    def test_each_by_its_reason(self, raw: bytes, reason: Reason) -> None:
        assert read(raw) == Fail(reason)

    @pytest.mark.parametrize(
        "groups",
        [
            (group("5.1.1").replace("Status: 5.1.1\n", ""),), (group("5.1.1").replace("Action: failed\n", ""),), (group("5.1.1").replace(f"Final-Recipient: rfc822; {JANE}\n", ""),),
            (group("5.1.1") + "Status: 5.2.2\n",), (group("2.0.0"),), (group("5.1.1", action="delivered"),), (group("5.0.0", action="delayed"),),
            (group("5.1"),), (group("5.1.1.1"),), (group("5.1.1000"),), (group("9.1.1"),), (group("5.1.1", action="exploded"),),
            (group("5.1.1"), group("nonsense")), (group("5.1.1"),) * 21,
        ],
    )  # fmt: skip
    def test_what_lacks_doubles_or_contradicts_a_field_is_not_half_believed(self, groups: tuple[str, ...]) -> None:
        """Planted bugs: the last of two fields taken; a group that cannot be read passed over."""
        assert read(bounce(TOKEN, *groups)) == Fail(Reason.MAIL_UNCLEAR)

    def test_cut_anywhere_it_never_raises_and_never_says_more(self) -> None:
        whole = bounce(TOKEN)
        for end in range(0, len(whole) - 2, 7):
            found = read(whole[:end])
            assert isinstance(found, Fail), end
