"""Writes the pages of docs/ that would otherwise drift: settings, events, errors, reasons, purposes.

Owns the form of these pages; their content is read from the code (and docs/reasons/<room>.md, which people write).
`python -m app.cli.docs` writes them, `--check` fails when one is not what the code says. Must not be imported by the
commands: it imports every module of the house.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from app.kernel.errors import AppError
from app.kernel.settings import SettingsGroup

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
ROOMS = ("geofences", "offers", "storefront", "notifications", "app")
NOT_IMPORTED = ("app.cli", "app.demo", "app.migrations", "app.main", "app.bootstrap")
MADE = "<!-- Made by `python -m app.cli.docs` from the code; edit the code, not this page. -->\n"
CODE_IN_TABLE = re.compile(r"^\|\s*`([a-z0-9_]+)`", re.MULTILINE)


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module that may define an event, an error or a reason."""
    names = (info.name for room in ROOMS for info in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}.") if not info.ispkg)
    return tuple(importlib.import_module(name) for name in names if not name.startswith(NOT_IMPORTED))


def _classes(of: Callable[[type[Any]], bool]) -> Iterator[type[Any]]:
    for module in modules():
        for _, found in inspect.getmembers(module, inspect.isclass):
            if found.__module__ == module.__name__ and of(found):
                yield found


def room_of(found: type[Any]) -> str:
    """`geofences`, ... or for the cellar and the roof the second part: `security`."""
    parts = found.__module__.split(".")
    return parts[1] if parts[0] == "app" else parts[0]


def events() -> list[type[Any]]:
    """Every event dataclass of the house, by its type."""
    found = _classes(lambda c: dataclasses.is_dataclass(c) and isinstance(getattr(c, "TYPE", None), str))
    return sorted(found, key=lambda c: c.TYPE)


def settings_groups() -> list[type[SettingsGroup]]:
    """Every group of settings of the house."""
    return sorted(_classes(lambda c: issubclass(c, SettingsGroup) and c is not SettingsGroup), key=lambda c: c.__name__)


def errors() -> list[type[AppError]]:
    """Every named error with a code of its own, by its code."""
    by_code: dict[str, type[AppError]] = {}
    for found in _classes(lambda c: issubclass(c, AppError)):
        if found.code not in by_code or "code" in vars(found):
            by_code[found.code] = found
    return [by_code[code] for code in sorted(by_code)]


def reason_codes() -> dict[str, set[str]]:
    """Room -> the reason codes its code can give: members of StrEnums named ...Reason or ReasonCode, keys of `reasons.REASONS`."""
    from app.privacy.purposes import Purpose, no_consent

    found: dict[str, set[str]] = {"privacy": {no_consent(purpose) for purpose in Purpose}}
    for module in modules():
        if module.__name__.endswith(".reasons") and isinstance(listed := getattr(module, "REASONS", None), dict):
            parts = module.__name__.split(".")
            found.setdefault(parts[1] if parts[0] == "app" else parts[0], set()).update(str(code) for code in listed)
    for enum in _classes(lambda c: issubclass(c, StrEnum) and c.__name__.endswith(("Reason", "ReasonCode", "Reasons"))):
        members: list[StrEnum] = list(enum)  # type: ignore[call-overload]
        found.setdefault(room_of(enum), set()).update(str(member) for member in members)
    return found


def written_reasons() -> dict[str, set[str]]:
    """Room -> the codes that docs/reasons/<room>.md has a table row for."""
    return {page.stem: set(CODE_IN_TABLE.findall(page.read_text(encoding="utf-8"))) for page in sorted((DOCS / "reasons").glob("*.md"))}


# --- pages ------------------------------------------------------------------------------------------------------------


