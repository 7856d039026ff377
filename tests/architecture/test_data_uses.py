"""Every module that names a table about shoppers declares what it reads it for, and a purpose's notice names what its uses read.

Seen to fail on: a module left out of its room's uses, one named that reads nothing, a use that is none, and a notice that forgot to say
that places are used.
"""

from __future__ import annotations

import json

import pytest

from app.cli.data_map import declared, personal_tables, reads
from app.privacy.purposes import NOTICES, Purpose
from app.privacy.tags import CATEGORIES, is_personal
from app.privacy.uses import DATA_USES, Basis, uses_of
from tests.paths import shared

PROOFS = {"user.authorization.credentials", "user.authorization.password", "user.payment", "user.name"}
"""Kinds of data that stand in the same rows and are nobody's ground for choosing, telling or counting."""


class TestReads:
    def test_every_module_that_names_people_declares_a_use_and_no_other_does(self) -> None:
        _, uses = declared()
        silent = {module: sorted(tables) for module, tables in reads().items() if module not in uses}
        idle = sorted(set(uses) - set(reads()))
        assert {"add to USES of the room's data_tags.py": silent, "declared, but reads nothing": idle} == {
            "add to USES of the room's data_tags.py": {}, "declared, but reads nothing": []
        }  # fmt: skip
        assert len(reads()) > 60

    def test_every_table_about_people_is_used_for_something(self) -> None:
        read = {table for tables in reads().values() for table in tables}
        assert personal_tables() - read == set()


class TestUses:
    def test_are_those_we_know_and_none_is_idle(self) -> None:
        used = {use for uses in declared()[1].values() for use in uses}
        assert used - set(DATA_USES) == set()
        assert set(DATA_USES) - used == {"marketing.communications.email", "marketing.communications.sms"}  # asked for; nothing is sent yet

    def test_are_keys_of_the_taxonomy(self) -> None:
        taxonomy = json.loads(shared("vectors", "fideslang", "data_uses.json").read_text())["data_use"]
        assert set(DATA_USES) - {each["fides_key"] for each in taxonomy} == set()

    def test_what_is_asked_for_names_its_purposes(self) -> None:
        assert [key for key, use in DATA_USES.items() if bool(use.purposes) is not (use.basis is Basis.CONSENT)] == []
        assert [p for p in Purpose if not uses_of(p)] == []


class TestNotices:
    @pytest.mark.parametrize("purpose", list(Purpose))
    def test_name_every_kind_of_data_their_use_reads(self, purpose: Purpose) -> None:
        categories, uses = declared()
        modules = [module for module, used in uses.items() if NOTICES[purpose].data_use in used]
        tables = {table for module in modules for table in reads()[module]}
        read = {category for (table, _), category in categories.items() if table in tables and is_personal(category)}
        told = {*NOTICES[purpose].categories, *PROOFS}
        assert sorted(read - told) == []
        assert set(NOTICES[purpose].categories) <= set(CATEGORIES)
