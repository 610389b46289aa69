"""The e-invoice within the PDF, as those find it who look for one."""

import io

import facturx
import pikepdf
import pytest
from lxml import etree

from portico.documents import factur_x
from portico.documents.render import render
from portico.domain.invoice import DocumentContent
from portico.services import einvoice
from portico.services.document_print import print_data
from tests.documents.samples import CREDIT_NOTE, HARD, ORDINARY


@pytest.mark.parametrize("content", [ORDINARY, CREDIT_NOTE, HARD["hostile markup"]])
def test_the_pdf_carries_the_file(content: DocumentContent) -> None:
    pdf = render(print_data(content, "de"), attachments=einvoice.attachments(content))
    name, xml = facturx.get_xml_from_pdf(pdf)
    assert (name, xml) == ("factur-x.xml", einvoice.cii(content))
    assert facturx.get_level(etree.fromstring(xml)) == "en16931"


def test_its_metadata_say_so() -> None:
    with pikepdf.open(io.BytesIO(render(print_data(ORDINARY, "en"), attachments=einvoice.attachments(ORDINARY)))) as document:
        (file,) = document.Root.AF
        assert (file.F, file.UF, file.AFRelationship) == ("factur-x.xml", "factur-x.xml", "/Alternative")
        assert (file.EF.F.Subtype, document.Root.Metadata.get("/Filter")) == ("/text/xml", None)
        metadata = document.open_metadata()
        said = {name: metadata[f"{{{factur_x._ADDRESS}}}{name}"] for name in factur_x._PROPERTIES}
    assert said == {"DocumentFileName": "factur-x.xml", "DocumentType": "INVOICE", "Version": "1.0", "ConformanceLevel": "EN 16931"}


def test_a_document_without_an_e_invoice_does_not_say_that_it_has_one() -> None:
    assert einvoice.attachments(HARD["dinar"]) == ()
    with pikepdf.open(io.BytesIO(render(print_data(HARD["dinar"], "en")))) as document:
        assert "/AF" not in document.Root
        assert b"urn:factur-x" not in document.Root.Metadata.read_bytes()


def test_metadata_of_another_shape_are_refused() -> None:
    for xmp in (b"<rdf:RDF></rdf:RDF>", b"<pdfaExtension:schemas><rdf:Bag></rdf:Bag></pdfaExtension:schemas>"):
        with pytest.raises(ValueError, match="metadata"):
            factur_x.described(xmp)