def settings_page() -> str:
    from app.settings import PREFIX, Settings

    lines = [
        "# Settings\n",
        MADE,
        "Every setting is an environment variable, or a line of a `.env` file beside where the server is started. None is needed: a fresh",
        "clone runs on SQLite on 127.0.0.1. A variable that begins with `MOMENTS_` and is not listed here is reported by `moments doctor`.\n",
    ]
    groups = {name: field.annotation for name, field in Settings.model_fields.items() if _is_group(field.annotation)}
    lines += ["## The house\n", *_settings_table(Settings, PREFIX, skip=set(groups))]
    for name, group in groups.items():
        lines += [f"\n## {name.capitalize()}\n", f"{Settings.model_fields[name].description}\n", *_settings_table(group, f"{PREFIX}{name.upper()}__")]
    return "\n".join(lines) + "\n"


def _is_group(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, SettingsGroup)


def _settings_table(model: Any, prefix: str, skip: Collection[str] = ()) -> Iterator[str]:
    yield "| variable | default | what it does |"
    yield "|---|---|---|"
    for name, field in model.model_fields.items():
        if name not in skip:
            shown = f"`{_shown(field)}`" if _shown(field) else "*none*"
            yield f"| `{prefix}{name.upper()}` | {shown} | {_cell(field.description or '')}{_bounds(field)} |"


def _shown(field: Any) -> str:
    """The default as one would write it in the environment; secrets have none."""
    default = field.get_default(call_default_factory=True)
    if default is None or default == "":
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return json.dumps(list(default), default=lambda value: value.model_dump()) if isinstance(default, (tuple, list)) else str(default)


def _bounds(field: Any) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    said = [f"{words[k]} {getattr(rule, k)}" for rule in field.metadata for k in words if getattr(rule, k, None) is not None]
    choices = getattr(field.annotation, "__args__", ()) if "Literal" in str(field.annotation) else ()
    said += ["one of " + ", ".join(f"`{c}`" for c in choices)] if choices else []
    return f" ({', '.join(said)})" if said else ""


def events_page() -> str:
    lines = [
        "# Events\n",
        MADE,
        "What rooms tell each other. An event is stored in the same transaction as what it announces (the outbox), and each consumer handles it",
        "once (the inbox). Events carry ids, times, money and reasons; never a coordinate, a token or a coupon code.\n",
    ]
    for event in events():
        hints = get_type_hints(event)
        lines += [f"## `{event.TYPE}`\n", f"{_doc(event)}\n", f"`{event.__module__}.{event.__name__}`\n", "| field | type |", "|---|---|"]
        lines += [f"| `{f.name}` | {_type_name(hints[f.name])} |" for f in dataclasses.fields(event)]
        lines.append("")
    return "\n".join(lines)


def errors_page() -> str:
    lines = [
        "# Errors\n",
        MADE,
        "Every error answer is `application/problem+json` (RFC 9457): `type` leads here, `code` is stable, `detail` says what to do, and for a",
        "wrong field `errors` names it with the remedy. A 500 is ours: nothing was half-applied, and a retry with the same `Idempotency-Key` is safe.\n",
    ]
    for error in errors():
        lines += [f"## {error.code}\n", f"**{error.status}** · {room_of(error)} · `{error.__name__}`\n", f"{_doc(error)}\n"]
    return "\n".join(lines)


def reasons_page() -> str:
    lines = [
        "# Reasons\n",
        MADE,
        "Why something happened, or did not: one code for the shopper, the marketer, the till and the auditor. `moments explain ID` and the page",
        "behind *why?* show them with their facts. The page of each room says what every code means and what follows.\n",
        "| code | room |",
        "|---|---|",
    ]
    where: dict[str, list[str]] = {}
    for room, codes in written_reasons().items():
        for code in codes:
            where.setdefault(code, []).append(room)
    lines += [f"| `{code}` | {', '.join(f'[{room}](reasons/{room}.md)' for room in where[code])} |" for code in sorted(where)]
    return "\n".join(lines) + "\n"


