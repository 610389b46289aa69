"""Cursors survive the trip through a URL, and nothing else passes for one."""

import base64
from datetime import UTC, datetime

import pytest

from portico.domain.errors import Refused
from portico.storage.page import Cursor

HERE = Cursor(datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC), "ORD_0123456789abcdefABCDEF")


def _text(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def test_a_cursor_comes_back_as_it_went() -> None:
    assert Cursor.decode(HERE.encode()) == HERE


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    assert HERE.encode().replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "====",
        "ORD_1",
        HERE.encode() + "=",
        HERE.encode()[:-1],
        HERE.encode() + "A",
        "é",
        "A" * 5000,
        _text("123"),
        _text("-1.ORD_1"),
        _text("99999999999999999999.ORD_1"),
        _text("1.'; DROP"),
        _text("1."),
        _text(" 1.ORD_1"),
        _text("01.ORD_1"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Cursor.decode(text)
    assert refused.value.code == "cursor_invalid"
