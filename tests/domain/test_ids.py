from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.ids import encode, is_id

numbers = st.integers(0, 2**128 - 1)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@given(numbers)
def test_an_id_holds_the_whole_uuid(number: int) -> None:
    text = encode("ORD", UUID(int=number))
    value = 0
    for character in text.removeprefix("ORD_"):
        value = value * 62 + ALPHABET.index(character)
    assert value == number
    assert len(text) == 26
    assert is_id("ORD", text)


@given(numbers, numbers)
def test_ids_sort_as_their_uuids_do(one: int, other: int) -> None:
    left, right = encode("PAY", UUID(int=one)), encode("PAY", UUID(int=other))
    assert (left < right) == (one < other)
    assert (left.encode() < right.encode()) == (one < other)


@given(st.integers(0, 2**48 - 2), st.integers(0, 2**80 - 1), st.integers(0, 2**80 - 1))
def test_a_later_millisecond_sorts_later_whatever_the_chance_in_it(milliseconds: int, earlier: int, later: int) -> None:
    assert encode("SUB", UUID(int=milliseconds << 80 | earlier)) < encode("SUB", UUID(int=(milliseconds + 1) << 80 | later))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ORD",
        "ORD_",
        "ORD_" + "0" * 21,
        "ORD_" + "0" * 23,
        "ord_" + "0" * 22,
        "PAY_" + "0" * 22,
        "ORD_" + "0" * 21 + "-",
        "ORD_" + "0" * 22 + "\n",
        "ORD_" + "\u0660" * 22,
    ],
)
def test_what_has_not_the_shape_is_no_id(text: str) -> None:
    assert not is_id("ORD", text)
