import json
from dataclasses import replace

import msgspec
import pytest

from portico.domain.document_line import DocumentLine, lines_from_json, lines_to_json
from portico.domain.payment import change_from_json, change_to_json
from portico.domain.proration import plan_change
from tests.domain.samples import BUSINESS, END, MANAGED, START

LINES = (
    DocumentLine("Team – 日本語", 1, -1450, -1450, "19", START, END, "credit"),
    DocumentLine("Business", 1, 2450, 2450, "19", START, END, "charge"),
    DocumentLine("Setup", 2, 100, 200, "19"),
)


def test_lines_come_back_from_a_column() -> None:
    assert lines_from_json(json.loads(json.dumps(lines_to_json(LINES)))) == LINES
    assert lines_to_json(()) is None
    assert lines_from_json(None) == ()
    with pytest.raises(msgspec.ValidationError):
        lines_from_json([{"description": "x"}])


def test_a_change_comes_back_from_a_column() -> None:
    made = plan_change(MANAGED, BUSINESS, 3, now=START, group_id="GRP_1").in_effect
    assert change_from_json(json.loads(json.dumps(change_to_json(made)))) == made
    assert change_from_json(change_to_json(None)) is None
    assert change_from_json(change_to_json(replace(made, new_period=True, from_quantity=3))) != made
    with pytest.raises(msgspec.ValidationError):
        change_from_json({})
