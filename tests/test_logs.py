"""Logs are lines for machines, and what may open a door never gets into them."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from portico import config, logs

SECRET = "Uo0zvX1lWb5rGk9tE3yQ7sHn2mJd8pLa"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    levels = {name: logging.getLogger(name).level for name in ("alembic", "uvicorn.error", "uvicorn.access", "asyncio")}
    yield
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def _lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_ours_and_the_libraries_lines_are_alike(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(config.load(log_format="json"))
    structlog.get_logger("portico.test").info("sent", mail=7)
    logging.getLogger("some.library").warning("odd")
    ours, theirs = _lines(capsys.readouterr().err)
    assert (ours["event"], ours["mail"], ours["level"], ours["logger"]) == ("sent", 7, "info", "portico.test")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("odd", "warning", "some.library")
    assert str(ours["timestamp"]).endswith("Z")


def test_the_level_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(config.load(log_format="json", log_level="warning"))
    structlog.get_logger("portico.test").info("quiet")
    structlog.get_logger("portico.test").warning("loud")
    assert [line["event"] for line in _lines(capsys.readouterr().err)] == ["loud"]


@pytest.mark.parametrize(
    "name", ["token", "session_token", "secret", "smtp_password", "cookie", "authorization", "api_key", "email", "buyer_email"]
)
@pytest.mark.parametrize("form", ["json", "console"])
def test_what_opens_a_door_is_hidden(name: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(config.load(log_format=form))
    structlog.get_logger("portico.test").error("refused", **{name: SECRET}, code="csrf")
    said = capsys.readouterr().err
    assert SECRET not in said
    assert "***" in said
    assert "csrf" in said


def test_an_exception_is_told_in_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(config.load(log_format="json"))
    try:
        raise ValueError("broken")
    except ValueError as error:
        structlog.get_logger("portico.test").error("crash", exc_info=error)
    assert "ValueError: broken" in str(_lines(capsys.readouterr().err)[0]["exception"])
