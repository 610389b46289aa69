"""VIES as the portal asks it, against a server that has its bad days."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from portico.gateways.port import Unanswered
from portico.gateways.vat_register import VatAnswer
from portico.gateways.vies import Vies
from tests.gateways.register import DOWN, StandIn, stand_in

ID, OWN = "DE136695976", "ATU13585627"


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with stand_in() as register:
        yield register


@pytest.fixture
def register(server: StandIn) -> StandIn:
    server.registered, server.requesters = {ID: ("Example GmbH", "Lindenstr. 1\n10969   Berlin\n")}, {OWN}
    server.questions, server.paths, server.faults = [], [], []
    return server


@pytest.fixture
def vies(register: StandIn) -> Iterator[Vies]:
    with closing(Vies(register.url)) as made:
        yield made


def test_an_id_it_knows_is_proved(vies: Vies, register: StandIn) -> None:
    assert vies.ask(ID, asked_by=OWN) == VatAnswer(True, "WAPIAAAA00000001", "Example GmbH", "Lindenstr. 1\n10969 Berlin")
    asked = {"countryCode": "DE", "vatNumber": "136695976", "requesterMemberStateCode": "AT", "requesterNumber": "U13585627"}
    assert register.questions == [asked]
    assert register.paths == ["/vies/rest-api/check-vat-number"]


def test_a_store_without_an_id_of_the_union_gets_an_answer_and_no_number(vies: Vies) -> None:
    assert vies.ask(ID) == VatAnswer(True, None, "Example GmbH", "Lindenstr. 1\n10969 Berlin")


def test_an_id_it_does_not_know_is_not_valid(vies: Vies, register: StandIn) -> None:
    assert vies.ask("EL094259216", asked_by=OWN) == VatAnswer(False, "WAPIAAAA00000001")
    assert register.questions[0]["countryCode"] == "EL"
    register.faults = [(400, {"actionSucceed": False, "errorWrappers": [{"error": "INVALID_INPUT"}]})]
    assert vies.ask(ID) == VatAnswer(False)


def test_a_store_that_it_does_not_know_is_answered_without_proof(vies: Vies, register: StandIn) -> None:
    register.requesters = set()
    assert vies.ask(ID, asked_by=OWN) == VatAnswer(True, None, "Example GmbH", "Lindenstr. 1\n10969 Berlin")
    assert ["requesterNumber" in question for question in register.questions] == [True, False]


GOOD = {"valid": True, "countryCode": "DE", "vatNumber": "136695976"}
JUNK: dict[str, tuple[int, Any]] = {
    "empty": (200, b""),
    "html": (200, b"<html>maintenance</html>"),
    "a list": (200, [GOOD]),
    "nothing": (200, {}),
    "a word": (200, GOOD | {"valid": "true"}),
    "null": (200, GOOD | {"valid": None}),
    "another id": (200, GOOD | {"vatNumber": "136695977"}),
    "another country": (200, GOOD | {"countryCode": "AT"}),
    "an endless number": (200, GOOD | {"requestIdentifier": "W" * 61}),
    "deep": (200, b"[" * 60_000),
    "not UTF-8": (200, b'{"valid": true, "name": "\xff"}'),
    "huge": (200, b'{"valid": true, "name": "' + b"x" * 200_000 + b'"}'),
    "an error": (503, GOOD),
    "not found": (404, GOOD),
    "strange wrappers": (500, {"errorWrappers": ["MS_UNAVAILABLE"]}),
}


@pytest.mark.parametrize("answer", [*DOWN.values(), *JUNK.values()], ids=[*DOWN, *JUNK])
def test_what_says_nothing_of_the_id_is_no_answer(vies: Vies, register: StandIn, answer: tuple[int, Any]) -> None:
    register.faults = [answer]
    with pytest.raises(Unanswered):
        vies.ask(ID, asked_by=OWN)
    assert vies.ask(ID, asked_by=OWN).is_valid


@pytest.mark.parametrize("fault", ["cut", "half", "reset", "silent", "drip", "slow head", "redirect"])
def test_a_connection_that_fails_is_no_answer(vies: Vies, register: StandIn, fault: str) -> None:
    register.faults = [fault]
    began = time.monotonic()
    with closing(Vies(register.url, read_seconds=0.2, whole_seconds=0.3)) as impatient, pytest.raises(Unanswered):
        impatient.ask(ID, asked_by=OWN)
    assert time.monotonic() - began < 5
    assert register.paths == ["/vies/rest-api/check-vat-number"]  # asked once, and nobody else
    assert vies.ask(ID, asked_by=OWN).is_valid


def test_nobody_there_is_no_answer() -> None:
    with closing(Vies("http://127.0.0.1:9")) as vies, pytest.raises(Unanswered):
        vies.ask(ID)


def test_texts_are_kept_as_they_can_be_shown(vies: Vies, register: StandIn) -> None:
    register.registered = {ID: ("ΑΒΓ\x00 \u202e<b>Ltd</b>" + "x" * 600, "---")}
    answer = vies.ask(ID)
    assert answer.name is not None
    assert answer.name.startswith("ΑΒΓ <b>Ltd</b>xxx")
    assert len(answer.name) == 500
    assert answer.address is None
