"""What makes a place sensitive, and how it is recognised by the tags of OpenStreetMap.

Owns the kinds, their words and the reading of tags. Pure. It must not know distances or laws (laws.py, rules.py). The kinds are
those that the laws on health-care geofences and the location-data orders of the US Federal Trade Commission name. What a tag
leaves open counts as sensitive.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    HEALTH_CARE = "health_care"
    MENTAL_HEALTH = "mental_health"
    REPRODUCTIVE_HEALTH = "reproductive_health"
    ADDICTION_TREATMENT = "addiction_treatment"
    PHARMACY = "pharmacy"
    SCHOOL = "school"
    CHILD_CARE = "child_care"
    WORSHIP = "place_of_worship"
    POLICE_OR_COURT = "police_or_court"
    PRISON = "prison"
    SHELTER = "shelter"
    SOCIAL_SERVICES = "social_services"
    UNION = "labour_union"
    POLITICS = "political_office"
    MILITARY = "military"
    COMMUNITY = "minority_community"


HEALTH = frozenset(
    {Kind.HEALTH_CARE, Kind.MENTAL_HEALTH, Kind.REPRODUCTIVE_HEALTH, Kind.ADDICTION_TREATMENT, Kind.PHARMACY}
)
"""In-person health care in the widest sense: using or buying medication is part of it (Washington's definition)."""

WORDS: Mapping[Kind, str] = {
    **dict.fromkeys(HEALTH, "health care"),  # which care it is would be told of whoever is there
    Kind.SCHOOL: "a school",
    Kind.CHILD_CARE: "child care",
    Kind.WORSHIP: "a place of worship",
    Kind.POLICE_OR_COURT: "a police station or court",
    Kind.PRISON: "a prison",
    Kind.SHELTER: "a shelter",
    Kind.SOCIAL_SERVICES: "social services",
    Kind.UNION: "a labour union",
    Kind.POLITICS: "a political office",
    Kind.MILITARY: "a military site",
    Kind.COMMUNITY: "a community's meeting place",
}
"""In general words: nobody need know more to understand a refusal."""

_AMENITY: Mapping[str, Kind] = {
    **dict.fromkeys(("hospital", "clinic", "doctors", "dentist", "nursing_home", "hospice", "health_post"), Kind.HEALTH_CARE),
    "pharmacy": Kind.PHARMACY,
    **dict.fromkeys(("school", "college", "language_school", "music_school", "prep_school"), Kind.SCHOOL),
    **dict.fromkeys(("kindergarten", "childcare", "preschool"), Kind.CHILD_CARE),
    **dict.fromkeys(("place_of_worship", "monastery"), Kind.WORSHIP),
    **dict.fromkeys(("police", "courthouse"), Kind.POLICE_OR_COURT),
    "prison": Kind.PRISON,
    **dict.fromkeys(("refugee_site", "refugee_housing"), Kind.SHELTER),
    **dict.fromkeys(("social_facility", "social_centre", "food_bank"), Kind.SOCIAL_SERVICES),
}
_ROOFS = frozenset(
    {"public_transport", "weather_shelter", "picnic_shelter", "lean_to", "gazebo", "rock_shelter", "sun_shelter", "basic_hut"}
)
"""`amenity=shelter` against the weather; without a type it may be for people."""
_SOCIAL: Mapping[str, Kind] = {
    **dict.fromkeys(("shelter", "group_home", "refugee"), Kind.SHELTER),
    **dict.fromkeys(("healthcare", "nursing_home", "hospice", "assisted_living", "ambulatory_care"), Kind.HEALTH_CARE),
    "clothing_bank": Kind.SOCIAL_SERVICES,
}
_FOR: Mapping[str, Kind] = {
    **dict.fromkeys(("homeless", "displaced", "refugee", "migrant", "abused", "victim"), Kind.SHELTER),
    **dict.fromkeys(("drug_addicted", "addicted"), Kind.ADDICTION_TREATMENT),
    **dict.fromkeys(("mental_health", "diseased", "disabled"), Kind.HEALTH_CARE),
    "child": Kind.CHILD_CARE,
}
_CARE: Mapping[str, Kind] = {
    "pharmacy": Kind.PHARMACY,
    **dict.fromkeys(("psychotherapist", "psychology", "psychiatry"), Kind.MENTAL_HEALTH),
    **dict.fromkeys(("midwife", "birthing_centre", "birthing_center", "fertility_clinic"), Kind.REPRODUCTIVE_HEALTH),
    **dict.fromkeys(("abortion", "gynaecology", "reproductive_medicine", "fertility", "std_clinic"), Kind.REPRODUCTIVE_HEALTH),
    **dict.fromkeys(("addiction", "addiction_medicine", "drug_rehabilitation"), Kind.ADDICTION_TREATMENT),
}
_OFFICE: Mapping[str, Kind] = {
    **dict.fromkeys(("physician", "therapist", "healer", "medical"), Kind.HEALTH_CARE),
    "union": Kind.UNION,
    **dict.fromkeys(("political_party", "politician"), Kind.POLITICS),
    **dict.fromkeys(("religion", "parish"), Kind.WORSHIP),
}
_NOT = frozenset({"", "no", "veterinary"})


def kind_of(tags: Mapping[str, object]) -> Kind | None:
    """The kind of a place with these tags; None: nothing sensitive about it. The more telling tag wins."""
    told = {key: str(value).strip().lower() for key, value in tags.items() if isinstance(value, str)}
    care, amenity = told.get("healthcare", ""), told.get("amenity", "")
    for word in (*told.get("healthcare:speciality", "").replace(",", ";").split(";"), care):
        if (found := _CARE.get(word.strip())) is not None:
            return found
    if care not in _NOT:
        return Kind.HEALTH_CARE
    if amenity in ("social_facility", "social_centre"):
        return _social(told)
    if amenity == "shelter":
        return None if told.get("shelter_type") in _ROOFS else Kind.SHELTER
    if (found := _AMENITY.get(amenity) or _OFFICE.get(told.get("office", ""))) is not None:
        return found
    return _grounds(told)


def _social(told: Mapping[str, str]) -> Kind:
    for group in told.get("social_facility:for", "").replace(",", ";").split(";"):
        if (found := _FOR.get(group.strip())) is not None:
            return found
    return _SOCIAL.get(told.get("social_facility", ""), Kind.SOCIAL_SERVICES)


def _grounds(told: Mapping[str, str]) -> Kind | None:
    if told.get("lgbtq") in ("primary", "only"):
        return Kind.COMMUNITY
    if "military" in told or told.get("landuse") == "military":
        return Kind.MILITARY
    building = told.get("building", "")
    if building in ("hospital", "clinic"):
        return Kind.HEALTH_CARE
    if building in ("church", "mosque", "synagogue", "temple", "cathedral", "chapel"):
        return Kind.WORSHIP
    return {"school": Kind.SCHOOL, "kindergarten": Kind.CHILD_CARE}.get(building)
