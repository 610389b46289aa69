"""The command: every word of it works, fails in one line, and starts fast."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from portico import cli, logs
from portico.storage.database import Database
from tests.services import import_lines as lines
from tests.services.import_lines import EVERYTHING

SECRET = "Uo0zvX1lWb5rGk9tE3yQ7sHn2mJd8pLa"


@pytest.fixture(autouse=True)
def logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands set up logging for their process, which here is the tests'."""
    monkeypatch.setattr(logs, "configure", lambda _settings: None)


@pytest.fixture
def configured(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Settings for commands, on a fresh database of either kind."""
    settings = {
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "SECRET": SECRET,
        "MAILER": "file",
        "LOG_LEVEL": "error",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"PORTICO_{name}", value)
    monkeypatch.chdir(tmp_path)
    return database


def test_a_merchants_first_day(configured: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seller = tmp_path / "seller.json"
    seller.write_text(json.dumps({"legal_name": "Atlas GmbH", "country": "DE", "tax_id": "DE136695976"}))
    assert cli.run(["migrate"]) == 0
    assert cli.run(["store", "create", "--name", "Atlas", "--slug", "atlas", "--seller", str(seller), "--time-zone", "Europe/Berlin"]) == 0
    assert cli.run(["store", "list"]) == 0
    shown = capsys.readouterr().out
    assert "http://127.0.0.1:8000/test/atlas/portal" in shown
    assert shown.splitlines()[-1].split("\t")[0] == "atlas"

    assert cli.run(["key", "create", "--store", "atlas", "--environment", "test", "--name", "shop"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("sk_test_")
    assert len(captured.out.split()) == 1, "the key alone, so that it can be piped"
    assert cli.run(["key", "list", "--store", "atlas", "--environment", "test"]) == 0
    key_id, _, begins, *_ = capsys.readouterr().out.split("\t")
    assert captured.out.startswith(begins)
    assert cli.run(["key", "revoke", key_id, "--store", "atlas", "--environment", "test"]) == 0
    assert cli.run(["key", "revoke", key_id, "--store", "atlas", "--environment", "test"]) == 2

    file = tmp_path / "shop.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in EVERYTHING))
    assert cli.run(["import", str(file), "--store", "atlas", "--environment", "prod"]) == 0
    assert "payment\t2\t0\t0" in capsys.readouterr().out
    assert cli.run(["check"]) == 0
    assert "All is well" in capsys.readouterr().out
    assert cli.run(["jobs", "parked"]) == 0


def test_refused_lines_are_reported_and_the_report_goes_when_all_is_well(
    configured: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run(["store", "create", "--name", "Atlas", "--slug", "atlas"])
    file, report = tmp_path / "shop.jsonl", tmp_path / "shop.jsonl.refused.txt"
    file.write_text(json.dumps(lines.GROUP) + "\n" + json.dumps(lines.ORDER) + "\n{\n")
    assert cli.run(["import", str(file), "--store", "atlas", "--environment", "test"]) == 1
    written = [line.split("\t") for line in report.read_text().splitlines()]
    assert [(number, code) for number, code, _ in written] == [("2", "unknown_reference"), ("3", "malformed")], "in the file's order"
    captured = capsys.readouterr()
    assert "unknown_reference" in captured.out
    assert "Lines refused: 2" in captured.err
    file.write_text(json.dumps(lines.GROUP) + "\n")
    assert cli.run(["import", str(file), "--store", "atlas", "--environment", "test"]) == 0
    assert not report.exists()


def test_a_document_is_rendered_without_the_web(configured: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.run(["store", "create", "--name", "Atlas", "--slug", "atlas"])
    file = tmp_path / "shop.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in EVERYTHING))
    cli.run(["import", str(file), "--store", "atlas", "--environment", "prod"])
    with configured.read() as connection:
        document_id = connection.exec_driver_sql("SELECT id FROM document WHERE kind = 'invoice' ORDER BY number LIMIT 1").scalar_one()
    target = tmp_path / "invoice.pdf"
    assert cli.run(["document", "render", document_id, "--lang", "de", "-o", str(target)]) == 0
    assert target.read_bytes().startswith(b"%PDF-")
    assert cli.run(["document", "render", document_id]) == 0
    assert (tmp_path / "INV-2026-000001.pdf").read_bytes() == target.read_bytes(), "German is the document's own language"
    capsys.readouterr()
    assert cli.run(["document", "render", document_id, "--lang", "xx"]) == 2
    assert "pt-BR" in capsys.readouterr().err
    assert cli.run(["document", "render", "INV_nope"]) == 2


BAD: dict[str, tuple[list[str], str]] = {
    "no such command": (["frobnicate"], "frobnicate"),
    "a missing option": (["store", "create", "--name", "x"], "--slug"),
    "a bad environment": (["key", "list", "--store", "x", "--environment", "live"], "live"),
    "a bad slug": (
        ["store", "create", "--name", "x", "--slug", "Not A Slug"],
        "--slug must be lower-case letters, digits and hyphens, such as lumen-notes",
    ),
    "a reserved slug": (["store", "create", "--name", "x", "--slug", "test"], "--slug is a word that Portico's own addresses need"),
    "several bad values": (
        ["store", "create", "--name", "x", "--slug", "x", "--time-zone", "Mars/Base", "--accent-color", "red"],
        "--accent-color is no colour, such as #2457d6",
    ),
    "where to read on": (["key", "create", "--store", "x"], "See: portico key create --help"),
    "no such store": (["key", "list", "--store", "nope", "--environment", "test"], "there is no store 'nope'"),
    "a folder": (["import", ".", "--store", "nope", "--environment", "test"], ". is a folder"),
    "no such file": (["import", "nope.jsonl", "--store", "nope", "--environment", "test"], "nope"),
    "no such seller": (["store", "create", "--name", "x", "--slug", "x", "--seller", "nope.json"], "cannot be read"),
    "no such job": (["jobs", "retry", "7"], "no job 7"),
    "no number": (["jobs", "retry", "seven"], "seven"),
    "a taken port": (["serve", "--port", "TAKEN"], "in use"),
    "a port that is none": (["serve", "--port", "70000"], "PORTICO_PORT: must be less than or equal to 65535, such as 8000"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_said_in_a_line_and_changes_nothing(what: str, configured: Database, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, says = BAD[what]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.run([port if argument == "TAKEN" else argument for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert "Traceback" not in captured.err
    assert len(captured.err.splitlines()) <= 2
    with configured.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM store").scalar_one() == 0


def test_a_slug_is_taken_once(configured: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["store", "create", "--name", "Atlas", "--slug", "atlas"]) == 0
    assert cli.run(["store", "create", "--name", "Other", "--slug", "atlas"]) == 2
    assert "there is a store 'atlas' already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{nope", "malformed"),
        ("[]", "Expected object"),
        ('{"legal_name": "Atlas", "vat_id": "DE136695976"}', "there is no vat_id; there are legal_name, "),
        ('{"legal_name": "Atlas", "city": 5}', "Expected str, got int - at city"),
        ('{"city": "Berlin"}', "legal_name"),
    ],
)
def test_a_wrong_seller_is_said_by_field(
    text: str, says: str, configured: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "seller.json"
    file.write_text(text)
    assert cli.run(["store", "create", "--name", "Atlas", "--slug", "atlas", "--seller", str(file)]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1


def test_an_old_database_is_pointed_out(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTICO_DATABASE_URL", empty_database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PORTICO_SECRET", SECRET)
    monkeypatch.setenv("PORTICO_MAILER", "file")
    assert cli.run(["store", "list"]) == 2
    assert "portico migrate" in capsys.readouterr().err
    assert cli.run(["migrate"]) == 0
    assert cli.run(["store", "list"]) == 0
    with empty_database.transaction() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for command in (["store", "list"], ["migrate"]):
        assert cli.run(command) == 2
        assert "start the newer Portico" in capsys.readouterr().err, "going round in circles helps nobody"


def test_a_database_out_of_reach_is_said_without_its_password(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORTICO_DATABASE_URL", "postgresql://portico:hunter2@127.0.0.1:1/portico")
    assert cli.run(["migrate"]) == 2
    said = capsys.readouterr().err
    assert "cannot be used" in said
    assert "hunter2" not in said


def test_a_file_that_is_no_database_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter").write_text("Dear Ada" * 100)
    monkeypatch.setenv("PORTICO_DATABASE_URL", f"sqlite:///{tmp_path}/letter")
    assert cli.run(["migrate"]) == 2
    assert "cannot be used: file is not a database" in capsys.readouterr().err


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in cli.command_names():
        assert cli.run([*name.split(), "--help"]) == 0
        assert "Usage: portico" in capsys.readouterr().out


def test_help_needs_nothing_heavy() -> None:
    """Imports are what start-up is made of: asking for help must not wait for the web, the database or the typesetter."""
    heavy = ("litestar", "typst", "sqlalchemy", "pydantic", "babel", "psycopg")
    code = f"import sys; from portico import cli; cli.run(['--help']); sys.exit(','.join(m for m in {heavy} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "migrate" in done.stdout


def test_serve_answers_and_stops_cleanly(configured: Database) -> None:
    end = signal.SIGTERM if configured.dialect == "postgresql" else signal.SIGINT
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "portico", "serve", "--port", str(port)], env=os.environ.copy(), stderr=subprocess.PIPE
    )
    try:
        until = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < until
                time.sleep(0.05)
        process.send_signal(end)
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.communicate()
