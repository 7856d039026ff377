"""Where on the form a refusal belongs, and how it reads there.

Pure. The room names a field by its path and says what would be accepted, the same to a form, a file and a program. Owns finding the
box that path means, and the words of that box instead of the field's name. Must not refuse or allow anything itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.kernel.errors import FieldError
from app.web.amounts import amount_text
from app.web.console.campaign_fields import BENEFITS, BY_PATH, CONDITION, NAMED, ROWS

LINES = {
    "from": "from", "until": "until", "place": "store", "from_minor": "From", "percent": "Percent off", "amount_minor": "Amount off",
    "name": "Name", "weight": "Share", "value": "Gives", "max_discount_minor": "Most off", "title": "Headline", "because": "Why she gets it",
    "language": "Language", "body": "Text", "sms": "As a text message", "subject": "Subject of the e-mail", "html": "Page of the e-mail", "defaults": "Where nothing is known",
}  # fmt: skip
LISTS = {"schedule.weekly": "Hours", "benefit.tiers": "Steps", "experiment.variants": "Version", "message.texts": "Message"}
FRAMEWORK = (
    (r"String should have at least 1 character|Field required|String should match pattern .*|Input should be a valid string", "fill this in"),
    (r"String should have at most (\d+) characters", r"at most \1 characters"),
    (r"List should have at least 1 item.*", "choose at least one"),
    (r"(?:List|Dictionary) should have at most (\d+) items?.*", r"at most \1 of them"),
    (r"Input should be greater than or equal to (-?\d+)", r"at least \1"),
    (r"Input should be less than or equal to (-?\d+)", r"at most \1"),
    (r"Input should be greater than (-?\d+)", r"more than \1"),
    (r"Input should be less than (-?\d+)", r"less than \1"),
    (r"Input should be a valid (integer|number).*", "a number"),
)
"""Sentences of the library that checks shapes, as a form says them."""
_CONDITION = re.compile(rf"({'|'.join(CONDITION)})([0-9]+)")
_LINE = re.compile(rf"({'|'.join(map(re.escape, ROWS))})\.[0-9]+(\.[a-z_]+)?")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`box` is the name of an input (empty: it means the whole form), `label` what that is called there."""

    box: str
    label: str
    remedy: str


def placed(errors: Iterable[FieldError], at: Mapping[str, str], currency: str) -> list[Refusal]:
    """Each refusal at its box. `at` are the boxes of lines (campaign_texts.Written)."""
    out: list[Refusal] = []
    for error in (part for whole in errors for part in _parted(whole)):
        box = _box_of(error, at)
        remedy = re.sub(r"weekly\[(\d+)\]", lambda hit: _line(at.get(f"schedule.weekly[{hit[1]}]", hit[0])), error.remedy)
        out.append(Refusal(box, label_of(box), said(remedy, box, currency)))
    return out


def _parted(error: FieldError) -> Iterable[FieldError]:
    """What is wrong with the texts of messages is found in all of them at once, and told as one."""
    parts = re.split(r"; (?=message\.texts\.)", error.remedy)
    if not parts[0].startswith("message.texts."):
        return (error,)
    return (FieldError(where, what) for where, _, what in (part.partition(": ") for part in parts))


def _line(name: str) -> str:
    number = name.rpartition(".")[2]
    return f"line {int(number) + 1}" if number.isdigit() else name


def _box_of(error: FieldError, at: Mapping[str, str]) -> str:
    path = error.field
    if _CONDITION.fullmatch(path) or _LINE.fullmatch(path):
        return path
    line = next((known for known in sorted(at, key=len, reverse=True) if path == known or path.startswith((f"{known}.", f"{known}["))), None)
    if line is not None:
        inner = re.split(r"[.\[]", path.removeprefix(line).lstrip("."))[0]
        if at[line].startswith("condition."):
            return _box_of_condition(at[line].removeprefix("condition."), inner, error.remedy)
        return f"{at[line]}.{inner}" if inner and inner in ROWS[at[line].rsplit(".", 1)[0]] else at[line]
    path = path.split("[")[0]
    if path in BY_PATH or path in ROWS:
        return path
    if path.startswith(("audience", "condition ")):
        return "audience"
    if path == "experiment" or error.remedy.startswith("variant "):
        return "experiment.variants"
    mentioned = _mentioned(path, error.remedy)
    while not mentioned and path and path != "campaign":
        mentioned = next((known for known in BY_PATH if known.startswith(f"{path}.")), "")
        path = path.rpartition(".")[0]
    return mentioned


def _box_of_condition(n: str, inner: str, remedy: str) -> str:
    """Names are what it is `of`; what is wrong with the whole condition stands at the first of its boxes that the remedy speaks of."""
    named = inner or next((word for word in re.findall(r"\w+", remedy) if word in CONDITION or word in NAMED.values()), "fact")
    return f"{named if named in CONDITION else 'of'}{n}"


def _mentioned(group: str, remedy: str) -> str:
    """The first field of the group that the remedy names, by its whole path or by its last word."""
    found: list[tuple[int, int, str]] = []
    for path in (*BY_PATH, *ROWS):
        if group not in ("", "campaign") and not path.startswith(f"{group}."):
            continue
        for word in (path, path.removeprefix(f"{group}."), path.rsplit(".", 1)[-1]):
            hit = re.search(rf"(?<![\w.]){re.escape(word)}(?![\w])", remedy)
            if hit and word != "kind":
                found.append((hit.start(), -len(word), path))
    return min(found)[2] if found else ""


def label_of(box: str) -> str:
    """What the box is called on the form; a line says its number."""
    if box in BY_PATH:
        return BY_PATH[box].label
    condition = _CONDITION.fullmatch(box)
    if condition is not None:
        return f"Condition {int(condition[2]) + 1}, {CONDITION[condition[1]]}"
    for path, name in LISTS.items():
        if box == path:
            return name
        if box.startswith(f"{path}."):
            n, _, inner = box.removeprefix(f"{path}.").partition(".")
            return f"{name}, line {int(n) + 1}" + (f", {LINES[inner]}" if inner in LINES else "")
    return "Audience" if box == "audience" else "The campaign"


def said(remedy: str, box: str, currency: str) -> str:
    """The remedy with the labels of this form instead of the names of fields."""
    if box.endswith((".from", ".until")):
        return "a time such as 15:00"
    for pattern, words in FRAMEWORK:
        found = re.fullmatch(pattern, remedy)
        if found is None:
            continue
        money = (box in BY_PATH and BY_PATH[box].kind == "money") or box.endswith("_minor")
        if money and found.groups():
            return found.expand(words.replace(r"\1", "{}")).format(amount_text(int(found[1]), currency))
        return found.expand(words)
    labels = {path: known.label for path, known in BY_PATH.items() if "_" in path or "." in path}
    beside = box.rpartition(".")[0]
    for path, known in BY_PATH.items():
        leaf = path.rpartition(".")[2]
        if beside and path == f"{beside}.{leaf}" and ("_" in leaf or beside.count(".")):  # a short name means a neighbour
            labels[leaf] = known.label
    if _CONDITION.fullmatch(box):
        labels |= CONDITION
        del labels["fact"], labels["of"]  # plain words too
    for name in sorted(labels, key=len, reverse=True):
        remedy = re.sub(rf"(?<![\w.“]){re.escape(name)}(?![\w])", f"“{labels[name]}”", remedy)
    for kind, label in BENEFITS:
        remedy = re.sub(rf"\bkind {kind}\b", f"“{label}”", remedy)
    return remedy
