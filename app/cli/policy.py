"""`moments policy`: what the rules say, whether they say what they should, and why something was refused.

Owns the commands; app/security/policies decides and keeps the book. Must not change a rule: they are files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.kernel.errors import AppError, Invalid

if TYPE_CHECKING:
    from app.security.policies.cases import Case

program = typer.Typer(help="The rules of who may do what, as things are.", no_args_is_help=True, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
SHOWN = 20


@program.command("check")
def check(as_json: AsJson = False) -> None:
    """Load the rules, hold them against their schema, and list them."""
    from app.cli.terminal import print_json, print_table
    from app.security.policies.engine import RulesBroken, engine

    try:
        rules = engine().rules.values()
    except RulesBroken as wrong:
        raise AppError(f"the rules cannot be used: {wrong}") from None
    told = [{"id": r.id, "effect": "permit" if r.permits else "forbid", "reason": r.reason or None, "asks_for": r.step_up, "max_age_s": r.max_age_s or None} for r in rules]
    if as_json:
        print_json(told)
        return
    print_table(("rule", "effect", "reason", "asks for", "at most s old"), [tuple(r.values()) for r in told], empty="")


@program.command("test")
def try_cases(
    file: Annotated[Path | None, typer.Argument(help="A table (.csv) or a matrix (.yaml) of cases; else the specification of the house.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the rules every case of a table, and tell those that are answered otherwise."""
    from app.cli.terminal import print_json
    from app.security.policies import cases
    from app.security.policies.engine import RULES, engine

    found = _cases(file or RULES.parent / "specification" / "table.csv")
    wrong = list(cases.wrong_of(found, engine().decide))
    if as_json:
        print_json({"cases": len(found), "wrong": [{"number": w.number, "about": w.case.about, "text": w.text} for w in wrong]})
    else:
        for one in wrong[:SHOWN]:
            print(f"{one.text}\n    {one.case.about}")
        print(f"{len(found)} cases, {len(wrong)} answered otherwise")
    if wrong:
        raise typer.Exit(1)


@program.command("expand")
def expand(file: Annotated[Path, typer.Argument(help="A matrix (.yaml).")]) -> None:
    """Print the table that a matrix says, one case a line."""
    from app.security.policies import cases

    print(cases.write_table(_cases(file)), end="")


@program.command("list")
def list_decisions(
    outcome: Annotated[str | None, typer.Option(help="Only allow, step_up or deny.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest decisions that were written down."""
    from app.cli.opening import opened_database
    from app.cli.terminal import print_json, print_table
    from app.security.policies import decision_log

    with opened_database() as database, database.reading() as session:
        found = decision_log.newest(session, outcome=outcome, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(d.id, d.at, d.who, d.action, d.outcome, d.reasons) for d in found]
    print_table(("id", "at", "who", "action", "outcome", "reasons"), rows, empty="nothing was decided that is worth a line")


@program.command("explain")
def explain(decision_id: Annotated[str, typer.Argument(metavar="ID", help="The decision_id of a refusal.")], as_json: AsJson = False) -> None:
    """Say why something was refused, or what was asked for; it is noted in the audit log that you looked."""
    from app.cli.opening import opened_keys
    from app.cli.terminal import print_json, whoever_types
    from app.kernel.errors import NotFound
    from app.security.audit import journal
    from app.security.policies import decision_log
    from app.security.reasons import REASONS

    with opened_keys() as (database, _), database.reading() as session:
        found = decision_log.find(session, decision_id)
        if found is None:
            raise NotFound(f"ID: no decision {decision_id} is kept; see: moments policy list")
        about = found.who if found.role == "shopper" else None
        journal.looked_at(session, "policy_decision", by=whoever_types(), about=about, of=decision_id, at=database.clock.now())
    if as_json:
        print_json(found)
        return
    print(f"{found.outcome}: {found.who} wanted to {found.action} at {found.at:%Y-%m-%d %H:%M:%S} UTC")
    for reason in found.reasons:
        print(f"  - {REASONS.get(reason, reason)}\n      {reason}")
    if found.acr:
        print(f"  opened by: {found.acr}, at most {found.max_age_s} s old")
    print(f"  rules: {', '.join(found.policy_ids) or 'none permits it'}\n  inputs: sha256 {found.inputs_hash}")


def _cases(file: Path) -> list[Case]:
    from app.security.policies import cases

    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid.field("FILE", f"{file} is not UTF-8 text; save it as UTF-8") from None
    if file.suffix.lower() not in (".yaml", ".yml"):
        return cases.read_table(text)
    import yaml

    try:
        return cases.expand(yaml.safe_load(text))
    except yaml.YAMLError as wrong:
        where = getattr(wrong, "problem_mark", None)
        raise Invalid.field("FILE", f"{file} is not YAML{f', line {where.line + 1}' if where is not None else ''}") from None
