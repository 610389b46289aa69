"""`portico document xml`: the e-invoice without the web."""

from pathlib import Path

import pytest

from portico import cli
from portico.storage import document
from tests.services.shop import Shop


def test_an_e_invoice_is_written_in_either_syntax(configured: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured.subscribe("starter")
    with configured.runtime.database.read() as connection:
        found = {each.kind: each.id for each in document.page(connection, configured.ada).items}
    assert cli.run(["document", "xml", found["invoice"], "--format", "ubl", "-o", "out.xml"]) == 0
    assert (tmp_path / "out.xml").read_bytes().startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Invoice ')
    assert cli.run(["document", "xml", found["invoice"]]) == 0
    assert b"<rsm:CrossIndustryInvoice " in (tmp_path / capsys.readouterr().out.split()[-1]).read_bytes()
    assert cli.run(["document", "xml", found["receipt"]]) == 2
    assert "A receipt is no invoice" in capsys.readouterr().err
    assert cli.run(["document", "xml", "INV_nope"]) == 2
    assert "there is no document" in capsys.readouterr().err
