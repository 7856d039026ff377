"""What browsers may fetch besides pages: our own files, the libraries installed by npm, the demo city's layers.

Owns the allow-list (nothing outside it is ever read from disk), content types, cache headers and versioned addresses:
`/assets/own/<digest>/...`, `/assets/vendor/<library>/<version>/...`, `/assets/city/<digest>/...`. Must not know any page.
Third-party code is never part of this repository: `npm ci` puts it into node_modules, and `missing_libraries()` says so
when that has not happened.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Depends, Request, Response

from app.kernel.errors import AppError
from app.security.access import ANYONE, allow

WEB = Path(__file__).resolve().parent
OWN_FOLDER = WEB / "static"
CITY_FOLDER = WEB.parent / "demo" / "city"
NODE_MODULES = WEB.parent.parent / "node_modules"

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".geojson": "application/geo+json",
    ".wasm": "application/wasm",
}
COMPRESSED = {".css", ".js", ".mjs", ".svg", ".json", ".geojson", ".wasm", ".webmanifest"}

VENDOR: dict[str, dict[str, str]] = {
    # library: {name in the address: file in node_modules/<library>/}
    "htmx.org": {"htmx.min.js": "dist/htmx.min.js", "hx-sse.min.js": "dist/ext/hx-sse.min.js"},
    "maplibre-gl": {
        "maplibre-gl.mjs": "dist/maplibre-gl.mjs",
        "maplibre-gl-worker.mjs": "dist/maplibre-gl-worker.mjs",
        "maplibre-gl-shared.mjs": "dist/maplibre-gl-shared.mjs",
        "maplibre-gl.css": "dist/maplibre-gl.css",
    },
    "barcode-detector": {"ponyfill.js": "dist/es/ponyfill.js", "zxing-exported.js": "dist/es/zxing-exported.js"},
    "qr": {"qr.js": "index.js"},
    "zxing-wasm": {"zxing_reader.wasm": "dist/reader/zxing_reader.wasm"},
}
CITY_LAYERS = ("roads", "buildings", "green", "water", "rail", "places")

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class AssetNotFound(AppError):
    """No such file is served here; look at the page's own links."""

    status = 404
    code = "asset_not_found"


class LibraryMissing(AppError):
    """A browser library is not installed; run `npm ci` in the project's folder (`make setup` does)."""

    status = 503
    code = "browser_library_missing"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file ready to send: `body` as it is, `packed` gzipped or None, `etag` of the content."""

    body: bytes
    packed: bytes | None
    content_type: str
    etag: str


@cache
def _asset(path: Path, _modified_ns: int) -> Asset:
    body = path.read_bytes()
    packed = gzip.compress(body, 6, mtime=0) if path.suffix in COMPRESSED and len(body) > 1_000 else None
    return Asset(body, packed, CONTENT_TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _load(path: Path) -> Asset:
    return _asset(path, path.stat().st_mtime_ns)


@cache
def own_names() -> frozenset[str]:
    """Every file of ours that may be fetched, by its path below `static`."""
    return frozenset(str(p.relative_to(OWN_FOLDER)) for p in OWN_FOLDER.rglob("*") if p.is_file() and p.suffix in CONTENT_TYPES)


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def own_digest() -> str:
    """One version for all files of ours, so that modules may import each other by relative address."""
    return _digest([OWN_FOLDER / name for name in sorted(own_names())])


@cache
def city_digest() -> str:
    return _digest([CITY_FOLDER / f"{layer}.geojson" for layer in CITY_LAYERS])


@cache
def vendor_version(library: str) -> str:
    """The installed version, or "missing"."""
    try:
        return str(json.loads((NODE_MODULES / library / "package.json").read_text())["version"])
    except FileNotFoundError:
        return "missing"


def missing_libraries() -> list[str]:
    """Browser libraries that are not installed; empty when all is well."""
    return [name for name, files in VENDOR.items() if not all((NODE_MODULES / name / file).is_file() for file in files.values())]


def own(name: str) -> str:
    """Address of a file of ours: `own("css/base.css")`. Raises KeyError for a name that is not there."""
    if name not in own_names():
        raise KeyError(f"no file {name} in app/web/static")
    return f"/assets/own/{own_digest()}/{name}"


def picture(name: str) -> str:
    """Address of a product's picture; a name that is not ours gets the plain one, because a page must not fail for it."""
    wanted = f"products/{name}"
    return own(wanted if wanted in own_names() else "img/no-picture.svg")


