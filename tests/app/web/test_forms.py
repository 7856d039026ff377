"""A form is read with its limits; what does not fit is named with the remedy."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from app.kernel.errors import Invalid
from app.web.forms import FORM, Form, read_form


def posted(body: bytes, kind: str = FORM) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", kind.encode())]}, receive)


def read(body: bytes, kind: str = FORM) -> Form:
    try:
        read_form(posted(body, kind)).send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the form was not read at once")


class TestText:
    def test_without_white_space_around_it(self) -> None:
        assert read(b"code=+AB+CD%20&x=1").text("code") == "AB CD"

    def test_missing_is_empty(self) -> None:
        assert read(b"").text("code") == ""

    def test_too_long_is_named(self) -> None:
        with pytest.raises(Invalid, match="code: at most 3 characters; this has 4"):
            Form({"code": "abcd"}).text("code", most=3)

    def test_the_last_of_several_counts(self) -> None:
        assert read(b"a=1&a=2").text("a") == "2"


class TestTicked:
    def test_on_off(self) -> None:
        assert (Form({"a": "on"}).ticked("a"), Form({}).ticked("a"), Form({"a": ""}).ticked("a")) == (True, False, False)


class TestWhole:
    @pytest.mark.parametrize(("value", "expected"), [("0", 0), ("99", 99), (" 7 ", 7)])
    def test_within(self, value: str, expected: int) -> None:
        assert Form({"n": value}).whole("n", least=0, most=99) == expected

    @pytest.mark.parametrize("value", ["-1", "100", "1.5", "1e1", "٣", "", "NaN", "9" * 400, "0x10", "1_0"])
    def test_without(self, value: str) -> None:
        with pytest.raises(Invalid, match="n: a whole number from 0 to 99"):
            Form({"n": value}).whole("n", least=0, most=99)

    def test_default_only_when_missing(self) -> None:
        assert Form({}).whole("n", least=1, most=9, default=1) == 1
        with pytest.raises(Invalid):
            Form({"n": "x"}).whole("n", least=1, most=9, default=1)


class TestMatching:
    def test_shape(self) -> None:
        assert Form({"m": "pm_card_visa"}).matching("m", r"[a-z_]+", such_as="pm_card_visa") == "pm_card_visa"
        with pytest.raises(Invalid, match="m: something like pm_card_visa"):
            Form({"m": "4242 4242"}).matching("m", r"[a-z_]+", such_as="pm_card_visa")


class TestReadForm:
    def test_json_is_refused_by_name(self) -> None:
        with pytest.raises(Invalid, match="Content-Type"):
            read(b"{}", "application/json")

    def test_too_many_fields(self) -> None:
        with pytest.raises(Invalid, match="at most 50 fields"):
            read("&".join(f"f{n}=1" for n in range(51)).encode())

    def test_bytes_that_are_no_text(self) -> None:
        with pytest.raises(Invalid, match="UTF-8"):
            read(b"code=%ff")
