"""Markup that fetches nothing and leads nowhere: what a marketer may write inside an e-mail.

Owns the list of elements and attributes. Pure. A page of ours puts the link and the word around it.
"""

from __future__ import annotations

from html.parser import HTMLParser

ELEMENTS = frozenset({"p", "br", "b", "strong", "i", "em", "u", "s", "small", "h2", "h3", "ul", "ol", "li", "blockquote", "span", "div", "hr", "bdi"})
ATTRIBUTES = frozenset({"dir", "lang"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ELEMENTS:
            self.found = self.found or f"<{tag[:40]}>"
        for name, _ in attrs:
            if name not in ATTRIBUTES:
                self.found = self.found or f"the attribute {name[:40]}"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_decl(self, decl: str) -> None:
        self.found = self.found or f"<!{decl[:40]}>"

    def handle_pi(self, data: str) -> None:
        self.found = self.found or f"<?{data[:40]}>"

    def handle_comment(self, data: str) -> None:  # some mail programs have read conditions in them
        self.found = self.found or f"<!--{data[:40]}-->"

    def unknown_decl(self, data: str) -> None:
        self.found = self.found or f"<![{data[:40]}]>"


def foreign(text: str) -> str | None:
    """The first thing in it that may not be there; None if it is plain. Raises nothing."""
    reader = _Reader()
    try:
        reader.feed(text)
        reader.close()
    except Exception:  # noqa: BLE001 - a text a parser trips over is not plain
        return "something no reader of markup understands"
    if reader.found is None and text.rfind("<") > text.rfind(">"):
        return "a tag that does not end"
    return reader.found