def vendor(library: str, name: str) -> str:
    """Address of an allowed library file. Raises KeyError for one that is not on the list."""
    if name not in VENDOR[library]:
        raise KeyError(f"{library}/{name} is not on the allow-list of app/web/assets.py")
    return f"/assets/vendor/{library}/{vendor_version(library)}/{name}"


def city(layer: str) -> str:
    """Address of a layer of the demo city. Raises KeyError for an unknown layer."""
    if layer not in CITY_LAYERS:
        raise KeyError(f"no layer {layer} in app/demo/city")
    return f"/assets/city/{city_digest()}/{layer}.geojson"


def import_map() -> dict[str, dict[str, str]]:
    """Bare module names to addresses, for `<script type="importmap">`."""
    modules = {f"moments/{name[3:-3]}": own(name) for name in sorted(own_names()) if name.startswith("js/") and name.endswith(".js")}
    return {"imports": modules | {"maplibre-gl": vendor("maplibre-gl", "maplibre-gl.mjs"),
                                  "barcode-detector": vendor("barcode-detector", "ponyfill.js"), "qr": vendor("qr", "qr.js")}}  # fmt: skip


def browser_config() -> dict[str, object]:
    """Addresses our modules need at run time; goes into the page as data (a `<script type="application/json">`)."""
    return {
        "maplibreWorker": vendor("maplibre-gl", "maplibre-gl-worker.mjs"),
        "zxingWasm": vendor("zxing-wasm", "zxing_reader.wasm"),
        "city": {layer: city(layer) for layer in CITY_LAYERS},
        "products": f"/assets/own/{own_digest()}/products/",
    }


def _send(request: Request, asset: Asset, *, current: bool) -> Response:
    headers = {"ETag": asset.etag, "Cache-Control": FOREVER if current else ASK_AGAIN, "Vary": "Accept-Encoding",
               "X-Content-Type-Options": "nosniff"}  # fmt: skip
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    body = asset.body
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = asset.packed
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type=asset.content_type)


def send_own(request: Request, digest: str, name: str) -> Response:
    if name not in own_names():
        raise AssetNotFound(f"{name[:80]} is not one of our files")
    return _send(request, _load(OWN_FOLDER / name), current=digest == own_digest())


def send_vendor(request: Request, library: str, version: str, name: str) -> Response:
    file = VENDOR.get(library, {}).get(name)
    if file is None:
        raise AssetNotFound(f"{library[:40]}/{name[:80]} is not served")
    path = NODE_MODULES / library / file
    if not path.is_file():
        raise LibraryMissing(f"{library} is not installed; run `npm ci` in the project's folder and load the page again")
    return _send(request, _load(path), current=version == vendor_version(library))


def send_city(request: Request, digest: str, layer: str) -> Response:
    if layer not in CITY_LAYERS:
        raise AssetNotFound(f"there is no layer {layer[:40]}; there are {', '.join(CITY_LAYERS)}")
    return _send(request, _load(CITY_FOLDER / f"{layer}.geojson"), current=digest == city_digest())


router = APIRouter(include_in_schema=False, dependencies=[Depends(allow(ANYONE))])
router.add_api_route("/assets/own/{digest}/{name:path}", send_own, methods=["GET"])
router.add_api_route("/assets/vendor/{library}/{version}/{name}", send_vendor, methods=["GET"])
router.add_api_route("/assets/city/{digest}/{layer}.geojson", send_city, methods=["GET"])
