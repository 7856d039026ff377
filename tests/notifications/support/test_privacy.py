"""All of a case is in her export, our notes too, and nothing of it is left when she is erased."""

from __future__ import annotations

from sqlalchemy import func, select

from notifications.support import handling
from notifications.support.models import Case, CaseEntry
from notifications.support.privacy import HOLDERS
from tests.notifications.support.conftest import MAIJA, Desk


class TestHolder:
    def test_exported_and_erased_and_anothers_stays(self, desk: Desk) -> None:
        jane, other = desk.shopper(), desk.shopper()
        case_id, foreign = desk.open(jane), desk.open(other, "Mine")
        desk.claim(case_id)
        desk.run(lambda session: handling.note(session, case_id, "A note about her.", by=MAIJA, at=desk.now))
        [holder] = HOLDERS
        with desk.database.transaction() as session:
            [told] = holder.export(session, jane)["support_cases"]
            assert (told["id"], told["subject"], [e["text"] for e in told["entries"]]) == (
                case_id, "Where is my parcel?", ["Opened (app).", "Where is my parcel?", "Taken.", "A note about her."],
            )  # fmt: skip
            assert MAIJA.id not in str(told)  # who of us it was is not about her
            assert holder.erase(session, jane) == 5
            assert session.scalars(select(Case.id)).all() == [foreign]
            assert session.scalar(select(func.count()).select_from(CaseEntry)) == 2
