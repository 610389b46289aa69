"""What makes a PDF a Factur-X invoice (Factur-X 1.0, identical to ZUGFeRD 2): the CII file in it, and metadata that says so.

typst attaches the file; the metadata is written here, since it is none that typst knows.
"""

from portico.documents.print_data import Attachment

NAME = "factur-x.xml"  # the one that the standard prescribes
_ADDRESS = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = {
    "DocumentFileName": (NAME, "name of the embedded XML invoice file"),
    "DocumentType": ("INVOICE", "INVOICE"),  # credit notes too
    "Version": ("1.0", "version of the data format of the embedded XML"),
    "ConformanceLevel": ("EN 16931", "conformance level of the embedded XML"),
}
_SAID = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _PROPERTIES.items())
_DECLARED = "".join(
    f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>'
    f"<pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
    for name, (_, meaning) in _PROPERTIES.items()
)
_SCHEMA = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    f"<pdfaSchema:namespaceURI>{_ADDRESS}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    f"<pdfaSchema:property><rdf:Seq>{_DECLARED}</rdf:Seq></pdfaSchema:property></rdf:li>"
).encode()
_DESCRIPTION = f'<rdf:Description rdf:about="" xmlns:fx="{_ADDRESS}">{_SAID}</rdf:Description>'.encode()
_SCHEMAS, _END_OF_BAG, _END = b"<pdfaExtension:schemas>", b"</rdf:Bag>", b"</rdf:RDF>"


def attachment(cii: bytes) -> Attachment:
    """The CII file as it goes into the PDF, which says the same in another form."""
    return Attachment(NAME, cii, "E-invoice (EN 16931, Factur-X)")


def described(xmp: bytes) -> bytes:
    """A PDF's metadata, with what says that there is such a file in it.

    PDF/A wants every property declared (ISO 19005-3, 6.6.2.3), so typst's list of the schemas it declares grows by ours. Raises
    ValueError for metadata of another shape, as a later typst might write it.
    """
    before, schemas, rest = xmp.partition(_SCHEMAS)
    declared, end_of_bag, after = rest.partition(_END_OF_BAG)
    if not (schemas and end_of_bag and after.count(_END) == 1):
        raise ValueError("these are not the metadata that typst writes")
    return b"".join((before, schemas, declared, _SCHEMA, end_of_bag, after.replace(_END, _DESCRIPTION + _END)))
