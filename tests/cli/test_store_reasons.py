"""`portico store reasons`: what buyers may say when they leave."""

import json
from pathlib import Path

import pytest

from portico import cli
from tests.services.shop import Shop

Captured = pytest.CaptureFixture[str]
SLUG = "nordlicht-plans"


def lines(capsys: Captured) -> list[list[str]]:
    return [line.split("\t") for line in capsys.readouterr().out.splitlines()]


def test_a_store_begins_with_everybodys_reasons(configured: Shop, capsys: Captured) -> None:
    assert cli.run(["store", "reasons", SLUG]) == 0
    shown = lines(capsys)
    assert (shown[0], len(shown)) == (["too_expensive", "It’s too expensive", "all"], 8)


def test_a_store_may_have_its_own_and_go_back(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "reasons.json"
    own = [{"code": "moved", "label": {"en": "I moved away", "de": "Ich bin weggezogen"}}, {"code": "too_expensive"}, {"code": "other"}]
    file.write_text(json.dumps(own))
    assert cli.run(["store", "reasons", SLUG, "--file", str(file)]) == 0
    assert lines(capsys) == [
        ["moved", "I moved away", "en de"], ["too_expensive", "It’s too expensive", "all"], ["other", "Another reason", "all"],
    ]  # fmt: skip
    assert cli.run(["store", "reasons", SLUG]) == 0
    assert len(lines(capsys)) == 3
    assert cli.run(["store", "reasons", SLUG, "--default"]) == 0
    assert len(lines(capsys)) == 8


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "truncated"),
        ("{}", "array"),
        ("[]", "1 to 20 reasons"),
        ('[{"code": "a"}]', "needs a label"),
        ('[{"code": "other"}, {"code": "other"}]', "code of its own"),
        (
            '[{"code": "Not This", "label": {"en": "x"}}]',
            "40 lower-case letters, digits and underscores, and begins with a letter - at the list[0].code",
        ),
        ('[{"code": "a", "label": {"xx": "x"}}]', "languages"),
        ('[{"code": "a", "label": {"en": ""}}]', "length >= 1"),
        ('[{"code": "a", "label": {"en": " "}}]', "printable"),
        ('[{"code": "a", "label": {"en": "x\\u0007"}}]', "printable"),
        ('[{"code": "a", "label": {"en": "' + "x" * 101 + '"}}]', "length <= 100"),
        ('[{"code": "other", "words": 1}]', "unknown field"),
        (json.dumps([{"code": f"a{n}", "label": {"en": "x"}} for n in range(21)]), "1 to 20 reasons"),
    ],
)
def test_a_list_that_cannot_be_offered_is_said_in_a_line_and_changes_nothing(
    configured: Shop, tmp_path: Path, written: str, words: str, capsys: Captured
) -> None:
    file = tmp_path / "reasons.json"
    file.write_text(written)
    assert cli.run(["store", "reasons", SLUG, "--file", str(file)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("portico: ")
    assert len(said.splitlines()) == 1
    cli.run(["store", "reasons", SLUG])
    assert len(lines(capsys)) == 8


def test_a_file_that_is_not_there_and_two_wishes_at_once(configured: Shop, tmp_path: Path, capsys: Captured) -> None:
    assert cli.run(["store", "reasons", SLUG, "--file", str(tmp_path / "none.json")]) == 2
    assert cli.run(["store", "reasons", SLUG, "--file", str(tmp_path / "none.json"), "--default"]) == 2
    assert cli.run(["store", "reasons", "nobody"]) == 2
