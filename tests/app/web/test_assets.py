"""Only what is on the list is served, with the right type, forever under its version and never under another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.kernel.http import install_problems
from app.web import assets


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    install_problems(app)
    app.include_router(assets.router)
    app.state.house = SimpleNamespace(database=None)  # nobody signed in: no table is looked at
    with TestClient(app) as made:
        yield made


def installed(library: str) -> None:
    if library in assets.missing_libraries():
        pytest.skip(f"{library} is not installed; run `npm ci`")


class TestSendOwn:
    def test_current_version_is_kept_forever(self, client: TestClient) -> None:
        answer = client.get(assets.own("css/tokens.css"))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"

    def test_another_version_is_asked_again(self, client: TestClient) -> None:
        answer = client.get("/assets/own/000000000000/css/tokens.css")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-cache"

    def test_unchanged_is_not_sent_twice(self, client: TestClient) -> None:
        first = client.get(assets.own("img/mark.svg"))
        again = client.get(assets.own("img/mark.svg"), headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        assert again.content == b""

    @pytest.mark.parametrize("name", ["../assets.py", "..%2fassets.py", "css/../../assets.py", "css/nothing.css", "%2e%2e/rendering.py", "css"])
    def test_nothing_outside_the_list(self, client: TestClient, name: str) -> None:
        answer = client.get(f"/assets/own/{assets.own_digest()}/{name}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


class TestSendVendor:
    @pytest.mark.parametrize(
        ("library", "name", "content_type"),
        [
            ("maplibre-gl", "maplibre-gl.mjs", "text/javascript; charset=utf-8"),
            ("maplibre-gl", "maplibre-gl.css", "text/css; charset=utf-8"),
            ("htmx.org", "htmx.min.js", "text/javascript; charset=utf-8"),
            ("zxing-wasm", "zxing_reader.wasm", "application/wasm"),
        ],
    )
    def test_listed_files_with_their_type(self, client: TestClient, library: str, name: str, content_type: str) -> None:
        installed(library)
        answer = client.get(assets.vendor(library, name))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == content_type

    def test_unlisted_file_of_a_listed_library(self, client: TestClient) -> None:
        assert client.get("/assets/vendor/maplibre-gl/1/package.json").status_code == 404

    def test_unlisted_library(self, client: TestClient) -> None:
        assert client.get("/assets/vendor/axe-core/4/axe.min.js").status_code == 404

    def test_not_installed_says_how(self, client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
        monkeypatch.setattr(assets, "NODE_MODULES", tmp_path)
        answer = client.get("/assets/vendor/htmx.org/1/htmx.min.js")
        assert answer.status_code == 503
        assert "npm ci" in answer.json()["detail"]


class TestSendCity:
    def test_a_layer(self, client: TestClient) -> None:
        answer = client.get(assets.city("water"))
        assert answer.headers["content-type"] == "application/geo+json"
        assert answer.json()["attribution"] == "© OpenStreetMap contributors"

    def test_another_file_of_the_folder(self, client: TestClient) -> None:
        assert client.get(f"/assets/city/{assets.city_digest()}/curation.geojson").status_code == 404


class TestPicture:
    def test_unknown_pictures_get_the_plain_one(self) -> None:
        assert assets.picture("dark-74-bar.svg").endswith("/products/dark-74-bar.svg")
        assert assets.picture("../../secret").endswith("/img/no-picture.svg")


class TestImportMap:
    def test_every_module_of_ours_has_a_name(self) -> None:
        imports = assets.import_map()["imports"]
        assert imports["moments/map"] == assets.own("js/map.js")
        assert imports["maplibre-gl"].startswith("/assets/vendor/maplibre-gl/")


class TestLock:
    def test_names_packages_and_hashes_and_no_address(self) -> None:
        lock = json.loads((assets.NODE_MODULES.parent / "package-lock.json").read_text(encoding="utf-8"))
        packages = {name: entry for name, entry in lock["packages"].items() if name}
        assert all("integrity" in entry for entry in packages.values())
        assert not [name for name, entry in packages.items() if "resolved" in entry]

    def test_every_served_library_is_locked_to_one_version(self) -> None:
        wanted = json.loads((assets.NODE_MODULES.parent / "package.json").read_text(encoding="utf-8"))
        assert {library for library in assets.VENDOR if library != "zxing-wasm"} == set(wanted["dependencies"])  # zxing-wasm comes with barcode-detector
        assert all(version[0].isdigit() for version in (wanted["dependencies"] | wanted["devDependencies"]).values())
