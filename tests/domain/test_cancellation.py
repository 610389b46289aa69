from collections import Counter
from random import Random

import pytest

from portico.domain.cancellation import DEFAULT_REASONS, check, shuffled
from portico.domain.errors import FieldError, Invalid


def test_a_reason_and_a_comment_are_welcome_and_not_required() -> None:
    assert check(None, "", DEFAULT_REASONS) == check("", "  ", DEFAULT_REASONS) == (None, "")
    assert check("unused", " Maybe later. ", DEFAULT_REASONS) == ("unused", "Maybe later.")
    assert check(None, "So long.", ()) == (None, "So long.")


def test_only_reasons_of_the_list_are_kept() -> None:
    with pytest.raises(Invalid) as invalid:
        check("boredom", "4242424242424242", ("unused", "other"))
    assert invalid.value.errors == [FieldError("reason", "reason_not_offered", "unused, other"), FieldError("comment", "card_number")]
    with pytest.raises(Invalid) as invalid:
        check("unused", "x" * 501, ("unused",))
    assert invalid.value.errors == [FieldError("comment", "too_long", "500")]


def test_reasons_are_shuffled_evenly_with_other_last() -> None:
    chance = Random(1)
    first: Counter[str] = Counter()
    for _ in range(7000):
        order = shuffled(DEFAULT_REASONS, chance.randbytes)
        assert sorted(order) == sorted(DEFAULT_REASONS)
        assert order[-1] == "other"
        first[order[0]] += 1
    assert set(first) == set(DEFAULT_REASONS) - {"other"}
    assert all(850 < count < 1150 for count in first.values())  # 1000 each; the deviation is 29


def test_a_list_without_other_is_shuffled_whole() -> None:
    assert {shuffled(("a", "b"), Random(seed).randbytes) for seed in range(20)} == {("a", "b"), ("b", "a")}
    assert shuffled((), Random(1).randbytes) == ()
