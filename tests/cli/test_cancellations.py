"""`portico cancellations`: why buyers leave."""

import csv
import io
import json

import pytest

from portico import cli
from portico.cli import console
from portico.services import cancellation
from tests.services.shop import Shop

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Captured = pytest.CaptureFixture[str]
WHERE = ["--store", "nordlicht-plans", "--environment", "prod"]
APRIL = ["--since", "2026-04-01", "--until", "2026-04-01"]


@pytest.fixture
def left(configured: Shop) -> Shop:
    """Two who left on the first of April: one of them came back."""
    for plan, reason in (("yearly", "unused"), ("starter", None)):
        subscription_id = configured.subscribe(plan)
        cancellation.cancel(configured.runtime, configured.ada, subscription_id, reason, "=1+1" if reason else "")
    cancellation.resume(configured.runtime, configured.ada, subscription_id)
    return configured


def run(capsys: Captured, *arguments: str) -> str:
    assert cli.run(["cancellations", *WHERE, *arguments]) == 0
    return capsys.readouterr().out


def test_by_reason_in_a_line_each(left: Shop, capsys: Captured) -> None:
    assert [line.split("\t") for line in run(capsys, *APRIL).splitlines()] == [
        ["I don’t use it enough", "unused", "1", "0", "1", "EUR", "25.00", "0.00"],
        ["(none given)", "", "1", "1", "0", "EUR", "0.00", "10.00"],
    ]
    assert run(capsys, "--since", "2026-04-02", "--until", "2026-04-02") == ""
    assert [line.split("\t")[0] for line in run(capsys, "--by", "month", *APRIL).splitlines()] == ["2026-04"]


def test_on_a_terminal_all_of_it_comes_last(left: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.out, "_force_terminal", True)
    monkeypatch.setattr(console.out, "_width", 100)
    shown = run(capsys, *APRIL).splitlines()
    assert [line.split("  ")[0] for line in shown[1:]] == ["I don’t use it enough", "(none given)", "all"], "a line each, on a usual screen"
    assert shown[-1].split() == ["all", "2", "1", "1", "EUR", "25.00", "10.00"]
    monkeypatch.setattr(console.out, "_width", 40)
    narrow = run(capsys, *APRIL)
    assert "…" not in narrow, "where there is no room for a table, each row has lines of its own"
    assert ["lost/month", "25.00"] in [line.split() for line in narrow.splitlines()]
    assert run(capsys, "--since", "2026-04-02", "--until", "2026-04-02") == "", "no table without a line"


def test_for_programs_and_spreadsheets(left: Shop, capsys: Captured) -> None:
    found = json.loads(run(capsys, "--json", "--by", "product", *APRIL))
    assert [(line["name"], line["money"][0]["lost_per_month"]) for line in found["data"]] == [("yearly", "25.00"), ("starter", "0.00")]
    rows = list(csv.DictReader(io.StringIO(run(capsys, "--csv", *APRIL).removeprefix("\ufeff"))))
    assert [(row["key"], row["lost_per_month"]) for row in rows] == [("unused", "25.00"), ("", "0.00")]
    every = list(csv.DictReader(io.StringIO(run(capsys, "--each", *APRIL).removeprefix("\ufeff"))))
    assert sorted(row["comment"] for row in every) == ["", "'=1+1"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--since", "yesterday"], "is no day"),
        (["--since", "2026-04-02", "--until", "2026-04-01"], "before --since"),
        (["--csv", "--json"], "give one of"),
        (["--by", "mood"], "by"),
    ],
)
def test_bad_input_is_said_in_a_line(configured: Shop, arguments: list[str], words: str, capsys: Captured) -> None:
    assert cli.run(["cancellations", *WHERE, *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_nobody_left_is_no_error(configured: Shop, capsys: Captured) -> None:
    assert cli.run(["cancellations", *WHERE]) == 0
    shown = capsys.readouterr()
    assert (shown.out, "Nobody canceled" in shown.err) == ("", True)
