"""Draws the catalogue's pictures: one flat style, our own shapes. `python -m app.demo.drawings` writes app/web/static/products/*.svg.

Owns the shapes and the colours. The files are committed; nothing in the running product imports this.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "web" / "static" / "products"

COCOA, DARK, MILK, CARAMEL, CREAM = "#6a3820", "#43210f", "#95603c", "#d9914c", "#f7e6d2"
BERRY, ROSE, LEAF, MOSS, SKY, NIGHT, GOLD, PAPER = "#a8244c", "#e58aa3", "#5f8a52", "#35573a", "#7fa9bf", "#2d3f56", "#d7a93c", "#fffdf8"


def rect(x: float, y: float, w: float, h: float, fill: str, r: float = 8, more: str = "") -> str:
    return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{r}" fill="{fill}"{more}/>'


def disc(x: float, y: float, r: float, fill: str, more: str = "") -> str:
    return f'<circle cx="{x}" cy="{y}" r="{r}" fill="{fill}"{more}/>'


def oval(x: float, y: float, rx: float, ry: float, fill: str, more: str = "") -> str:
    return f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" fill="{fill}"{more}/>'


def path(d: str, fill: str = "none", stroke: str | None = None, width: float = 6) -> str:
    line = f' stroke="{stroke}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round"' if stroke else ""
    return f'<path d="{d}" fill="{fill}"{line}/>'


def bonbon(body: str, drizzle: str) -> str:
    return (path("M60 152c0-44 24-74 60-74s60 30 60 74z", body) + rect(52, 148, 136, 18, DARK, 9)
            + path("M74 128c16-14 24 12 40-4s22 14 38-4 14 6 16 8", "none", drizzle, 7) + path("M84 108c6-10 14-16 24-18", "none", "#ffffff66", 6))  # fmt: skip


def bar(wrapper: str, band: str) -> str:
    squares = "".join(rect(66 + 37 * c, 52 + 34 * r, 33, 30, MILK if (r + c) % 2 else COCOA, 5) for r in range(2) for c in range(3))
    return rect(62, 48, 116, 74, DARK, 8) + squares + rect(56, 108, 128, 84, wrapper, 8) + rect(56, 136, 128, 26, band, 0) + disc(120, 149, 9, wrapper)


def box(lid: str, ribbon: str) -> str:
    return (rect(56, 100, 128, 88, lid, 8) + rect(48, 84, 144, 30, lid, 8) + rect(48, 108, 144, 6, "#00000022", 0) + rect(110, 84, 20, 104, ribbon, 0)
            + path("M120 84c-34-6-40-36-18-36 14 0 18 20 18 36zm0 0c34-6 40-36 18-36-14 0-18 20-18 36z", ribbon))  # fmt: skip


def truffles(first: str, second: str) -> str:
    def ball(x: float, y: float, fill: str) -> str:
        return disc(x, y, 33, fill) + path(f"M{x - 16} {y - 8}c4-9 10-13 18-14", "none", "#ffffff55", 5)

    return ball(84, 148, first) + ball(156, 148, second) + ball(120, 92, COCOA) + "".join(disc(x, y, 3.2, CREAM) for x, y in ((108, 104), (128, 110), (134, 92), (120, 78)))


def cup(body: str, drink: str) -> str:
    steam = path("M98 66c-8-10 8-16 0-28M122 66c-8-10 8-16 0-28M146 66c-8-10 8-16 0-28", "none", "#ffffffaa", 6)
    return steam + path("M174 106c26-4 34 40-4 44", "none", body, 12) + path("M64 86h116c0 52-14 88-58 88s-58-36-58-88z", body) + oval(122, 88, 58, 13, drink) + oval(122, 182, 70, 10, PAPER)


def bag(body: str, label: str) -> str:
    return path("M70 62h100l8 126H62z", body) + path("M70 62l8-18h84l8 18z", body) + rect(70, 58, 100, 8, "#00000026", 0) + rect(88, 98, 64, 58, label, 8) \
        + path("M120 108c16 10 16 28 0 38-16-10-16-28 0-38z", body) + path("M120 108c-6 14 6 24 0 38", "none", label, 3)


def jar(body: str, label: str) -> str:
    return rect(78, 44, 84, 24, GOLD, 7) + rect(66, 66, 108, 122, body, 18) + rect(66, 102, 108, 50, label, 0) + path("M92 128h56", "none", body, 6) + path("M80 80v14", "none", "#ffffff66", 6)


def book(cover: str, mark: str, art: str) -> str:
    return rect(66, 46, 112, 148, PAPER, 6) + rect(60, 40, 112, 148, cover, 6) + rect(60, 40, 16, 148, "#00000026", 6) + art + path("M150 40v40l-9-9-9 9V40z", mark) + rect(92, 150, 58, 7, "#ffffffaa", 3) + rect(92, 164, 38, 7, "#ffffff77", 3)


def bouquet(petal: str, heart: str) -> str:
    def bloom(x: float, y: float, r: float) -> str:
        around = ((0, -1), (0.95, -0.31), (0.59, 0.81), (-0.59, 0.81), (-0.95, -0.31))
        return "".join(disc(round(x + dx * r, 1), round(y + dy * r, 1), r * 0.78, petal) for dx, dy in around) + disc(x, y, r * 0.6, heart)

    stems = path("M120 190 88 100M120 190V84M120 190l32-90", "none", MOSS, 5)
    return stems + oval(72, 128, 8, 20, LEAF, ' transform="rotate(-38 72 128)"') + oval(168, 128, 8, 20, LEAF, ' transform="rotate(38 168 128)"') \
        + bloom(84, 90, 18) + bloom(156, 90, 18) + bloom(120, 68, 20) + path("M86 140h68l-18 54h-32z", CREAM) + rect(96, 156, 48, 9, BERRY, 4)


def plant(leaf: str, pot: str) -> str:
    leaves = "".join(oval(120, 88, 15, 44, leaf if turn % 50 else MOSS, f' transform="rotate({turn} 120 136)"') for turn in (-50, -25, 0, 25, 50))
    return leaves + path("M80 132h80l-10 58H90z", pot) + rect(74, 124, 92, 18, pot, 6) + rect(74, 138, 92, 5, "#00000022", 0)


def shoe(upper: str, sole: str, lace: str) -> str:
    return path("M46 120c0-12 6-22 12-26 16 16 34 14 46 0 18 30 42 40 74 44 14 2 18 12 18 26H46z", upper) + rect(42, 160, 158, 18, sole, 9) \
        + path("M106 104l14-8M116 116l15-9M128 127l15-9", "none", lace, 5) + path("M56 130c14 8 26 8 40 2", "none", "#ffffff55", 5)


def pot(body: str, detail: str) -> str:
    return path("M166 106c30-10 34 42-4 46", "none", body, 11) + path("M74 112c-22 0-26 16-40 20 8 12 24 18 44 14z", body) + oval(120, 132, 54, 48, body) \
        + oval(120, 88, 34, 9, detail) + disc(120, 74, 9, detail) + oval(120, 184, 40, 7, "#00000022") + path("M88 118c4-10 10-15 18-18", "none", "#ffffff66", 6)


def candle(wax: str, holder: str) -> str:
    return path("M120 36c16 20 12 34 0 36-12-2-16-16 0-36z", GOLD) + path("M120 72v16", "none", DARK, 4) + rect(88, 86, 64, 84, wax, 10) + oval(120, 88, 32, 8, "#ffffff66") + rect(70, 166, 100, 20, holder, 10)


def record(sleeve: str, label: str) -> str:
    return disc(142, 118, 62, "#221a17") + "".join(disc(142, 118, r, "none", ' stroke="#4a3d37" stroke-width="2"') for r in (52, 42, 32)) + disc(142, 118, 18, label) + rect(44, 52, 118, 132, sleeve, 6) \
        + path("M64 158c16-50 30-50 40-20s22 20 38-34", "none", "#ffffffbb", 7)


def bowl(body: str, inside: str) -> str:
    """With a whisk in it."""
    whisk = path("M150 106 196 40", stroke=BERRY, width=10) + path("M150 106c-34 4-40 40-22 52 24 0 38-22 22-52z", stroke=NIGHT, width=5)
    return whisk + oval(120, 112, 70, 16, inside) + path("M50 112c0 50 30 78 70 78s70-28 70-78c-30 20-110 20-140 0z", body)


def barbecue(lid: str, handle: str) -> str:
    legs = path("M92 148 72 196M148 148l20 48M120 152v40", "none", NIGHT, 7)
    return path("M98 40c-8-8 8-12 0-22M122 40c-8-8 8-12 0-22", "none", "#ffffffaa", 6) + legs + path("M58 108h124c0 34-26 52-62 52s-62-18-62-52z", NIGHT) \
        + path("M58 102c0-30 28-50 62-50s62 20 62 50z", lid) + rect(54, 100, 132, 10, "#ffffffaa", 5) + rect(104, 44, 32, 10, handle, 5) + path("M78 88c6-12 16-18 28-20", "none", "#ffffff66", 6)


MOON = disc(120, 100, 24, GOLD) + disc(130, 94, 20, NIGHT)
WAVES = path("M84 96q12-12 24 0t24 0 24 0M84 116q12-12 24 0t24 0 24 0", "none", "#ffffffcc", 5)
TREE = path("M120 72 92 128h56z", "#ffffffcc") + rect(115, 128, 10, 14, "#ffffffcc", 2)
SPOON = disc(120, 84, 17, "#ffffffcc") + path("M120 100v36", "none", "#ffffffcc", 7)

# What each picture is: its background, and what is drawn on it.
DRAWINGS: dict[str, tuple[str, Callable[[], str]]] = {
    "salted-rye-bonbon": ("#f3d9bd", lambda: bonbon(COCOA, CREAM)),
    "cloudberry-bonbon": ("#fbe3b4", lambda: bonbon(CARAMEL, PAPER)),
    "sea-buckthorn-bonbon": ("#ffe0c2", lambda: bonbon("#e07b26", DARK)),
    "dark-74-bar": ("#ead9c8", lambda: bar(NIGHT, GOLD)),
    "oat-milk-bar": ("#dfe7ee", lambda: bar(SKY, PAPER)),
    "liquorice-truffles": ("#eadfe6", lambda: truffles(DARK, MILK)),
    "praline-course": ("#f3e2d4", lambda: bowl(PAPER, COCOA)),
    "box-of-twelve": ("#f8d5dd", lambda: box(COCOA, BERRY)),
    "house-espresso-beans": ("#ecdcc6", lambda: bag(DARK, CREAM)),
    "light-roast-beans": ("#f6e3c0", lambda: bag(CARAMEL, PAPER)),
    "cortado": ("#e8d5c0", lambda: cup(PAPER, MILK)),
    "hot-chocolate": ("#f1d2c4", lambda: cup(BERRY, COCOA)),
    "birch-leaf-tea": ("#dfe9d2", lambda: jar(LEAF, PAPER)),
    "smoked-black-tea": ("#e6dcd2", lambda: pot(NIGHT, GOLD)),
    "nightferry": ("#d6dfe9", lambda: book(NIGHT, BERRY, MOON)),
    "tidebook": ("#d5e6ec", lambda: book("#2f7288", GOLD, WAVES)),
    "forest-for-beginners": ("#deead6", lambda: book(MOSS, CARAMEL, TREE)),
    "one-pot-winter": ("#f6dccf", lambda: book("#b1492f", CREAM, SPOON)),
    "market-bouquet": ("#fbe1e6", lambda: bouquet(ROSE, GOLD)),
    "white-bouquet": ("#e4ebdd", lambda: bouquet(PAPER, GOLD)),
    "window-plant": ("#e2edd8", lambda: plant(LEAF, CARAMEL)),
    "harbour-sneaker": ("#d9e4ec", lambda: shoe(NIGHT, PAPER, PAPER)),
    "felt-slipper": ("#efdfe4", lambda: shoe("#b56478", CREAM, CREAM)),
    "beeswax-candle": ("#f5e4c3", lambda: candle("#e8b95b", COCOA)),
    "balcony-barbecue": ("#dcebdc", lambda: barbecue("#b1492f", CARAMEL)),
    "tram-six-record": ("#e7dfd3", lambda: record("#b1492f", GOLD)),
}


def drawing(name: str) -> str:
    background, inside = DRAWINGS[name]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240">{rect(0, 0, 240, 240, background, 0)}'
            f'{disc(188, 40, 74, "#ffffff", " opacity=" + chr(34) + "0.28" + chr(34))}{oval(120, 194, 76, 11, "#3c2314", " opacity=" + chr(34) + "0.14" + chr(34))}'
            f"{inside()}</svg>\n")  # fmt: skip


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in DRAWINGS:
        (TARGET / f"{name}.svg").write_text(drawing(name))
    print(f"{len(DRAWINGS)} drawings in {TARGET.name}")


if __name__ == "__main__":
    main()
