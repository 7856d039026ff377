"""What the files of the shop's plans have in common: one mapping under one head, the version it was exported from, and what differs between two of them.

Owns reading the file and telling the difference. Must not know what stands in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from app.kernel.errors import FieldError, Invalid
from offers import facade as offers

Checked = TypeVar("Checked")


@dataclass(frozen=True, slots=True)
class Written(Generic[Checked]):
    """`version`: the one it was exported from, where it says so. `line_of`: field -> where it stands in the file."""

    version: int | None
    value: Checked
    line_of: Callable[[str], int]


def read(text: str, head: str, checked: Callable[[object], Checked]) -> Written[Checked]:
    """Raises Invalid (each wrong field with its line)."""
    as_exported = f"as `moments {head} export` writes it"
    if not text.strip():
        raise Invalid.field(head, f"the file is empty; it begins with {head}:, {as_exported}")
    document = offers.read_yaml(text)
    value = document.value
    if not isinstance(value, Mapping) or set(cast("Mapping[str, Any]", value)) != {head} or not isinstance(value[head], Mapping):
        raise Invalid.field(head, f"the file is one mapping `{head}:`, {as_exported}")
    body = dict(cast("Mapping[str, Any]", value[head]))
    version = body.pop("version", None)
    if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 1):
        raise Invalid.field(f"{head}.version", f"a whole number from 1 on, as exported (line {document.line_of(f'{head}.version')})")
    try:
        return Written(version, checked(body), document.line_of)
    except Invalid as error:
        raise refused(((f.field, f.remedy) for f in error.fields), document.line_of) from None


def refused(wrong: Iterator[tuple[str, str]], line_of: Callable[[str], int]) -> Invalid:
    """The fields with their lines, as one refusal."""
    fields = [FieldError(path, f"{remedy} (line {line_of(path)})") for path, remedy in wrong]
    return Invalid("; ".join(f"{f.field}: {f.remedy}" for f in fields[:5]), fields=fields)


def refuse(wrong: Iterator[tuple[str, str]], line_of: Callable[[str], int]) -> None:
    """Raises Invalid if there is anything wrong."""
    found = list(wrong)
    if found:
        raise refused(iter(found), line_of)


def from_before(head: str, version: int, given: int | None) -> str:
    """Why a file is too old."""
    said = f"the file is from version {given}" if given else "the file does not say from which version"
    return f"{head}: it is version {version} now, {said}; export it again and put your changes in."


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field and what it says."""
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    else:
        yield path, ", ".join(cast("list[str]", value)) if isinstance(value, list) else str(value)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """`field: old → new` of each that differs."""
    old, new = dict(leaves(before)), dict(leaves(after))
    for path in [*old, *(p for p in new if p not in old)]:
        if old.get(path) != new.get(path):
            yield f"{path}: {old.get(path, 'nothing')} → {new.get(path, 'nothing')}"
