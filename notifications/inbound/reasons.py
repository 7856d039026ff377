"""What became of a mail that was brought to us, each with its sentence. Owns codes and words; must not decide."""

from __future__ import annotations

from enum import StrEnum


class MailReason(StrEnum):
    """Answered to whoever brings a mail, and logged: never renamed, only added."""

    MAIL_HEEDED = "mail_heeded"
    MAIL_SAYS_NOTHING_NEW = "mail_says_nothing_new"
    MAIL_TOO_LARGE = "mail_too_large"
    MAIL_NESTED = "mail_nested"
    MAIL_UNREADABLE = "mail_unreadable"
    MAIL_NO_REPORT = "mail_no_report"
    MAIL_CUT_OFF = "mail_cut_off"
    MAIL_UNCLEAR = "mail_unclear"
    MAIL_NAMES_NOTHING = "mail_names_nothing"
    MAIL_FORGED = "mail_forged"
    MAIL_NAMES_SEVERAL = "mail_names_several"
    MAIL_OF_NOTHING = "mail_of_nothing"
    MAIL_TOO_EARLY = "mail_too_early"

    @property
    def text(self) -> str:
        return SENTENCES[self]


SENTENCES: dict[MailReason, str] = {
    MailReason.MAIL_HEEDED: "The report was read and written down.",
    MailReason.MAIL_SAYS_NOTHING_NEW: "The report says nothing that was not known, or the opposite of what was known before; nothing has changed.",
    MailReason.MAIL_TOO_LARGE: "The mail is larger than a report is; it was not read.",
    MailReason.MAIL_NESTED: "The mail holds more parts than a report does; it was not read.",
    MailReason.MAIL_UNREADABLE: "This is no mail.",
    MailReason.MAIL_NO_REPORT: "The mail is no report about a message: an answer, an absence notice, or a bounce in a form of its own.",
    MailReason.MAIL_CUT_OFF: "The report ends before its end; nothing of it was believed.",
    MailReason.MAIL_UNCLEAR: "The report lacks what a report must say, says it twice, or contradicts itself; nothing of it was believed.",
    MailReason.MAIL_NAMES_NOTHING: "The report does not name the message it is about.",
    MailReason.MAIL_FORGED: "The name of the message in the report was not made here, or was changed.",
    MailReason.MAIL_NAMES_SEVERAL: "The report names more than one message.",
    MailReason.MAIL_OF_NOTHING: "The message it is about is not kept any more.",
    MailReason.MAIL_TOO_EARLY: "The message is still being written down as sent; bring the report again in a moment.",
}
