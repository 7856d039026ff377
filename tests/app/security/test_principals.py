from __future__ import annotations

from app.security.principals import NOBODY, Principal, Role


class TestPrincipal:
    def test_key_names_kind_and_id(self) -> None:
        assert Principal(Role.CLERK, "per_1").key == "clerk:per_1"
        assert NOBODY.key == ""

    def test_a_clerk_works_only_where_bound_and_an_operator_everywhere(self) -> None:
        clerk = Principal(Role.CLERK, "per_1", place_ids=("plc_1",))
        assert clerk.works_at("plc_1")
        assert not clerk.works_at("plc_2")
        assert Principal(Role.OPERATOR, "per_2").works_at("plc_2")
        assert not Principal(Role.MARKETER, "per_3", place_ids=("plc_1",)).works_at("plc_1")
