"""Why a step with a case was refused, and what became of a letter, each with its sentence."""

from __future__ import annotations

from enum import StrEnum


class SupportReason(StrEnum):
    """Never renamed, only added."""

    CASE_CLOSED = "case_closed"
    CASE_NOT_THERE = "case_not_there"
    LETTER_OPENED_CASE = "letter_opened_case"
    LETTER_ADDED = "letter_added"
    LETTER_SEEN_BEFORE = "letter_seen_before"
    LETTER_UNREADABLE = "letter_unreadable"
    LETTER_FROM_NOBODY = "letter_from_nobody"
    LETTER_AUTOMATIC = "letter_automatic"


SENTENCES: dict[SupportReason, str] = {
    SupportReason.CASE_CLOSED: "This case is closed; open a new one.",
    SupportReason.CASE_NOT_THERE: "This step does not lead on from where the case stands; look at it again.",
    SupportReason.LETTER_OPENED_CASE: "The letter opened a case.",
    SupportReason.LETTER_ADDED: "The letter was added to its case.",
    SupportReason.LETTER_SEEN_BEFORE: "The letter had come before; nothing was done.",
    SupportReason.LETTER_UNREADABLE: "The letter holds no plain text that could be read, or is too large.",
    SupportReason.LETTER_FROM_NOBODY: "No shopper has shown that the sender's address is theirs; keep the letter where people read it.",
    SupportReason.LETTER_AUTOMATIC: "The letter was sent by a program (out of office, a list, a report); nobody answers those.",
}


def sentence(code: SupportReason) -> str:
    return SENTENCES[code]
