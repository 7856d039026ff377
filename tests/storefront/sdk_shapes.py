"""Whether a plain document has the shape stripe-python annotates for it: what keeps the local peer honest.

Owns the comparison of a JSON value with a type hint of the SDK's resource classes.
"""

from __future__ import annotations

import types
import typing
from decimal import Decimal
from typing import Any

import stripe
from stripe import StripeObject


class _Names(dict[str, Any]):
    """Names the SDK imports for type checkers only; all of them are resource classes or stand for one."""

    def __missing__(self, name: str) -> Any:
        for place in (stripe, stripe.test_helpers, stripe.tax):
            if hasattr(place, name):
                return getattr(place, name)
        if name in ("Literal", "Optional", "Union", "Dict", "List"):
            return getattr(typing, name)
        raise KeyError(name)


def hints(cls: type) -> dict[str, Any]:
    """Annotations of a resource class; one that names a class the SDK hides stands for anything."""
    out: dict[str, Any] = {}
    for name, annotation in cls.__annotations__.items():
        if typing.get_origin(annotation) is typing.ClassVar or name.isupper() or name.startswith("_"):
            continue
        holder = type("Holder", (), {"__annotations__": {name: annotation}, "__module__": cls.__module__})
        try:
            out[name] = typing.get_type_hints(holder, localns=_Names())[name]
        except NameError:
            out[name] = Any
    return out


def misfits(value: Any, hint: Any, path: str = "$") -> list[str]:
    """Every place where `value` is not what `hint` allows; empty when it conforms."""
    if hint is Any:
        return []
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(value, args, path)
    if origin is typing.Literal:
        return [] if value in args else [f"{path}: {value!r} is none of {args}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: a list is annotated, not {type(value).__name__}"]
        return [m for i, item in enumerate(value) for m in misfits(item, args[0], f"{path}[{i}]")]
    if isinstance(origin, type) and issubclass(origin, stripe.ListObject):
        if not isinstance(value, dict) or value.get("object") != "list" or not isinstance(value.get("data"), list):
            return [f"{path}: a list object is annotated, not {value!r}"]
        return [m for i, item in enumerate(value["data"]) for m in misfits(item, args[0], f"{path}.data[{i}]")]
    if origin is dict or _is_untyped(hint, origin):
        return [] if isinstance(value, dict) else [f"{path}: an object is annotated, not {type(value).__name__}"]
    if isinstance(hint, type) and issubclass(hint, StripeObject):
        return _resource(value, hint, path)
    if hint is int and isinstance(value, bool):
        return [f"{path}: an int is annotated, not a bool"]
    if hint is Decimal:  # on the wire it is text
        return [] if isinstance(value, str) and value.replace(".", "", 1).isdigit() else [f"{path}: a decimal is annotated, not {value!r}"]
    if isinstance(hint, type) and isinstance(value, hint):
        return []
    return [f"{path}: {hint} is annotated, not {value!r}"]


def _is_untyped(hint: Any, origin: Any) -> bool:
    return "UntypedStripeObject" in getattr(origin or hint, "__name__", "")


def _union(value: Any, args: tuple[Any, ...], path: str) -> list[str]:
    if value is None:
        return [] if type(None) in args else [f"{path}: null is not annotated"]
    literals = [a for a in args if typing.get_origin(a) is typing.Literal]
    # The SDK writes Union[Literal[...], str] for values Stripe may add to; the peer must stay within the known ones.
    choices = literals or [a for a in args if a is not type(None)]
    found = [misfits(value, choice, path) for choice in choices]
    return min(found, key=len)


def _resource(value: Any, cls: type, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {cls.__name__} is annotated, not {value!r}"]
    known = hints(cls)
    out = [f"{path}.{key}: not a field of {cls.__name__}" for key in value if key not in known]
    for name, hint in known.items():
        if name in value:
            out += misfits(value[name], hint, f"{path}.{name}")
        elif type(None) not in typing.get_args(hint) and hint is not Any:
            out.append(f"{path}.{name}: {cls.__name__} always has it")
    return out
