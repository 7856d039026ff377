"""Bad input at every door: no request, however strange, is answered by a crash, and each refusal names field and remedy.

Strings: the Big List of Naughty Strings where the shared data is present, and always our own worst ones.
Planted bug: with the handler of RequestValidationError taken out, refusals are no problem documents and this fails.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.security.principals import Role
from tests.api.callers import BY_ANOTHER_STANDARD, role_for
from tests.api.direct import Direct
from tests.paths import SHARED

WORST = [
    "", " ", "\t\n", "\u0000", "a\u0000b", "\ud800", "\U0010ffff", "\u202etxet", "ﷺ" * 50, "💥" * 300, "x" * 100_000, "../../etc/passwd", "%00", "%2e%2e%2f",
    "' OR 1=1 --", '"; DROP TABLE offers_coupon; --', "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "NaN", "Infinity", "-1", "1e999", "null",
    "true", "0x1F", "１２３", "İstanbul", "ß", "\u0301" * 60, "CON", "shp_", "cpn_00000000000000000000000000", "9" * 400,
]  # fmt: skip
SKIP_PATHS = {"/v1/me/erase"}  # ends the caller; has its own tests


def strings(dialect: str, door: int = 0, share: int = 12) -> list[str]:
    """Our worst ones at every door, and of the list one in `share`, other ones at the next door: each is tried at a twelfth of all doors.
    PostgreSQL differs only in what a text column takes: there it is half as many of both, unless all are asked for."""
    path = SHARED / "vectors" / "blns" / "blns.json"
    listed = json.loads(path.read_text()) if path.exists() else []
    if dialect == "sqlite":
        return WORST + listed[door % share :: share]
    return (WORST if share == 1 else WORST[door % 2 :: 2]) + listed[door % (2 * share) :: 2 * share]


def sample(schema: dict[str, Any], defs: dict[str, Any], text: str, depth: int = 0) -> Any:
    """A value of the schema in which every free text is `text`."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rsplit("/", 1)[-1]]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            options = [o for o in schema[key] if o.get("type") != "null"]
            return sample(options[0], defs, text, depth)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {name: sample(inner, defs, text, depth + 1) for name, inner in schema.get("properties", {}).items()} if depth < 6 else {}
    if kind == "array":
        return [sample(schema.get("items", {}), defs, text, depth + 1)]
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), 1)
    if kind == "boolean":
        return True
    return text


document: dict[str, Any] = {}
"""What describes every app alike; making it takes as long as asking a hundred doors."""


def operations(app: FastAPI) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    if not document:
        document.update(app.openapi())
    defs = document.get("components", {}).get("schemas", {})
    return [
        (method.upper(), path, operation, defs)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path not in SKIP_PATHS and "stream" not in path
    ]


def refused_well(answer: Any, what: str) -> str | None:
    """None when the answer is fine; else what is wrong with it."""
    standard = BY_ANOTHER_STANDARD.get(what.split(" ")[1])
    if answer.status_code == 400 and standard is not None:
        return None if answer.json().keys() == standard else f"{what}: {answer.text[:200]}"
    if answer.status_code >= 500:
        return f"{what}: {answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400:
        if answer.headers.get("content-type") != "application/problem+json":
            return f"{what}: {answer.status_code} is no problem document: {answer.headers.get('content-type')}"
        if not answer.json().get("detail"):
            return f"{what}: the problem has no detail"
    return None


class Prober:
    def __init__(self, app: FastAPI, direct: Direct, headers: dict[Role, dict[str, str]]) -> None:
        self.app, self.direct, self.headers = app, direct, headers
        self.roles: dict[tuple[str, str], dict[str, str]] = {}
        for method, path, _, _ in operations(app):
            role = role_for(app, method, path)
            self.roles[method, path] = headers[role] if role else {}

    def send(self, method: str, path: str, url: str, **request: Any) -> str | None:
        extra = request.pop("headers", {})
        answer = self.direct.request(method, url, headers=self.roles[method, path] | extra, **request)
        return refused_well(answer, f"{method} {path}")


