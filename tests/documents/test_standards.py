"""PDF/A-3a and PDF/UA-1, by the reference validator and not by our own belief."""

import io
from dataclasses import replace

import pikepdf
import pytest

from portico.documents.render import render
from portico.domain.invoice import DocumentContent
from portico.i18n.languages import LANGUAGES
from portico.services import einvoice
from portico.services.document_print import print_data
from tests.documents.conftest import Validate
from tests.documents.samples import CANCELLATION, CORRECTED, CREDIT_NOTE, HARD, ORDINARY, PLAN_CHANGE, TWO_RATES, many_lines
from tests.documents.verapdf import Flavour

FLAVOURS: tuple[Flavour, ...] = ("PDFA-3A", "PDFUA-1")
ALL = {
    "ordinary": ORDINARY, "test": replace(ORDINARY, test=True), "two rates": TWO_RATES, "pages": many_lines(60),
    "200 lines": many_lines(200), "plan change": PLAN_CHANGE, "credit note": CREDIT_NOTE, "corrected": CORRECTED,
    "cancellation": CANCELLATION, **HARD,
}  # fmt: skip


def _hold(validate: Validate, content: DocumentContent, language: str) -> None:
    """With the e-invoice in it, wherever there is one."""
    pdf = render(print_data(content, language), attachments=einvoice.attachments(content))
    for flavour in FLAVOURS:
        verdict = validate(pdf, flavour)
        assert verdict.compliant, f"{flavour}: {verdict.failures}"
        assert verdict.checks > 1000


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("case", "language"),
    [
        ("ordinary", "en"), ("two rates", "de"), ("test", "ar"), ("mixed scripts", "ar"), ("yen", "ja"), ("unprintable", "th"),
        ("hostile markup", "zh-Hans"), ("long words", "ko"), ("pages", "ru"), ("reverse charge", "vi"), ("nothing to pay", "zh-Hant"),
        ("plan change", "ja"), ("credit note", "ar"), ("corrected", "pl"), ("cancellation", "fr"), ("200 lines", "ar"),
    ],
)  # fmt: skip
def test_documents_pass_the_validator(validate: Validate, case: str, language: str) -> None:
    _hold(validate, ALL[case], language)


def test_the_validator_finds_fault_with_a_broken_file(validate: Validate) -> None:
    """So that a pass means something: the same file without the mark that says it is tagged."""
    broken = io.BytesIO()
    with pikepdf.open(io.BytesIO(render(print_data(ORDINARY, "en")))) as document:
        del document.Root.MarkInfo
        document.save(broken)
    for flavour in FLAVOURS:
        assert any("MarkInfo" in failure for failure in validate(broken.getvalue(), flavour).failures)


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", [language.tag for language in LANGUAGES])
def test_every_case_passes_in_every_language(validate: Validate, language: str) -> None:
    receipts = [
        replace(content, kind="receipt")
        for content in ALL.values()
        if content.kind == "invoice" and content.paid_minor == content.total_minor
    ]
    for content in (*ALL.values(), *receipts):
        _hold(validate, replace(content, language=language), language)
    print(f"documents, {language}: {len(ALL) + len(receipts)} files, 0 faults found by veraPDF as {' and '.join(FLAVOURS)}")
