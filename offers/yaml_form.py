"""Campaigns as a YAML file, there and back; the one file that speaks YAML.

Owns reading it safely: plain mappings, lists and scalars only, no tags, no anchors, bounded in size, depth and number. Every
refusal names the line. Scalars are read as YAML 1.2 has them: `09:00` and `no` are texts, not numbers or truth values. Must
not know what a campaign is (schemas.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from app.kernel.errors import FieldError, Invalid

MOST_BYTES = 2_000_000
MOST_DEPTH = 12
MOST_VALUES = 100_000

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class YamlRefused(Invalid):
    """The file is not one we read; the detail names the line and the remedy."""

    code = "yaml_refused"


def _refused(line: int, remedy: str) -> YamlRefused:
    return YamlRefused(f"line {line}: {remedy}", fields=[FieldError(f"line {line}", remedy)])


@dataclass(frozen=True, slots=True)
class Document:
    """What the file says, and on which line each path of it begins (`campaigns.cam_1.benefit` -> 7)."""

    value: Any
    lines: dict[str, int] = field(default_factory=dict[str, int])

    def line_of(self, path: str) -> int:
        """Of the path, or of the nearest one above it that the file has."""
        while path and path not in self.lines:
            path = re.sub(r"(\.[^.\[\]]*|\[\d+\]|^[^.\[\]]*)$", "", path)
        return self.lines.get(path, 1)


def read(text: str) -> Document:
    """Raises YamlRefused: too large, too deep, an anchor, a tag, a key twice, no YAML at all."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_BYTES:
        raise _refused(1, f"the file has {size:,} bytes; at most {MOST_BYTES:,}. Split it")
    try:
        _bounded(text)
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(mark.line + 1 if mark else 1, f"this is no YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise _refused(1, f"this is no YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise _refused(1, "the file is empty; it begins with campaigns:")
    lines: dict[str, int] = {}
    return Document(_value(node, "", lines), lines)


def _bounded(text: str) -> None:
    """Looks at the file piece by piece, before anything is built of it: a bomb is refused where it begins."""
    depth = values = documents = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused(line, "anchors and aliases (& and *) are not read here; write the value out")
        if getattr(event, "tag", None):
            raise _refused(line, f"tags such as {event.tag} are not read here; take it out")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        depth += isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent))
        depth -= isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent))
        values += isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent))
        if depth > MOST_DEPTH:
            raise _refused(line, f"nested deeper than {MOST_DEPTH} levels; no campaign is")
        if values > MOST_VALUES:
            raise _refused(line, f"more than {MOST_VALUES:,} values; split the file")
        if documents > 1:
            raise _refused(line, "a second document (---); one file is one document")


def _value(node: yaml.Node, path: str, lines: dict[str, int]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(inner, f"{path}[{n}]", lines) for n, inner in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node)
    out: dict[str, Any] = {}
    for key, inner in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _refused(line, "a key is a plain word")
        if key.value in out:
            raise _refused(line, f"{key.value} stands here twice; keep one of them")
        where = f"{path}.{key.value}" if path else key.value
        lines[where] = line
        out[key.value] = _value(inner, where, lines)
    return out


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if getattr(node, "style", None) is not None:  # quoted or a block: a text, whatever it looks like
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Dumper(yaml.SafeDumper):
    """Lists of words stay on one line. Texts that YAML 1.1 would read as something else are quoted: ours are among them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _list(dumper: yaml.SafeDumper, value: Iterable[Any]) -> yaml.Node:
    items = list(value)
    simple = all(not isinstance(item, (Mapping, list)) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=simple)


_Dumper.add_representer(list, _list)


def write(document: Mapping[str, Any]) -> str:
    """The inverse of `read`: what it reads back equals `document`. Keys stay in their order."""
    return yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
