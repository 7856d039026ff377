"""Mails as mail servers and mailbox providers write them, built by hand."""

from __future__ import annotations

from app.security.return_paths import return_address

JANE = "jane@example.org"


def mail(*, report: str, parts: tuple[tuple[str, str], ...], to: str = "bounces@shop.example", end: bool = True) -> bytes:
    """multipart/report as RFC 3462 has it; `parts` are (content type, body) behind the words for people."""
    every = (("text/plain; charset=utf-8", "I'm sorry to have to inform you that your message could not be delivered."), *parts)
    body = "".join(f"--=_b1\nContent-Type: {kind}\n\n{text}\n" for kind, text in every)
    head = f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.org\nTo: <{to}>\nSubject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
    return f'{head}Content-Type: multipart/report; report-type={report};\n boundary="=_b1"\n\nThis is a MIME-encapsulated message.\n\n{body}{"--=_b1--" if end else ""}\n'.replace("\n", "\r\n").encode()


def group(status: str, *, action: str = "failed", who: str = JANE, original: str = "") -> str:
    return f"Final-Recipient: rfc822; {who}\n" + (f"Original-Recipient: rfc822;{original}\n" if original else "") + f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 {status} as we said\n"


def bounce(token: str, *groups: str, by: str = "envid", end: bool = True, status_part: str | None = None) -> bytes:
    """`by`: where the name of the message stands."""
    about = "Reporting-MTA: dns; mx.example.org\n" + (f"Original-Envelope-Id: {token}\n" if by == "envid" else "") + "Arrival-Date: Sat, 21 Nov 2026 12:00:00 +0000\n"
    status = status_part if status_part is not None else "\n".join((about, *(groups or (group("5.1.1"),))))
    head = f"From: offers@shop.example\nTo: {JANE}\nSubject: Bonbon of the month\n" + (f"CFBL-Feedback-ID: {token}\n" if by in ("headers", "original") else "") + "Content-Type: text/plain\n"
    original = ("message/rfc822", f"{head}\n25 % off\n") if by == "original" else ("text/rfc822-headers", head)
    return mail(report="delivery-status", parts=(("message/delivery-status", status), original), to=return_address("bounces@shop.example", token) if by == "address" else "offers@shop.example", end=end)


def complaint(token: str, *, kind: str = "abuse", by: str = "headers") -> bytes:
    sent_from = f"Original-Mail-From: <{return_address('bounces@shop.example', token)}>\n" if by == "sender" else ""
    fields = f"Feedback-Type: {kind}\nUser-Agent: SomeFBL/1.0\nVersion: 1\n{sent_from}Source-IP: 192.0.2.1\n"
    head = f"From: offers@shop.example\nSubject: Bonbon\n{f'CFBL-Feedback-ID: {token}' if by == 'headers' else 'X-Redacted: yes'}\nContent-Type: text/plain\n"
    return mail(report="feedback-report", parts=(("message/feedback-report", fields), ("message/rfc822", f"{head}\n25 % off\n")))
