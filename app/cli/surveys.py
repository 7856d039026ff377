"""`moments surveys`: which there are, opening and closing one, and how many chose what.

Owns the commands and their layout. Must not decide what may be told.
"""

from __future__ import annotations

from typing import Annotated

import typer

program = typer.Typer(help="Surveys: list, open, close, figures.", no_args_is_help=True, rich_markup_mode=None)

SurveyId = Annotated[str, typer.Argument(metavar="SURVEY", help="Its short name, such as after-visit-2026.")]
BY = "cli"


@program.command("list")
def list_surveys() -> None:
    """Open ones first."""
    from app.cli.opening import opened_house
    from app.cli.terminal import cell, print_table
    from notifications import facade as notifications

    with opened_house() as house, house.database.reading() as session:
        found = notifications.surveys.surveys(session)
    print_table(("survey", "state", "shown after", "questions", "title"), [(s.id, s.state.value, s.shown_after.value, len(s.questions), cell(s.title)) for s in found], empty="There is no survey.")


@program.command("open")
def open_survey(survey_id: SurveyId) -> None:
    """From now on it may be answered; its questions stay as they are."""
    _set(survey_id, "open")


@program.command("close")
def close(survey_id: SurveyId) -> None:
    """No more answers."""
    _set(survey_id, "closed")


def _set(survey_id: str, state: str) -> None:
    from app.cli.opening import opened_house
    from notifications import facade as notifications

    surveys = notifications.surveys
    with opened_house() as house, house.database.transaction() as session:
        surveys.set_state(session, survey_id, surveys.SurveyState(state), by=BY, at=house.clock.now())
    print(f"{survey_id}: {state}")


@program.command("figures")
def figures(survey_id: SurveyId, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """How many chose what; nothing that fewer than twenty people stand behind."""
    from app.cli.opening import opened_house
    from app.cli.terminal import cell, print_json, print_table
    from notifications import facade as notifications

    with opened_house() as house, house.database.reading() as session:
        found = notifications.surveys.figures(session, survey_id, house.clock.now())
    if as_json:
        print_json(found)
        return
    rows = [(cell(q.question.text), cell(a.label), "fewer than 20" if a.people is None else a.people, f"{survey_id}/{q.question.id}/{a.value}") for q in found.questions for a in q.answers]
    print_table(("question", "answer", "people", "in an audience"), rows, empty="It asks for words alone.")
