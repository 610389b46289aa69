"""Cursors survive the trip through a URL, and nothing else passes for one."""

from datetime import UTC, datetime

import pytest

from portico.domain.errors import Refused
from portico.storage.page import Cursor

HERE = Cursor(datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC), "ORD_0123456789abcdefABCDEF")


def test_a_cursor_comes_back_as_it_went() -> None:
    assert Cursor.decode(HERE.encode()) == HERE


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    assert HERE.encode().replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "text",
    ["", "x", "====", "ORD_1", HERE.encode() + "=", HERE.encode()[:-1], HERE.encode() + "A", "é", "MTIz", "LTEuT1JEXzE", "OTk5OTk5OTk5OTk5OTk5OTk5OTkuT1JEXzE", "MS4nOyBEUk9Q", "A" * 5000],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Cursor.decode(text)
    assert refused.value.code == "cursor_invalid"
