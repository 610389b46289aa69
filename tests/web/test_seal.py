"""Tokens and signed cookies prove who made them, for which purpose and for whom."""

import pytest

from portico.web import seal

SECRET = b"one secret"


def test_a_token_fits_its_binding_and_purpose_only() -> None:
    token = seal.token(SECRET, "form", "session-1")
    assert seal.is_token(SECRET, "form", "session-1", token)
    assert not seal.is_token(SECRET, "form", "session-2", token)
    assert not seal.is_token(SECRET, "other", "session-1", token)
    assert not seal.is_token(b"another secret", "form", "session-1", token)
    assert not seal.is_token(SECRET, "form", "session-1", "")
    assert not seal.is_token(SECRET, "form", "session-1", "é")


def test_what_is_sealed_comes_back() -> None:
    values = {"email": "ada@example.com", "next": "/orders?status=active"}
    assert seal.unseal(SECRET, "asked", seal.seal(SECRET, "asked", values)) == values


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-1],
        lambda s: "A" + s,
        lambda s: s.replace(".", ""),
        lambda s: "",
        lambda s: "é.é",
        lambda s: ".",
    ],
)
def test_what_was_changed_on_the_way_is_nothing(change) -> None:  # type: ignore[no-untyped-def]
    sealed = seal.seal(SECRET, "asked", {"email": "ada@example.com"})
    assert seal.unseal(SECRET, "asked", change(sealed)) == {}


def test_a_seal_for_one_purpose_does_not_pass_for_another() -> None:
    assert seal.unseal(SECRET, "flash", seal.seal(SECRET, "asked", {"saved": "yes"})) == {}
