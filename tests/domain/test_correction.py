"""Whatever is given back and corrected, in whatever order: the documents of a payment sum to what was taken less what went back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.correction import MOST_CORRECTIONS, Correction, correct, differing, is_giving_tax_back, issuer, left_minor, why_not
from portico.domain.document_line import DocumentLine
from portico.domain.invoice import Document, DocumentContent, LocalTax, Seller, content_for_refund, from_json, local_tax, to_json
from portico.domain.payment import Payment, Refund, net_taken_back_minor
from portico.domain.tax import Taxation, TaxLine, tax_on
from tests.domain.test_invoice import DETAIL, PAID, PAYMENT, content

LATER = PAID + timedelta(days=40)
REVERSE = Taxation("0", "reverse_charge", "FR")
RIGHT = replace(DETAIL, is_business=True, business_name="Groß GmbH", tax_id="DE136695976", copy_emails=("books@example.com",))


def corrected(invoice: DocumentContent, payment: Payment = PAYMENT, *, before_minor: int = 0, undue: Taxation | None = None) -> Correction:
    return correct(
        invoice,
        payment,
        before_minor=before_minor,
        billing_detail=RIGHT,
        credit_note_number="CN-2026-000009",
        invoice_number="INV-2026-000043",
        issued_at=LATER,
        language="fr",
        undue=undue,
    )


def test_a_correction_cancels_and_repeats_the_invoice_for_somebody_else() -> None:
    invoice = content()
    made = corrected(invoice)
    note, new = made.credit_note, made.invoice
    assert (note.kind, note.number, note.refers_to, note.refers_to_at) == ("credit_note", "CN-2026-000009", invoice.number, PAID)
    assert (new.kind, new.number, new.refers_to, new.refers_to_at) == ("invoice", "INV-2026-000043", invoice.number, PAID)
    assert (note.counterpart, new.counterpart) == (new.number, note.number)
    assert (note.billing_detail, new.billing_detail) == (DETAIL, replace(RIGHT, copy_emails=())), "nobody reads who else gets it"
    same = ("lines", "taxes", "net_minor", "tax_minor", "total_minor", "supplied_at", "seller", "buyer_email", "order_id", "time_zone")
    assert all(getattr(note, name) == getattr(new, name) == getattr(invoice, name) for name in same)
    assert (new.paid_minor, new.paid_at, new.method) == (10353, PAID, PAYMENT.method)
    assert (note.paid_minor, note.paid_at, note.method) == (10353, None, None), "no money moves"
    assert note.issued_at == new.issued_at == LATER
    assert note.language == new.language == "fr"
    assert from_json(to_json(note)) == note


def test_the_new_invoice_is_from_the_seller_as_he_is_by_now() -> None:
    """A store that has moved, or was incomplete; but what was sold under one id, or by somebody else, was so for ever."""
    then = Seller("Nordlicht GmbH", line1="Hafenstraße 7", country="DE", tax_id="DE136695976")
    moved = replace(then, line1="Ring 1", registration="HRB 1", tax_id="DE811907980")
    assert issuer(then, moved) == replace(moved, tax_id="DE136695976")
    assert issuer(replace(then, tax_id=""), moved) == issuer(Seller(""), moved) == moved
    for other in (replace(moved, legal_name="Sold to Others Ltd"), replace(moved, country="IE"), Seller("")):
        assert issuer(then, other) == then


def test_after_a_refund_it_is_about_the_rest() -> None:
    made = corrected(content(), before_minor=5000)
    assert (
        made.invoice.lines
        == made.credit_note.lines
        == (DocumentLine("Team – 日本語", 1, 4498, 4498, "19", PAYMENT.period_start, PAYMENT.period_end),)
    )
    assert (made.invoice.net_minor, made.invoice.tax_minor, made.invoice.total_minor) == (4498, 855, 5353)


def test_tax_that_was_never_due_is_left_out_of_the_new_invoice_alone() -> None:
    made = corrected(content(), undue=REVERSE)
    assert (made.credit_note.tax_minor, made.credit_note.total_minor) == (1653, 10353)
    assert made.invoice.taxes == (TaxLine("0", "reverse_charge", 8700, 0, "FR"),)
    assert (made.invoice.net_minor, made.invoice.total_minor, made.invoice.paid_minor) == (8700, 8700, 8700)
    assert {line.tax_rate for line in made.invoice.lines} == {"0"}


def test_the_tax_at_home_is_counted_as_it_was() -> None:
    invoice = replace(content(), local_tax=local_tax(1653, "EUR", to="JPY", rate="170.51", on=PAID.date()))
    assert invoice.local_tax == LocalTax("JPY", 2819, "170.51", PAID.date())
    part = corrected(invoice, before_minor=5000).invoice
    assert part.local_tax == LocalTax("JPY", 1458, "170.51", PAID.date())
    assert corrected(invoice, undue=REVERSE).invoice.local_tax is None


def test_what_is_told_apart_is_what_is_printed() -> None:
    assert differing(DETAIL, RIGHT) == ("business_name", "tax_id")
    assert differing(RIGHT, replace(RIGHT, copy_emails=())) == ()


def test_why_an_invoice_cannot_be_corrected() -> None:
    first = Document("INV_1", "invoice", "INV-1", "ORD_1", "PAY_1", PAID, "de", "EUR", 10353)
    receipt, second = replace(first, id="INV_2", kind="receipt"), replace(first, id="INV_3", corrects_id="INV_1")
    under_way = Refund("REF_1", 1653, "pending", "", PAID, purpose="tax")
    assert why_not(first, [first, receipt], PAYMENT, corrections_today=MOST_CORRECTIONS - 1) is None
    assert why_not(first, [first, receipt], PAYMENT, corrections_today=MOST_CORRECTIONS) == "correction_limit"
    assert why_not(receipt, [first, receipt], PAYMENT, corrections_today=0) == "not_an_invoice"
    assert why_not(first, [first, second], PAYMENT, corrections_today=0) == "corrected_already"
    assert why_not(second, [first, second], PAYMENT, corrections_today=0) is None
    assert why_not(first, [first], replace(PAYMENT, refunded_minor=10353), corrections_today=0) == "nothing_left"
    assert why_not(first, [first], replace(PAYMENT, refunds=(under_way,)), corrections_today=0) == "correction_under_way"
    assert not is_giving_tax_back(replace(PAYMENT, refunds=(replace(under_way, status="failed"), replace(under_way, purpose="money"))))
    assert left_minor(replace(PAYMENT, status="failed")) == 0


RATES = (("19", "standard"), ("7", "reduced"), ("0", "reverse_charge"), ("0", "exempt"), ("8.875", "standard"), ("100", "standard"))


@st.composite
def charges(draw: st.DrawFn) -> Payment:
    """A payment at one rate or several; of a change of plan one may have a minus."""
    rates = draw(st.lists(st.sampled_from(RATES), min_size=1, max_size=4, unique=True))
    bases = [draw(st.integers(1, 10**6)) for _ in rates]
    if len(rates) > 1 and draw(st.booleans()):
        bases[0] = -draw(st.integers(1, max(1, sum(bases[1:]) // 3)))
    taxes = tuple(TaxLine(rate, reason, base, tax_on(base, rate)) for (rate, reason), base in zip(rates, bases, strict=True))  # type: ignore[arg-type]
    net, tax = sum(bases), sum(each.tax_minor for each in taxes)
    lines = tuple(
        DocumentLine("x", 1, base, base, rate, kind="credit" if base < 0 else "charge")
        for (rate, _), base in zip(rates, bases, strict=True)
    )
    kept = taxes if len(taxes) > 1 or draw(st.booleans()) else ()
    return replace(PAYMENT, net_minor=net, tax_minor=tax, total_minor=net + tax, lines=lines, taxes=kept)


def invoice_for(payment: Payment) -> DocumentContent:
    line = payment.lines[0]
    taxes = payment.taxes or (TaxLine(line.tax_rate, dict(RATES).get(line.tax_rate, "standard"), payment.net_minor, payment.tax_minor),)  # type: ignore[arg-type]
    amounts = {"net_minor": payment.net_minor, "tax_minor": payment.tax_minor, "total_minor": payment.total_minor}
    return replace(content(), lines=payment.lines, taxes=taxes, paid_minor=payment.total_minor, **amounts)


@given(charges().filter(lambda payment: payment.total_minor > 0), st.data())
def test_documents_sum_to_what_was_taken_less_what_went_back(payment: Payment, data: st.DataObject) -> None:
    """Net, tax and total, to the minor unit, and no document is refused, in any order of refunds, corrections and a tax refund."""
    newest = invoice_for(payment)
    invoices, notes, given_back, refunds = [newest], list[DocumentContent](), 0, list[Refund]()
    for step in data.draw(st.lists(st.sampled_from(["refund", "correct", "correct", "tax"]), max_size=8)):
        left = payment.total_minor - given_back
        rest = corrected(newest, payment, before_minor=given_back).credit_note if left else None
        if rest is None:
            break
        if step == "refund":
            amount = data.draw(st.integers(1, left) | st.just(1) | st.just(left))
            notes.append(
                content_for_refund(
                    newest, payment, number="", issued_at=PAID, amount_minor=amount, before_minor=given_back, refunded_at=PAID
                )
            )
            given_back, refunds = given_back + amount, [*refunds, Refund("R", amount, "succeeded", "", PAID)]
        elif step == "correct" or rest.tax_minor > 0:
            undue = REVERSE if step == "tax" else None
            made = corrected(newest, payment, before_minor=given_back, undue=undue)
            notes, invoices, newest = [*notes, made.credit_note], [*invoices, made.invoice], made.invoice
            if undue:
                given_back += rest.tax_minor
                refunds.append(Refund("R", rest.tax_minor, "succeeded", "", PAID, purpose="tax"))
        total = sum(each.total_minor for each in invoices) - sum(each.total_minor for each in notes)
        net = sum(each.net_minor for each in invoices) - sum(each.net_minor for each in notes)
        tax = sum(each.tax_minor for each in invoices) - sum(each.tax_minor for each in notes)
        assert (total, net + tax) == (payment.total_minor - given_back, total)
        taken_back = net_taken_back_minor(replace(payment, refunded_minor=given_back, refunds=tuple(refunds)))
        assert payment.net_minor - net == taken_back, "proration knows of it what the documents say"
        if given_back == payment.total_minor:
            assert (net, tax) == (0, 0)


@pytest.mark.parametrize("cents", [1, 3])
def test_corrected_after_every_cent_its_roundings_do_not_add_up(cents: int) -> None:
    invoice = newest = content()
    taxes = 0
    for before in range(0, 600, cents):
        note = content_for_refund(newest, PAYMENT, number="", issued_at=PAID, amount_minor=cents, before_minor=before, refunded_at=PAID)
        newest, taxes = corrected(newest, before_minor=before + cents).invoice, taxes + note.tax_minor
    assert abs(taxes - 600 * invoice.tax_minor / invoice.total_minor) < 1
    assert newest.total_minor == invoice.total_minor - 600