@pytest.fixture
def prober(app: FastAPI, client: TestClient, headers: dict[Role, dict[str, str]]) -> Iterator[Prober]:
    """`client` holds the app's lifespan open."""
    direct = Direct(app)
    yield Prober(app, direct, headers)
    direct.close()


def body_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")


def text_parameters(operation: dict[str, Any], where: str) -> list[str]:
    return [p["name"] for p in operation.get("parameters", []) if p["in"] == where]


@pytest.mark.timeout(600)
class TestText:
    @pytest.mark.parametrize("part", range(4))
    def test_in_every_field_of_every_body(self, prober: Prober, part: int) -> None:
        self.in_every_body(prober, part)

    @pytest.mark.full
    @pytest.mark.parametrize("part", range(4))
    def test_every_string_in_every_field_of_every_body(self, prober: Prober, part: int) -> None:
        self.in_every_body(prober, part, share=1)

    @staticmethod
    def in_every_body(prober: Prober, part: int, share: int = 12) -> None:
        bad: list[str] = []
        dialect = prober.app.state.house.database.dialect
        for door, (method, path, operation, defs) in enumerate(operations(prober.app)):
            schema = body_schema(operation)
            if schema is None:
                continue
            url = path.replace("{", "").replace("}", "")
            for text in strings(dialect, door, share)[part::4]:
                content = json.dumps(sample(schema, defs, text)).encode()
                bad.append(prober.send(method, path, url, content=content, headers={"content-type": "application/json"}) or "")
        assert [b for b in bad if b] == []
        assert len(bad) > 100

    def test_in_every_path_and_query(self, prober: Prober) -> None:
        bad: list[str] = []
        dialect = prober.app.state.house.database.dialect
        for method, path, operation, _ in operations(prober.app):
            if body_schema(operation) is not None:
                continue
            names, queries = text_parameters(operation, "path"), text_parameters(operation, "query")
            if not names and not queries:
                continue
            for text in [s for s in strings(dialect) if len(s) < 2_000][::6]:
                safe = quote(text.encode("utf-8", "surrogatepass"), safe="")
                url = path
                for name in names:
                    url = url.replace("{" + name + "}", safe or "%20")
                url += "?" + "&".join(f"{name}={safe}" for name in queries) if queries else ""
                bad.append(prober.send(method, path, url) or "")
        assert [b for b in bad if b] == []
        assert len(bad) > 100


MALFORMED = (b"", b"{", b"[", b"null", b"[]", b'"x"', b"3", b"{}", b'{"a":' * 3000, b"\xff\xfe\x00", b"\xef\xbb\xbf{}", b'{"a": NaN}', b'{"a": 1e999}', b"{" + b" " * 900_000)


class TestBodies:
    def test_malformed_and_truncated(self, prober: Prober) -> None:
        """Every door in one house: making a house takes longer than asking all of its doors."""
        bad = [
            f"{content[:12]!r}: {wrong}"
            for content in MALFORMED
            for method, path, operation, _ in operations(prober.app)
            if "requestBody" in operation
            and (wrong := prober.send(method, path, path.replace("{", "").replace("}", ""), content=content, headers={"content-type": "application/json"}))
        ]
        assert bad == []

    def test_ten_megabytes(self, prober: Prober, client: TestClient) -> None:
        content = b'{"x": "' + b"a" * 10_000_000 + b'"}'
        for method, path, operation, _ in operations(prober.app):
            if "requestBody" not in operation or path == "/v1/places/import":
                continue
            answer = client.request(method, path.replace("{", "").replace("}", ""), content=content, headers=prober.roles[method, path] | {"content-type": "application/json"})
            assert answer.status_code == 413, (method, path, answer.status_code)


def fix(**changes: Any) -> dict[str, Any]:
    return {"ts": 1795262400, "lat": 60.169, "lon": 24.932, "accuracy_m": 10} | changes


