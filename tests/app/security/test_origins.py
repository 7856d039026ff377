from __future__ import annotations

import pytest

from app.security.origins import same_origin


class TestSameOrigin:
    @pytest.mark.parametrize(
        ("method", "sec_fetch_site", "origin", "host", "ok"),
        [
            ("GET", "cross-site", "https://evil.example", "shop.example", True),
            ("HEAD", "cross-site", None, "shop.example", True),
            ("POST", "same-origin", None, "shop.example", True),
            ("POST", "none", None, "shop.example", True),
            ("POST", "cross-site", "https://shop.example", "shop.example", False),
            ("POST", "same-site", "https://other.shop.example", "shop.example", False),
            ("DELETE", "cross-site", None, "shop.example", False),
            ("put", "cross-site", None, "shop.example", False),
            ("POST", None, "http://127.0.0.1:8000", "127.0.0.1:8000", True),
            ("POST", None, "http://127.0.0.1:8000", "127.0.0.1:8001", False),
            ("POST", None, "https://SHOP.example", "shop.example", True),
            ("POST", None, "https://evil.example", "shop.example", False),
            ("POST", None, "null", "shop.example", False),
            ("POST", None, "", "", False),
            ("POST", None, "https://[", "shop.example", False),
            ("POST", None, None, "shop.example", True),
        ],
    )
    def test_table(self, method: str, sec_fetch_site: str | None, origin: str | None, host: str, ok: bool) -> None:
        """Seen to fail with the Origin consulted before Sec-Fetch-Site."""
        verdict = same_origin(method, sec_fetch_site, origin, host)
        assert verdict.ok is ok
        if not verdict.ok:
            assert verdict.reason == "cross_site_request"  # type: ignore[union-attr]
