"""Texts with places to fill in: Liquid, in a small closed world.

Owns the language that is read (tags and filters are listed here, and there are no others), its limits, and that whatever somebody writes
or is called ends in a text or in a reason. Knows no file, no other template, no clock and no room. The language: Shopify's Liquid, by
python-liquid (MIT), the one file that speaks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from liquid import Environment, FalsyStrictUndefined, RenderContext
from liquid import exceptions as broken
from liquid.builtin import content, illegal, output
from liquid.builtin.filters import array, math, misc, string
from liquid.builtin.tags import assign_tag, capture_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.filter import with_context
from liquid.template import BoundTemplate
from liquid.undefined import UNDEFINED

from app.kernel import languages
from app.kernel.text_limits import HTML_MOST_BYTES, TEMPLATE_MOST_CHARS, TEMPLATE_MOST_CHARS_HTML
from app.kernel.verdict import Fail

OUTPUT_MOST_BYTES = 16_000
VALUE_MOST_CHARS = 4_000
"""Of every value on the way: given, assigned, or what a filter made."""
NUMBER_MOST = 10**15
LOOPS_MOST = 200
NESTED_MOST = 8
STEPS_MOST = 2_000
"""Variables looked up, filters asked and blocks entered, in all. Steps, not seconds: the same text ends the same way on every machine."""

SYNTAX = "template_syntax"
UNKNOWN_VARIABLE = "template_variable_unknown"
MISSING_VALUE = "template_value_missing"
TOO_LONG = "template_too_long"
TOO_MUCH = "template_too_much"
BROKEN = "template_broken"
REASONS = (SYNTAX, UNKNOWN_VARIABLE, MISSING_VALUE, TOO_LONG, TOO_MUCH, BROKEN)

_TAGS = (
    content.Literal, output.Output, illegal.Illegal, if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag, comment_tag.CommentTag, for_tag.ForTag,
    for_tag.BreakTag, for_tag.ContinueTag, assign_tag.AssignTag, capture_tag.CaptureTag,
)  # fmt: skip
_FILTERS: dict[str, Callable[..., Any]] = {
    "append": string.append, "prepend": string.prepend, "capitalize": string.capitalize, "upcase": string.upcase, "downcase": string.downcase,
    "strip": string.strip, "truncate": string.truncate, "truncatewords": string.truncatewords, "replace": string.replace, "remove": string.remove,
    "split": string.split, "join": array.join, "first": array.first, "last": array.last, "size": misc.size, "default": misc.default,
    "plus": math.plus, "minus": math.minus, "times": math.times, "round": math.round_, "at_least": math.at_least, "at_most": math.at_most,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Template:
    """A text that was read and found sound. `variables` are those it asks for, in order of their names."""

    source: str
    variables: tuple[str, ...]
    html: bool = False


class _TooMuch(broken.ResourceLimitError):
    """More steps, or a larger value, than a message needs."""


class _Missing(FalsyStrictUndefined):
    """What has no value may be asked for with `if` and `default`, and not be shown."""

    force_liquid_default = True


class _Context(RenderContext):
    """Counts the steps, and looks at every value that is assigned."""

    __slots__ = ("steps",)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > STEPS_MOST:
            raise _TooMuch(f"more than {STEPS_MOST} steps", token=None)

    def get(self, path: list[object], *, token: Any, default: object = UNDEFINED) -> object:
        self.step()
        return super().get(path, token=token, default=default)

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        self.step()
        asked = super().filter(name, token)

        def bounded(*args: Any, **more: Any) -> object:
            return _bounded(asked(*args, **more))

        return bounded

    def extend(self, namespace: Mapping[str, object], template: BoundTemplate | None = None) -> Any:
        self.step()
        return super().extend(namespace, template)

    def assign(self, key: str, val: Any) -> None:
        super().assign(key, _bounded(val))


class _Bound(BoundTemplate):
    context_class = _Context


class _Liquid(Environment):
    """Nothing is loaded, nothing is included, nothing is asked of the machine."""

    template_class = _Bound
    block_nesting_limit = NESTED_MOST
    context_depth_limit = NESTED_MOST * 3
    loop_iteration_limit = LOOPS_MOST
    local_namespace_limit = 64_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002
        for tag in _TAGS:
            self.add_tag(tag)
        for name, does in (_FILTERS | _local_filters()).items():
            self.add_filter(name, does)


class _Text(_Liquid):
    output_stream_limit = OUTPUT_MOST_BYTES


class _Html(_Liquid):
    output_stream_limit = HTML_MOST_BYTES


def _local_filters() -> dict[str, Callable[..., Any]]:
    """Money, dates, numbers and plural forms, in the language the text is for."""

    def tag_of(context: Any) -> str:
        return str(context.globals.get(_LANGUAGE, "en"))

    @with_context
    def money(value: object, *, context: Any) -> str:
        return languages.money(_seen(value), tag_of(context))

    @with_context
    def date(value: object, form: object = "medium", *, context: Any) -> str:
        return languages.date(_seen(value), tag_of(context), str(form))

    @with_context
    def time(value: object, *, context: Any) -> str:
        return languages.time(_seen(value), tag_of(context))

    @with_context
    def number(value: object, *, context: Any) -> str:
        return languages.number(_seen(value), tag_of(context))

    @with_context
    def plural(value: object, *, context: Any, **forms: object) -> str:
        """`{{ days_left | plural: one: "day", other: "days" }}`: the categories of CLDR."""
        form = languages.plural(_seen(value), tag_of(context))
        chosen = forms.get(form, forms.get("other"))
        if chosen is None:
            raise broken.FilterArgumentError(f'plural needs other: "...", and {form}: "..." for this language', token=None)
        return str(chosen)

    return {"money": money, "date": date, "time": time, "number": number, "plural": plural}


_LANGUAGE = "__language__"


def _seen(value: object) -> Any:
    """A value that is there; a missing one says so here rather than inside a format."""
    return str(value) if isinstance(value, _Missing) else value


def _bounded(value: Any) -> Any:
    if isinstance(value, (str, list, tuple)) and len(cast("Any", value)) > VALUE_MOST_CHARS:
        raise _TooMuch(f"a value of more than {VALUE_MOST_CHARS} characters", token=None)
    if isinstance(value, (int, float)) and not -NUMBER_MOST <= value <= NUMBER_MOST:  # not-a-number is none either
        raise _TooMuch("a number without bounds", token=None)
    return value


@lru_cache(maxsize=2)
def _environment(html: bool) -> Environment:
    return (_Html if html else _Text)(undefined=_Missing, autoescape=html)


@lru_cache(maxsize=512)
def _read(source: str, html: bool) -> BoundTemplate | Fail:
    most = TEMPLATE_MOST_CHARS_HTML if html else TEMPLATE_MOST_CHARS
    if len(source) > most:
        return Fail(TOO_LONG, {"chars": len(source), "most_chars": most})
    try:
        return _environment(html).from_string(source)
    except Exception as error:  # noqa: BLE001 - whatever a marketer writes ends in a reason
        return _reason(error)


def parsed(source: str, declared: Iterable[str], *, html: bool = False) -> Template | Fail:
    """The text, ready to be filled in; or Fail with a code of REASONS and the fact `what`: the fault, and where it is. An unknown variable is
    named (`variable`) beside the `declared` ones."""
    asks = _asks(source, html)
    if isinstance(asks, Fail):
        return asks
    variables, filters = asks
    known, there = set(declared), _environment(html).filters
    for name in variables:
        if name not in known:
            return Fail(UNKNOWN_VARIABLE, {"variable": name[:80], "declared": ", ".join(sorted(known))})
    for name in filters:
        if name not in there:
            return Fail(SYNTAX, {"what": f"there is no filter {name[:40]}; there are {', '.join(sorted(there))}"})
    return Template(source, variables, html)


@lru_cache(maxsize=512)
def _asks(source: str, html: bool) -> tuple[tuple[str, ...], tuple[str, ...]] | Fail:
    """The variables and the filters it names: found once, since every message is read again."""
    bound = _read(source, html)
    if isinstance(bound, Fail):
        return bound
    try:
        found = bound.analyze()
    except Exception as error:  # noqa: BLE001 - as above
        return _reason(error)
    return tuple(sorted(found.globals)), tuple(sorted(str(one) for one in found.filters))


def rendered(template: Template, values: Mapping[str, object], language: str) -> str | Fail:
    """The text filled in, or Fail with a code of REASONS. A value of None, and one that is not given, is missing. Raises nothing."""
    bound = _read(template.source, template.html)
    if isinstance(bound, Fail):
        return bound
    try:
        given = {name: _bounded(value) for name, value in values.items() if value is not None}
        return bound.render(given | {_LANGUAGE: language})
    except Exception as error:  # noqa: BLE001 - whatever somebody is called ends in a reason
        return _reason(error)


def _reason(error: Exception) -> Fail:
    what = _words(error)
    if isinstance(error, broken.UndefinedError):
        return Fail(MISSING_VALUE, {"variable": str(error.args[0]).split(" is undefined")[0].strip("'")[:80]})
    if isinstance(error, (broken.ResourceLimitError, RecursionError, MemoryError)):
        return Fail(TOO_MUCH, {"what": what or type(error).__name__})
    if isinstance(error, (broken.LiquidSyntaxError, broken.UnknownFilterError, broken.FilterArgumentError, broken.LiquidTypeError)):
        return Fail(SYNTAX, {"what": what})
    return Fail(BROKEN, {"what": type(error).__name__})


def _words(error: Exception) -> str:
    """The fault and its line, without the text around it."""
    if not isinstance(error, broken.LiquidError):
        return type(error).__name__
    token = error.token
    line = f"line {token.source.count(chr(10), 0, max(token.start_index, 0)) + 1}: " if token is not None else ""
    return f"{line}{' '.join(str(error.args[0] if error.args else error).split())}"[:200]