def purposes_page() -> str:
    from app.privacy.purposes import NOTICES, no_consent

    lines = [
        "# Purposes\n",
        MADE,
        "What a shopper's data may be used for. Each is a switch of its own, off until she turns it on; withdrawing takes effect with the next",
        "thing that would have used it. A changed sentence is a new version, and consent to the old words does not cover the new ones.\n",
        "| purpose | version | what she is asked | the refusal without it |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{p}` | {n.version} | **{n.title}.** {_cell(n.text)} | `{no_consent(p)}` |" for p, n in NOTICES.items()]
    lines += ["\n## What each covers\n", "| purpose | use | kinds of data | kept | who outside gets something of it |", "|---|---|---|---|---|"]
    lines += [
        f"| `{p}` | `{n.data_use}` | {', '.join(f'`{c}`' for c in n.categories)} | {_cell(n.kept)} | {_cell('; '.join(n.recipients)) or 'nobody'} |"
        for p, n in NOTICES.items()
    ]
    lines += ["\nThe kinds of data are keys of the Fideslang taxonomy; [the data map](data-map.md) says where each is held."]
    return "\n".join(lines) + "\n"


def data_map_page() -> str:
    from app.cli import data_map

    return data_map.data_map_page(MADE)


def _doc(found: type[Any]) -> str:
    return " ".join((inspect.getdoc(found) or "").split())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _type_name(hint: Any) -> str:
    name = hint.__name__ if inspect.isclass(hint) and not getattr(hint, "__args__", ()) else str(hint)
    return _cell(f"`{name.replace('datetime.', '').replace('NoneType', 'None')}`").replace("\\|", "\\|")


COMPOSE = "../docker-compose.yml"
BEGIN, END = "  # made by `python -m app.cli.docs` from here ...\n", "  # ... to here\n"


def compose_file() -> str:
    """docker-compose.yml with its block of commented settings made anew."""
    from app.settings import PREFIX, Settings

    before, rest = (DOCS / COMPOSE).read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    lines: list[str] = []
    for name, field in Settings.model_fields.items():
        if _is_group(field.annotation):
            lines += [f"  # --- {field.description}\n", *_compose_lines(field.annotation, f"{PREFIX}{name.upper()}__")]
    own = [*_compose_lines(Settings, PREFIX, skip={n for n, f in Settings.model_fields.items() if _is_group(f.annotation)})]
    return before + BEGIN + "".join([*own, *lines]) + END + after


def _compose_lines(model: Any, prefix: str, skip: Collection[str] = ()) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name not in skip:
            yield f"  # {' '.join((field.description or '').split())}\n"
            yield f"  # {prefix}{name.upper()}: {json.dumps(_shown(field))}\n"


def index_page() -> str:
    """docs/index.md with its two lists made anew from the titles of the pages."""
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    for folder in ("algorithms", "decisions"):
        titles = sorted((_title(page), page.name) for page in (DOCS / folder).glob("*.md"))
        listed = "".join(f"- [{title}]({folder}/{name})\n" for title, name in titles)
        text = re.sub(rf"(<!-- {folder} -->\n).*?(<!-- end -->)", lambda m, listed=listed: m[1] + listed + m[2], text, flags=re.DOTALL)
    return text


def _title(page: Path) -> str:
    return page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ").strip()


PAGES: dict[str, Callable[[], str]] = {
    "index.md": index_page,
    "settings.md": settings_page,
    "events.md": events_page,
    "errors.md": errors_page,
    "reasons.md": reasons_page,
    "purposes.md": purposes_page,
    "data-map.md": data_map_page,
    COMPOSE: compose_file,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that are stale; the exit code."""
    stale: list[str] = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(f"docs/{name}".replace("docs/../", ""))
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    if not stale:
        print("docs: up to date")
    elif "--check" in arguments:
        print(f"docs: not what the code says: {', '.join(stale)}; run: python -m app.cli.docs", file=sys.stderr)
        return 1
    else:
        print(f"docs: wrote {', '.join(stale)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
