"""`portico document`: a document's files without the web."""

from dataclasses import replace
from pathlib import Path

import pytest

from portico import cli
from portico.services import store as stores
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
    assert cli.run(["document", "xml", found["invoice"], "-o", "-"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("</rsm:CrossIndustryInvoice>"), "alone, so that it can be piped"
    assert cli.run(["document", "xml", found["receipt"]]) == 2
    assert "A receipt is no invoice" in capsys.readouterr().err
    assert cli.run(["document", "xml", "INV_nope"]) == 2
    assert "there is no document" in capsys.readouterr().err


def test_a_pdf_comes_with_what_the_law_wants_on_it_and_it_lacks(
    configured: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configured.subscribe("starter")
    with configured.runtime.database.read() as connection:
        whole = next(each.id for each in document.page(connection, configured.ada).items if each.kind == "invoice")
    assert cli.run(["document", "render", whole, "-o", "whole.pdf"]) == 0
    assert (tmp_path / "whole.pdf").read_bytes().startswith(b"%PDF-")
    assert capsys.readouterr().err == ""
    assert cli.run(["document", "issue-missing"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Credit notes issued: 0."
    row = stores.find(configured.runtime, configured.store.store_id)
    assert row is not None
    stores.set_seller(configured.runtime, row, replace(row.seller, line1="", tax_id=""))
    configured.subscribe("starter")
    with configured.runtime.database.read() as connection:
        bare = next(each.id for each in document.page(connection, configured.ada).items if each.kind == "invoice" and each.id != whole)
    assert cli.run(["document", "render", bare, "-o", "bare.pdf"]) == 0
    assert capsys.readouterr().err == "Missing on it: your address; your tax id, in the form that the law gives it.\n"
