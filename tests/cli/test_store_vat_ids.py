"""`portico store vat-ids`: the proofs that VIES was asked."""

import pytest

from portico import cli
from portico.storage import tax_id_check as checks
from tests.services.shop import Shop


def test_every_question_is_listed_with_its_answer(configured: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    now, ada = configured.runtime.clock(), configured.ada
    with configured.runtime.database.transaction() as tx:
        checks.create(tx, ada, "TIC_1", "DE136695976", now)
        proof = {"consultation_number": "WAPI1", "name": "[b]Ada[/b]\tGmbH", "address": "Lindenstr. 1\n10969 Berlin"}
        checks.answered(tx, ada, "TIC_1", "valid", now=now, **proof)
        checks.create(tx, ada, "TIC_2", "FR40303265045", now)
    assert cli.run(["store", "vat-ids", "nordlicht-plans", "--environment", "prod"]) == 0
    pending, valid = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    asked = now.isoformat(timespec="seconds")
    assert pending == ["FR40303265045", "pending", "ada@example.com", asked, "", "", "", ""]
    assert valid == ["DE136695976", "valid", "ada@example.com", asked, asked, "WAPI1", "[b]Ada[/b] GmbH", "Lindenstr. 1 10969 Berlin"]
    assert cli.run(["store", "vat-ids", "nordlicht-plans", "--environment", "test"]) == 0
    assert capsys.readouterr().out == ""