BAD_FIXES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"lon": 500}, "lon"), ({"lat": 91}, "lat"), ({"lat": math.nan}, "lat"), ({"lon": math.inf}, "lon"), ({"accuracy_m": -1}, "accuracy_m"),
    ({"ts": 0}, "ts"), ({"ts": 1795262400_000}, "ts"), ({"ts": 1795262400 + 86_400}, "ts"), ({"ts": "yesterday"}, "ts"), ({"lat": "north"}, "lat"),
)  # fmt: skip


class TestFixes:
    def test_a_bad_fix_is_named_and_the_good_ones_are_kept(self, client: TestClient, headers: dict[Role, dict[str, str]]) -> None:
        for changes, field in BAD_FIXES:
            content = json.dumps({"fixes": [fix(), fix(**changes)]})
            answer = client.post("/v1/fixes", content=content, headers=headers[Role.SHOPPER] | {"content-type": "application/json"})
            assert answer.status_code < 500, (changes, answer.text)
            assert field in answer.text, (changes, answer.text)


def collection(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "id": "bad-one", "properties": {"name": "Bad", "kind": "store"} | properties, "geometry": geometry}]}


RING = [[24.93, 60.16], [24.94, 60.16], [24.94, 60.17], [24.93, 60.16]]
BAD_GEOMETRIES: dict[str, dict[str, Any]] = {
    "longitude 500": collection({"type": "Point", "coordinates": [500, 60]}, radius_m=50),
    "latitude nan": collection({"type": "Point", "coordinates": [24, "NaN"]}, radius_m=50),
    "no radius": collection({"type": "Point", "coordinates": [24, 60]}),
    "negative radius": collection({"type": "Point", "coordinates": [24, 60]}, radius_m=-5),
    "three points": collection({"type": "Polygon", "coordinates": [RING[:2] + RING[:1]]}),
    "bow-tie": collection({"type": "Polygon", "coordinates": [[[24.93, 60.16], [24.94, 60.17], [24.94, 60.16], [24.93, 60.17], [24.93, 60.16]]]}),
    "empty": collection({"type": "Polygon", "coordinates": []}),
    "null geometry": collection(None),
    "unknown type": collection({"type": "Blob", "coordinates": [1, 2]}),
    "too many vertices": collection({"type": "Polygon", "coordinates": [[[24 + 0.1 * math.cos(i / 2e5 * 6.28), 60 + 0.1 * math.sin(i / 2e5 * 6.28)] for i in range(200_001)] + [[24.1, 60.0]]]}),
}  # fmt: skip


class TestPlaces:
    def test_a_bad_fence_is_refused_by_feature_and_nothing_is_applied(self, client: TestClient, headers: dict[Role, dict[str, str]]) -> None:
        good = collection({"type": "Point", "coordinates": [24.9, 60.1]}, radius_m=50)["features"][0] | {"id": "good-one"}
        before = client.get("/v1/places", headers=headers[Role.MARKETER]).json()
        for name, document in BAD_GEOMETRIES.items():
            answer = client.post("/v1/places/import", json=document | {"features": [good, *document["features"]]}, headers=headers[Role.MARKETER])
            assert answer.status_code == 422, (name, answer.text[:300])
            assert "feature 2 ('Bad')" in answer.json()["detail"], name
            assert "errors" in answer.json(), name
            assert client.get("/v1/places", headers=headers[Role.MARKETER]).json() == before, name


class TestUnknown:
    def test_device(self, client: TestClient) -> None:
        answer = client.post("/v1/fixes", json={"fixes": [fix()]}, headers={"Authorization": "Bearer dt_unknown"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    def test_traccar_device(self, client: TestClient) -> None:
        answer = client.get("/v1/osmand?id=nobody&lat=60&lon=24&timestamp=1795262400")
        assert answer.status_code in (401, 404)
        assert answer.headers["content-type"] == "application/problem+json"
