"""The form of a consent record: every field that is asked for is there and says something."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app.privacy.purposes import NOTICES, Purpose
from app.privacy.records import NO_HASH, Controller, Link, Said, build, canonical, fault, hash_of, receipt, says
from tests.conftest import START
from tests.paths import shared

SAID = Said("con_1", "shp_1", 1, True, "app", START)


def record(purpose: Purpose = Purpose.LOCATION, **changes: Any) -> dict[str, Any]:
    return build(replace(SAID, **changes), NOTICES[purpose], Controller(), NO_HASH)


def chain(length: int) -> list[Link]:
    links: list[Link] = []
    before = NO_HASH
    for position in range(1, length + 1):
        text = canonical(build(replace(SAID, position=position), NOTICES[Purpose.LOCATION], Controller(), before))
        before = hash_of(text)
        links.append(Link(position, text, before))
    return links


class TestBuild:
    @pytest.mark.parametrize("purpose", list(Purpose))
    def test_has_every_field_of_the_standard(self, purpose: Purpose) -> None:
        asked = json.loads(shared("vectors", "iso27560", "mandatory-fields.json").read_text())
        document = receipt(canonical(record(purpose)), "x")
        header = {*document, *document["record"]}
        [processing] = document["record"]["processing"]
        wanted = [name.split(" (")[0].replace(" ", "_") for name in asked["metadata"]["mandatory"]]
        assert [name for name in wanted if name not in header] == []
        for part in ("mandatory", "optional_in_iso_but_required_under_gdpr"):
            assert [name for name in asked["processing"][part] if not processing.get(name.replace(" ", "_"))] == []
        assert [section for section in asked["sections"] if section != "header" and not document["record"].get(section)] == []

    def test_says_who_what_and_when(self) -> None:
        document = record(Purpose.MARKETING_PUSH, granted=False)
        assert document["events"][0] | {"validity_duration": ""} == {
            "event_type": "consent refused or withdrawn", "granted": False, "event_time": "2026-11-21T12:00:00Z", "validity_duration": "", "source": "app", "entity": "pii principal",
        }  # fmt: skip
        assert document["processing"][0]["purpose"] == {"id": "marketing_push", "title": "Messages", "data_use": "marketing.communications"}
        assert document["processing"][0]["recipient_third_parties"] == list(NOTICES[Purpose.MARKETING_PUSH].recipients)
        assert {"category": "user.location.precise", "words": "where you were, within 500 m, and in which shop"} in record()["processing"][0]["pii_information"]


class TestCanonical:
    def test_is_one_text_whatever_the_order(self) -> None:
        assert canonical({"b": [1, "ä"], "a": None}) == '{"a":null,"b":[1,"ä"]}' == canonical({"a": None, "b": [1, "ä"]})


class TestFault:
    def test_a_whole_chain_has_none(self) -> None:
        links = chain(3)
        assert fault(links, head=(3, links[-1].hash)) is None
        assert fault([], head=(0, NO_HASH)) is None

    def test_names_the_first_that_is_wrong(self) -> None:
        links = chain(3)
        head = (3, links[-1].hash)
        changed = links[1].text.replace("phone", "fone")
        assert fault([links[0], replace(links[1], text=changed), links[2]], head=head) == "record 2 was changed"
        assert fault([links[0], replace(links[1], text=changed, hash=hash_of(changed)), links[2]], head=head) == "record 3 does not follow the one before"
        assert fault([links[0], links[2]], head=head) == "record 2 is missing"
        assert fault(links[:2], head=head) == "the chain should end with record 3, and ends with 2"
        assert fault([replace(links[1], position=1)], head=head) == "record 1 does not follow the one before"


class TestSays:
    def test_holds_the_columns_to_the_record(self) -> None:
        text = canonical(record())
        assert says(text, "con_1", "shp_1", "location", True, 1, START)
        assert not says(text, "con_1", "shp_1", "location", False, 1, START)
        assert not says(text, "con_1", "shp_2", "location", True, 1, START)


class TestReceipt:
    def test_can_be_checked_by_anybody(self) -> None:
        text = canonical(record())
        made = json.loads(json.dumps(receipt(text, hash_of(text))))
        assert hash_of(json.dumps(made["record"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)) == made["hash"]
        assert made["receipt_id"] == receipt(text, "x")["receipt_id"]
