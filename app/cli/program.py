"""The list of commands, and how their failures leave the process.

Owns which commands exist and the exit codes. Must import nothing but typer and the command modules, which in turn
import nothing heavy at their top.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from app.cli import (
    aggregates,
    api_keys,
    audit,
    backup,
    beacons,
    bench,
    bookings,
    campaigns,
    cash,
    catalogue,
    consent,
    database,
    decisions,
    demo,
    devices,
    doctor,
    evaluate,
    explain,
    faq,
    keys,
    links,
    loyalty,
    memberships,
    messages,
    migrate,
    orders,
    outbox,
    people_data,
    places,
    policy,
    privacy,
    replay,
    revenue,
    reviews,
    segments,
    serve,
    support,
    surveys,
    usage,
    weather,
    webhooks,
)

FAILED, INTERRUPTED = 1, 130

program = typer.Typer(
    help="Mobile Moments: from a phone at a shop's door to a coupon redeemed exactly once, with every step explained.",
    epilog="Begin with `moments demo` or `moments serve`; something odd: `moments doctor`.",
    rich_markup_mode=None,  # rich's own help costs a quarter of a second
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
program.command()(demo.demo)
program.command()(serve.serve)
program.command()(serve.scheduler)
program.command()(serve.worker)
program.command()(doctor.doctor)
program.command()(explain.explain)
program.command()(links.links)
program.add_typer(campaigns.program, name="campaigns")
program.add_typer(loyalty.program, name="loyalty")
program.add_typer(memberships.program, name="memberships")
program.add_typer(messages.program, name="messages")
program.add_typer(orders.program, name="orders")
program.add_typer(revenue.program, name="revenue")
program.add_typer(reviews.program, name="reviews")
program.add_typer(segments.program, name="segments")
program.add_typer(support.program, name="support")
program.add_typer(usage.program, name="usage")
program.add_typer(faq.program, name="faq")
program.add_typer(surveys.program, name="surveys")
program.add_typer(aggregates.program, name="aggregates")
program.add_typer(decisions.program, name="decisions")
program.command()(decisions.simulate)
program.add_typer(places.program, name="places")
program.add_typer(bookings.program, name="bookings")
program.add_typer(cash.program, name="cash")
program.add_typer(catalogue.program, name="catalogue")
program.add_typer(weather.program, name="weather")
program.add_typer(beacons.program, name="beacons")
program.command()(replay.replay)
program.add_typer(evaluate.program, name="evaluate")
program.command()(migrate.migrate)
program.add_typer(database.program, name="db")
program.add_typer(outbox.program, name="outbox")
program.add_typer(webhooks.program, name="webhooks")
program.add_typer(api_keys.program, name="api-keys")
program.add_typer(devices.program, name="devices")
program.add_typer(keys.program, name="keys")
program.add_typer(privacy.program, name="privacy")
program.add_typer(consent.program, name="consent")
program.add_typer(policy.program, name="policy")
program.add_typer(audit.program, name="audit")
program.command()(people_data.export)
program.command()(backup.backup)
program.command()(people_data.erase)
program.command()(bench.bench)


def run(arguments: Sequence[str]) -> int:
    """The exit code of one command; whatever goes wrong is one line on standard error."""
    command = typer.main.get_command(program)
    try:
        outcome = command.main(list(arguments), prog_name="moments", standalone_mode=False)
    except typer.TyperException as error:  # a wrong option, a missing argument, no such command
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "moments"
        if type(error).__name__ == "NoArgsIsHelpError":  # `moments` alone: its message is the whole help
            print(error.format_message())
            return error.exit_code
        return _fail(f"{error.format_message().rstrip('.')}. See: {path} --help", error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `moments ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Exception, typer.Abort) as error:
        if os.environ.get("MOMENTS_LOG_LEVEL", "").upper() == "DEBUG":
            raise
        return _fail(_in_one_line(error), FAILED)
    return outcome if isinstance(outcome, int) else 0


def _fail(line: str, code: int) -> int:
    print(f"moments: {' '.join(line.split())}", file=sys.stderr)
    return code


def _in_one_line(error: BaseException) -> str:
    """What went wrong and what to do. Only our own errors speak for themselves: others may quote what must stay inside."""
    detail = getattr(error, "detail", None)
    if isinstance(detail, str):  # an AppError; its class is not imported for the sake of the start-up time
        return detail
    if isinstance(error, typer.Abort):
        return "stopped: the question was not answered"
    kind = type(error).__name__
    if kind == "OperationalError" and type(error).__module__.startswith("sqlalchemy"):
        return "the database does not answer; `moments doctor` says what to mend"
    if kind in {"ProgrammingError", "NoSuchTableError"}:
        return "the database is not at this release's revision; run: moments migrate"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the system'}: {error.strerror}"
    return f"{kind}: {error} (MOMENTS_LOG_LEVEL=DEBUG shows where; please report it)"
