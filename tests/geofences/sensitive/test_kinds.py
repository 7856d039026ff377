"""OpenStreetMap's tags to kinds: the more telling tag wins, and what is open counts."""

from __future__ import annotations

import pytest

from geofences.sensitive.kinds import Kind, kind_of


class TestKindOf:
    @pytest.mark.parametrize(
        ("tags", "kind"),
        [
            ({"amenity": "hospital"}, Kind.HEALTH_CARE),
            ({"amenity": "dentist"}, Kind.HEALTH_CARE),
            ({"amenity": "pharmacy", "healthcare": "pharmacy"}, Kind.PHARMACY),
            ({"healthcare": "alternative"}, Kind.HEALTH_CARE),
            ({"healthcare": "blood_donation"}, Kind.HEALTH_CARE),
            ({"healthcare": "psychotherapist"}, Kind.MENTAL_HEALTH),
            ({"amenity": "clinic", "healthcare:speciality": "general;abortion"}, Kind.REPRODUCTIVE_HEALTH),
            ({"amenity": "clinic", "healthcare:speciality": "addiction"}, Kind.ADDICTION_TREATMENT),
            ({"amenity": "social_facility", "social_facility:for": "homeless"}, Kind.SHELTER),
            ({"amenity": "social_facility"}, Kind.SOCIAL_SERVICES),
            ({"amenity": "shelter"}, Kind.SHELTER),
            ({"amenity": "shelter", "shelter_type": "public_transport"}, None),
            ({"amenity": "kindergarten"}, Kind.CHILD_CARE),
            ({"amenity": "school"}, Kind.SCHOOL),
            ({"amenity": "place_of_worship", "building": "church"}, Kind.WORSHIP),
            ({"amenity": "courthouse"}, Kind.POLICE_OR_COURT),
            ({"office": "union"}, Kind.UNION),
            ({"landuse": "military"}, Kind.MILITARY),
            ({"building": "hospital"}, Kind.HEALTH_CARE),
            ({"amenity": "veterinary", "healthcare": "veterinary"}, None),
            ({"amenity": "cafe"}, None),
            ({"shop": "chocolate", "amenity": 7}, None),
            ({}, None),
        ],
    )
    def test_tags(self, tags: dict[str, object], kind: Kind | None) -> None:
        assert kind_of(tags) is kind
