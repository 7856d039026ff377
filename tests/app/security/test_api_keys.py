from __future__ import annotations

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.security.api_keys import list_api_keys, make_api_key, revoke_api_key
from app.security.models import ApiKeyRow


class TestMakeApiKey:
    def test_is_told_once_and_only_hashed(self, database: Database) -> None:
        with database.transaction() as session:
            made = make_api_key(session, "till system", ["places", "metrics", "metrics"], made_by="per_1", at=database.clock.now())
        assert made.key.startswith("mk_live_")
        assert made.shown == made.key[:14]
        assert made.scopes == ("metrics", "places")
        with database.reading() as session:
            row = session.scalars(select(ApiKeyRow)).one()
            assert made.key not in {str(getattr(row, c.name)) for c in ApiKeyRow.__table__.columns}
            (view,) = list_api_keys(session)
        assert (view.id, view.shown, view.name, view.scopes, view.made_by, view.revoked_at) == (made.id, made.shown, "till system", made.scopes, "per_1", None)

    @pytest.mark.parametrize("scopes", [[], ["everything"], ["metrics", "fix"]])
    def test_refuses_scopes_that_do_not_exist(self, database: Database, scopes: list[str]) -> None:
        with pytest.raises(Invalid, match="places, catalogue, metrics"), database.transaction() as session:
            make_api_key(session, "x", scopes, made_by="per_1", at=database.clock.now())
        with database.reading() as session:
            assert list_api_keys(session) == []


class TestRevokeApiKey:
    def test_works_once_and_stays_in_the_list(self, database: Database) -> None:
        with database.transaction() as session:
            made = make_api_key(session, "x", ["metrics"], made_by="per_1", at=database.clock.now())
        with database.transaction() as session:
            assert revoke_api_key(session, made.id, at=database.clock.now())
        with database.transaction() as session:
            assert not revoke_api_key(session, made.id, at=database.clock.now())
            assert not revoke_api_key(session, "key_none", at=database.clock.now())
        with database.reading() as session:
            assert [k.revoked_at for k in list_api_keys(session)] == [database.clock.now()]
