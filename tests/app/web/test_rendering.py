"""Pages leave with a policy that lets nothing foreign in, and data cannot break out of a script element."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from app.web.rendering import (
    ENVIRONMENT,
    TEMPLATES,
    content_security_policy,
    local_time,
    money,
    script_json,
    security_headers,
)


class TestContentSecurityPolicy:
    def test_own_origin_and_nonce_only(self) -> None:
        policy = content_security_policy("abc")
        assert "default-src 'self'" in policy
        assert "script-src 'self' 'nonce-abc';" in policy
        assert "style-src 'self';" in policy
        assert "worker-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy

    def test_wasm_only_where_asked(self) -> None:
        assert "'wasm-unsafe-eval'" in content_security_policy("abc", wasm=True)

    def test_framed_by_ourselves_only_where_asked(self) -> None:
        assert "frame-ancestors 'self'" in content_security_policy("abc", frame_self=True)


class TestSecurityHeaders:
    def test_pages_are_not_stored(self) -> None:
        assert security_headers("abc")["Cache-Control"] == "no-store"


class TestScriptJson:
    def test_cannot_close_the_element(self) -> None:
        value = {"x": "</script><!-- & \u2028"}
        text = str(script_json(value))
        assert "<" not in text
        assert "&" not in text
        assert "\u2028" not in text
        assert json.loads(text) == value


class TestFilters:
    def test_money(self) -> None:
        assert money(490) == "€4.90"

    def test_local_time(self) -> None:
        assert local_time(datetime(2026, 11, 21, 12, 2, tzinfo=UTC)) == "14:02"
        assert local_time(None) == ""


class TestTemplates:
    def test_autoescape_is_on(self) -> None:
        macro = ENVIRONMENT.from_string('{% import "components.html" as ui %}{{ ui.notice("<b>x</b>") }}').render()
        assert "&lt;b&gt;x&lt;/b&gt;" in macro

    def test_no_template_holds_inline_style_or_handler(self) -> None:
        for name in ENVIRONMENT.list_templates():
            source = ENVIRONMENT.loader.get_source(ENVIRONMENT, name)[0] if ENVIRONMENT.loader else ""
            for sign in (" style=", "<style", " onclick=", "javascript:"):
                assert sign not in source, f"{name} holds {sign}"

    def test_what_asks_while_one_types_says_what_becomes_of_the_question_before(self) -> None:
        """By itself htmx keeps one that waits and drops the others, so that what is shown is not the answer to what stands in the box.

        Seen to fail on the search of the shop, on the filters of the console and on the switches of consent.
        """
        asking = []
        for path in sorted(TEMPLATES.rglob("*.html")):
            source = path.read_text(encoding="utf-8")
            for found in re.finditer(r'hx-trigger="([^"]*\b(?:change|input)\b[^"]*)"', source):
                line = source[source.rfind("\n", 0, found.start()) : source.find("\n", found.end())]
                asking.append(path.name)
                assert "hx-sync=" in line or "hx-sync:inherited=" in source, (path.name, found[0])
        assert len(asking) >= 6
