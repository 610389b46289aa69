"""The e-invoice beside the PDF and within it: the same words, the same file, and a reason where there is none."""

from dataclasses import replace

import facturx
import pytest

from portico.domain.errors import Refused
from portico.domain.scope import BuyerScope
from portico.services import document_file as files
from portico.services import einvoice
from portico.services.document_print import print_data
from portico.services.runtime import Runtime
from tests.documents import en16931
from tests.documents.samples import PLAN_CHANGE
from tests.factories import Factory
from tests.services.test_document import issue


@pytest.mark.parametrize("language", ["de", "ar", "zh-Hant"])
def test_it_says_what_the_pdf_says(language: str) -> None:
    """In the document's language, also its sentences, without the marks that steer a layout."""
    content = replace(PLAN_CHANGE, language=language, refers_to="INV-2026-000041", counterpart="CN-2026-000007")
    cii = einvoice.cii(content)
    assert en16931.faults(cii, "cii") == []
    read, printed = en16931.terms(cii), print_data(content, language, breaks_words=False)
    plain = {ord(mark): None for mark in "\u2066\u2067\u2068\u2069\u200b"}
    assert [line["BT-153"] for line in read["BG-25"]] == [line.description.translate(plain) for line in printed.lines]
    assert [note["BT-22"] for note in read["BG-1"]] == [note.translate(plain) for note in printed.notes]
    assert en16931.terms(einvoice.ubl(content)) == read


def test_both_syntaxes_are_made_once_and_every_copy_of_the_pdf_carries_one(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    invoice, _ = issue(runtime, factory, ada)
    cii, name = files.xml(runtime, ada, invoice.id, "cii")
    ubl, other = files.xml(runtime, ada, invoice.id, "ubl")
    assert (name, other) == ("INV-2026-000001-cii.xml", "INV-2026-000001-ubl.xml")
    assert en16931.faults(cii, "cii") == en16931.faults(ubl, "ubl") == []
    for language in (None, "ja"):
        pdf, _ = files.pdf(runtime, ada, invoice.id, language)
        assert facturx.get_xml_from_pdf(pdf) == ("factur-x.xml", cii)


def test_what_was_kept_first_is_in_every_pdf_ever_after(
    runtime: Runtime, factory: Factory, ada: BuyerScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a newer version would write it otherwise."""
    invoice, _ = issue(runtime, factory, ada)
    pdf, _ = files.pdf(runtime, ada, invoice.id, "fr")
    monkeypatch.setattr(einvoice, "cii", lambda content: b"<written otherwise/>")
    cii, _ = files.xml(runtime, ada, invoice.id, "cii")
    for made in (pdf, files.pdf(runtime, ada, invoice.id)[0]):
        assert facturx.get_xml_from_pdf(made) == ("factur-x.xml", cii)


def test_a_receipt_has_none(runtime: Runtime, factory: Factory, ada: BuyerScope) -> None:
    _, receipt = issue(runtime, factory, ada)
    with pytest.raises(Refused) as refused:
        files.xml(runtime, ada, receipt.id, "cii")
    assert refused.value.code == "no_einvoice"
    assert facturx.get_xml_from_pdf(files.pdf(runtime, ada, receipt.id)[0]) == (False, False)
