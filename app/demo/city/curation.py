"""Which real shop sites of central Helsinki become places of the demo, and which invented brand stands on each.

Owns the choice alone (a table); `derive` takes geometry from OpenStreetMap by the reference given here. Where a campaign
speaks for a place it carries a brand of our own invention, never the trade name found on the site. Must not hold coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

TIMEZONE = "Europe/Helsinki"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One place. `site` is an OpenStreetMap reference (`node/1`, `way/2`, `relation/3`); a node becomes a circle of
    `radius_m`, a way or relation its building outline (holes kept)."""

    id: str
    name: str
    kind: str
    site: str
    chain: str | None = None
    radius_m: int | None = None
    tags: tuple[str, ...] = ()
    hours: dict[str, str] | None = None
    """Invented, as the brands are; None where nobody has said them."""


def week(weekdays: str, saturday: str, sunday: str) -> dict[str, str]:
    """Opening hours by day, as a place is imported with them."""
    return dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), weekdays) | {"sat": saturday, "sun": sunday}


OOEY_GOOEY = "ooey-gooey"
PIKKU_KUPPI = "pikku-kuppi"
LUKULAMPPU = "lukulamppu"
KUKKA_JA_KASTE = "kukka-ja-kaste"
ASKEL = "askel"

HIGH_STREET = week("10:00-20:00", "10:00-18:00", "12:00-17:00")
COFFEE = week("07:30-19:00", "09:00-19:00", "10:00-17:00")
FLOWERS = week("09:00-18:00", "10:00-16:00", "closed")
SHOES = week("10:00-19:00", "10:00-17:00", "closed")
TEA = week("10:00-21:00", "10:00-21:00", "12:00-19:00")
BAKERY = week("07:00-17:00", "08:00-15:00", "closed")
SMALL_SHOP = week("11:00-18:00", "11:00-16:00", "closed")
MALL = week("08:00-21:00", "09:00-19:00", "11:00-18:00")

PLACES: tuple[Chosen, ...] = (
    Chosen("plc_ooey_gooey_kluuvi", "Ooey Gooey Kluuvi", "store", "node/4553415349", OOEY_GOOEY, 26, ("chocolate", "gifts"), HIGH_STREET),
    Chosen("plc_ooey_gooey_asema", "Ooey Gooey Asema", "store", "node/4220208272", OOEY_GOOEY, 24, ("chocolate", "gifts"), HIGH_STREET),
    Chosen("plc_ooey_gooey_roba", "Ooey Gooey Roba", "store", "node/4754875512", OOEY_GOOEY, 24, ("chocolate", "gifts"), HIGH_STREET),
    Chosen("plc_ooey_gooey_yrjo", "Ooey Gooey Yrjönkatu", "store", "node/4747221550", OOEY_GOOEY, 24, ("chocolate", "gifts"), HIGH_STREET),
    Chosen("plc_pikku_kuppi_kluuvi", "Pikku Kuppi Kluuvi", "cafe", "node/4403687291", PIKKU_KUPPI, 22, ("coffee",), COFFEE),
    Chosen("plc_pikku_kuppi_espa", "Pikku Kuppi Esplanadi", "cafe", "node/1985598534", PIKKU_KUPPI, 24, ("coffee",), COFFEE),
    Chosen("plc_pikku_kuppi_simo", "Pikku Kuppi Simonkatu", "cafe", "node/60068035", PIKKU_KUPPI, 22, ("coffee",), COFFEE),
    Chosen("plc_lukulamppu_keskus", "Lukulamppu Keskuskatu", "store", "node/1369465537", LUKULAMPPU, 30, ("books",), HIGH_STREET),
    Chosen("plc_lukulamppu_aleksi", "Lukulamppu Aleksi", "store", "node/1369465689", LUKULAMPPU, 24, ("books",), HIGH_STREET),
    Chosen("plc_kukka_bulevardi", "Kukka & Kaste Bulevardi", "store", "node/4858188410", KUKKA_JA_KASTE, 22, ("flowers",), FLOWERS),
    Chosen("plc_kukka_aleksi", "Kukka & Kaste Aleksi", "store", "node/6049453042", KUKKA_JA_KASTE, 20, ("flowers",), FLOWERS),
    Chosen("plc_askel_aleksi", "Askel Aleksi", "store", "node/319515050", ASKEL, 22, ("shoes",), SHOES),
    Chosen("plc_askel_freda", "Askel Freda", "store", "node/4866097644", ASKEL, 22, ("shoes",), SHOES),
    Chosen("plc_hoyry", "Höyry Tea Room", "cafe", "node/311747780", None, 22, ("tea",), TEA),
    Chosen("plc_murunen", "Murunen Bakery", "store", "node/4693464161", None, 22, ("bakery",), BAKERY),
    Chosen("plc_puuhevonen", "Puuhevonen Toys", "store", "node/4751244138", None, 20, ("toys", "gifts"), SMALL_SHOP),
    Chosen("plc_ura_levyt", "Ura Records", "store", "node/5865570485", None, 22, ("music",), SMALL_SHOP),
    Chosen("plc_muoto", "Muoto Design", "store", "node/4518333289", None, 22, ("design", "gifts"), HIGH_STREET),
    Chosen("plc_pieni_paketti", "Pieni Paketti", "store", "node/4738322130", None, 22, ("gifts",), HIGH_STREET),
    Chosen("plc_hopeasaari", "Hopeasaari Jewellery", "store", "node/4727972450", None, 20, ("jewellery", "gifts"), SMALL_SHOP),
    Chosen("plc_kivijalka", "Kivijalka Antiquarian", "store", "node/3139499046", None, 22, ("books",)),
    Chosen("plc_linnunrata", "Linnunrata Arcade", "mall", "relation/9630", None, None, ("mall",), MALL),
    Chosen("plc_kluuvi", "Kluuvi shopping centre", "mall", "way/22273017", None, None, ("mall",), MALL),
    Chosen("plc_forum", "Forum quarter", "mall", "way/289767497", None, None, ("mall",), MALL),
    Chosen("plc_galleria", "Galleria Esplanad", "mall", "node/4542621189", None, 38, ("mall",), MALL),
)
