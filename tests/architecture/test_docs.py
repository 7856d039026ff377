"""Whatever can be set, announced, refused or asked stands in docs/; this fails when something is undocumented.

Seen to fail on a planted setting, event, error, reason code and purpose each, and on a row for a reason that is no more.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.cli import docs
from app.kernel.settings import SettingsGroup
from app.privacy.purposes import Purpose
from app.settings import Settings, known_variables
from tests.paths import REPOSITORY

PAGES = REPOSITORY / "docs"


def _page(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


class TestMadePages:
    @pytest.mark.parametrize("name", sorted(docs.PAGES))
    def test_is_what_the_code_says(self, name: str) -> None:
        assert _page(name) == docs.PAGES[name](), "run: python -m app.cli.docs"


class TestSettings:
    def test_every_variable_has_a_row(self) -> None:
        missing = [v for v in known_variables() if f"`{v}`" not in _page("settings.md")]
        assert missing == []

    def test_every_field_says_what_it_does(self) -> None:
        models = [Settings, *(f.annotation for f in Settings.model_fields.values() if isinstance(f.annotation, type) and issubclass(f.annotation, SettingsGroup))]
        silent = [f"{m.__name__}.{n}" for m in models for n, f in m.model_fields.items() if len(f.description or "") < 6]
        assert silent == []

    def test_every_group_is_part_of_the_house(self) -> None:
        """A group that nobody composes cannot be set."""
        composed = {f.annotation for f in Settings.model_fields.values()}
        assert [g.__name__ for g in docs.settings_groups() if g not in composed] == []

    def test_compose_names_only_variables_that_exist(self) -> None:
        named = set(re.findall(r"\bMOMENTS_[A-Z0-9_]+\b", (REPOSITORY / "docker-compose.yml").read_text()))
        assert named - known_variables() == set()

    def test_compose_explains_every_setting_of_the_house(self) -> None:
        text = (REPOSITORY / "docker-compose.yml").read_text()
        missing = [v for v in known_variables() if v not in text]
        assert missing == []


class TestEvents:
    def test_every_type_has_a_heading(self) -> None:
        missing = [e.TYPE for e in docs.events() if f"## `{e.TYPE}`" not in _page("events.md")]
        assert missing == []
        assert len(docs.events()) >= 12

    def test_every_event_says_what_it_means(self) -> None:
        assert [e.__name__ for e in docs.events() if e.TYPE not in (e.__doc__ or "")] == []


class TestReasons:
    def test_every_code_has_a_row_in_the_page_of_its_room(self) -> None:
        written = docs.written_reasons()
        missing = {room: gone for room, codes in docs.reason_codes().items() if (gone := codes - written.get(room, set()))}
        assert missing == {}

    def test_no_row_for_a_code_that_is_no_more(self) -> None:
        known = docs.reason_codes()
        stale = {room: gone for room, codes in docs.written_reasons().items() if (gone := codes - known.get(room, set()) - known["privacy"])}
        assert stale == {}


class TestErrors:
    def test_every_code_has_a_heading_to_link_to(self) -> None:
        headings = set(re.findall(r"^## (\w+)$", _page("errors.md"), re.MULTILINE))
        assert {e.code for e in docs.errors()} - headings == set()

    def test_every_error_says_what_happened(self) -> None:
        silent = [e.__name__ for e in docs.errors() if not e.__doc__]
        assert silent == []


class TestPurposes:
    def test_every_purpose_has_a_row(self) -> None:
        assert [p for p in Purpose if f"| `{p}` |" not in _page("purposes.md")] == []


class TestLinks:
    def test_every_link_between_pages_leads_somewhere(self) -> None:
        broken: list[str] = []
        pages = [REPOSITORY / n for n in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(PAGES.rglob("*.md"))
        for page in pages:
            for target in re.findall(r"(?:\]\(|<img src=\")([^)#\s\"]+)", page.read_text(encoding="utf-8")):
                if "://" not in target and not target.startswith("#") and not (page.parent / target).exists():
                    broken.append(f"{page.relative_to(REPOSITORY)} -> {target}")
        assert broken == []

    def test_every_page_is_reachable_from_the_index(self) -> None:
        seen: set[Path] = set()
        waiting = [PAGES / "index.md"]
        while waiting:
            page = waiting.pop()
            if page in seen or page.suffix != ".md" or not page.exists():
                continue
            seen.add(page)
            waiting += [(page.parent / t).resolve() for t in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")) if "://" not in t]
        assert [str(p.relative_to(PAGES)) for p in sorted(PAGES.rglob("*.md")) if p not in seen] == []
