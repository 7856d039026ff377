"""What our letters say.

Pure. Owns the words of each. Every one carries the familiar word, and leads nowhere but to our own pages.
"""

from __future__ import annotations

from dataclasses import dataclass

NAME = "Mobile Moments"


@dataclass(frozen=True, slots=True, repr=False)
class Text:
    """`subject` for e-mail alone."""

    subject: str
    text: str


def code(digits: str, word: str, *, minutes: int) -> Text:
    return Text(
        f"Your code for {NAME}",
        f"{digits} is your code for {NAME}. It can be used for {minutes} minutes, by you alone: we never ask for it anywhere but on our own page.\n\n{_signed(word)}",
    )


WHAT = {
    "added": "A way to reach you was added: {shown}.",
    "changed": "How we reach you was changed; from now on it is {shown}.",
    "removed": "We no longer reach you at {shown}.",
    "word": "The word by which you know that a message is from us was changed.",
}
"""What happened, by the kind of change."""


def changed(what: str, shown: str, word: str, *, undo_url: str) -> Text:
    """To each contact she had before. `undo_url` takes it back and signs everybody out, once."""
    return Text(
        f"Was this you? {NAME}",
        f"{WHAT[what].format(shown=shown)}\n\nIf this was you, there is nothing to do."
        f"\nIf this was not you, open this link. It puts everything back and signs everybody out:\n{undo_url}\n\n{_signed(word)}",
    )


ABOUT = {"code": "A code", "added": "That a way to reach her was added", "changed": "That how we reach her was changed", "removed": "That we no longer reach her somewhere", "word": "That her word was changed"}
ENDED = {
    "queued": "waits to be sent",
    "claimed": "is being sent",
    "sent": "was taken by the mail server",
    "expired": "was too late to be of use, and was not sent",
    "nobody": "could not be brought: nobody has this mailbox. It is not written to until she shows that it is hers; another contact of hers stays",
    "failed": "was not brought. Her address stays",
}
"""What became of a letter, by its state."""


def became(about: str, state: str, status: str | None) -> str:
    """To whoever asks what became of a letter."""
    heard = status if state == "sent" else None
    more = "" if heard is None else "; it may still arrive" if heard.startswith("4.") else "; it was delivered"
    return f"{ABOUT.get(about, about)}: {ENDED[state]}{more}.{f' The mail server said {status}.' if status else ''}"


def _signed(word: str) -> str:
    return f'Your word with us is "{word}". A message without it is not from us.'
