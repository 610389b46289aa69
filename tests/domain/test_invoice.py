import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Refused
from portico.domain.invoice import (
    DocumentContent,
    DocumentKind,
    DocumentLine,
    LocalTax,
    Seller,
    TaxLine,
    TaxReturned,
    check_totals,
    content_for_payment,
    content_for_refund,
    could_be_ours,
    from_json,
    number,
    to_json,
)
from portico.domain.order import Order
from portico.domain.payment import Payment, PaymentMethod, PaymentStatus
from portico.domain.tax import tax_on

BOUGHT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PAID = BOUGHT + timedelta(minutes=2)
REFUNDED = BOUGHT + timedelta(days=9)
DETAIL = BillingDetail(country="DE", name="Jörg Groß", line1="Lindenstraße 1", city="Berlin", postal_code="10969")
ORDER = Order(
    id="ORD_1",
    external_id="o-1",
    buyer_id="BUY_1",
    kind="subscription",
    product_id="PROD_1",
    product_name="Team \u2013 日本語",
    quantity=3,
    currency="EUR",
    net_minor=8700,
    tax_minor=1653,
    total_minor=10353,
    status="active",
    created_at=BOUGHT,
    subscription_id="SUB_1",
    billing_detail=DETAIL,
)
PAYMENT = Payment(
    id="PAY_1",
    external_id=None,
    order_id="ORD_1",
    subscription_id="SUB_1",
    period_start=BOUGHT,
    period_end=datetime(2026, 4, 1, 8, 0, tzinfo=UTC),
    currency="EUR",
    net_minor=8700,
    tax_minor=1653,
    total_minor=10353,
    refunded_minor=0,
    status="succeeded",
    method=PaymentMethod("visa", "4242", 12, 2030),
    created_at=BOUGHT,
    succeeded_at=PAID,
)
SELLER = Seller("Example GmbH", line1="Hauptstraße 5", city="München", postal_code="80331", country="DE", tax_id="DE136695976")


def content(kind: DocumentKind = "invoice", payment: Payment = PAYMENT, order: Order = ORDER) -> DocumentContent:
    return content_for_payment(
        kind,
        number=number("INV", 2026, 42),
        issued_at=PAID,
        language="de",
        time_zone="Europe/Berlin",
        test=False,
        seller=SELLER,
        buyer_email="buyer@example.com",
        order=order,
        payment=payment,
        tax_rate="19",
        tax_reason="standard",
    )


def test_an_invoice_copies_what_it_prints() -> None:
    invoice = content()
    assert invoice.number == "INV-2026-000042"
    assert invoice.lines == (DocumentLine("Team – 日本語", 3, 2900, 8700, "19", BOUGHT, PAYMENT.period_end),)
    assert invoice.taxes == (TaxLine("19", "standard", 8700, 1653),)
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor, invoice.paid_minor) == (8700, 1653, 10353, 10353)
    assert (invoice.billing_detail, invoice.seller, invoice.order_id) == (DETAIL, SELLER, "ORD_1")
    assert (invoice.supplied_at, invoice.paid_at, invoice.method) == (BOUGHT, PAID, PAYMENT.method)


def test_other_details_may_be_printed_than_the_orders_own() -> None:
    other = replace(DETAIL, name="Example Ltd")
    invoice = content_for_payment(
        "receipt",
        number="REC-2026-000001",
        issued_at=PAID,
        language="en",
        time_zone="UTC",
        test=True,
        seller=SELLER,
        buyer_email="b@example.com",
        order=ORDER,
        payment=PAYMENT,
        tax_rate="19",
        tax_reason="standard",
        billing_detail=other,
        refers_to="INV-2026-000042",
    )
    assert (invoice.billing_detail, invoice.refers_to, invoice.test) == (other, "INV-2026-000042", True)


@pytest.mark.parametrize("status", ["pending", "failed", "canceled", "unknown"])
def test_an_unpaid_invoice_says_so_and_has_no_receipt(status: PaymentStatus) -> None:
    unpaid = replace(PAYMENT, status=status, succeeded_at=None, period_start=None, period_end=None)
    invoice = content("invoice", unpaid)
    assert (invoice.paid_minor, invoice.paid_at, invoice.supplied_at) == (0, None, BOUGHT)
    with pytest.raises(Refused) as refused:
        content("receipt", unpaid)
    assert refused.value.code == "payment_not_succeeded"


def test_a_prorated_charge_is_one_position() -> None:
    prorated = replace(PAYMENT, net_minor=1000, tax_minor=190, total_minor=1190)
    assert [(line.quantity, line.unit_minor, line.net_minor) for line in content("invoice", prorated).lines] == [(1, 1000, 1000)]


def test_a_change_of_plan_prints_what_it_gives_back_and_takes() -> None:
    half, end = PAID + timedelta(days=15), datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
    lines = (
        DocumentLine("Team", 1, -1450, -1450, "19", half, end, "credit"),
        DocumentLine("Business", 1, 2450, 2450, "19", half, end, "charge"),
    )
    amounts = {"net_minor": 1000, "tax_minor": 190, "total_minor": 1190}
    invoice = content("invoice", replace(PAYMENT, period_start=None, period_end=None, lines=lines, **amounts))
    assert (invoice.lines, invoice.taxes, invoice.supplied_at) == (lines, (TaxLine("19", "standard", 1000, 190),), half)
    with pytest.raises(Refused):
        content("invoice", replace(PAYMENT, lines=lines))


def credit_note(amount_minor: int, before_minor: int = 0, payment: Payment = PAYMENT, language: str = "") -> DocumentContent:
    return content_for_refund(
        content("invoice", payment),
        payment,
        number="CN-2026-000001",
        issued_at=REFUNDED,
        amount_minor=amount_minor,
        before_minor=before_minor,
        refunded_at=REFUNDED,
        language=language,
    )


def test_a_credit_note_for_all_repeats_the_invoice() -> None:
    note, invoice = credit_note(10353), content()
    assert (note.kind, note.number, note.refers_to, note.issued_at) == ("credit_note", "CN-2026-000001", "INV-2026-000042", REFUNDED)
    assert (note.lines, note.taxes, note.supplied_at) == (invoice.lines, invoice.taxes, invoice.supplied_at)
    assert (note.net_minor, note.tax_minor, note.total_minor, note.paid_minor, note.paid_at) == (8700, 1653, 10353, 10353, REFUNDED)
    assert (note.seller, note.billing_detail, note.buyer_email, note.method) == (SELLER, DETAIL, "buyer@example.com", PAYMENT.method)
    assert (note.language, credit_note(1, language="fr").language) == ("de", "fr")
    assert from_json(to_json(note)) == note


def test_a_credit_note_for_a_part_is_one_position() -> None:
    note = credit_note(5000)
    assert note.lines == (DocumentLine("Team – 日本語", 1, 4202, 4202, "19", BOUGHT, PAYMENT.period_end),)
    assert note.taxes == (TaxLine("19", "standard", 4202, 798),)
    rest = credit_note(5353, before_minor=5000)
    assert (note.net_minor + rest.net_minor, note.tax_minor + rest.tax_minor) == (8700, 1653)
    with pytest.raises(ValueError, match="between nothing"):
        credit_note(5354, before_minor=5000)


def test_a_part_of_a_changed_plan_is_given_back_under_the_new_ones_name() -> None:
    lines = (DocumentLine("Team", 1, -1450, -1450, "19", kind="credit"), DocumentLine("Business", 1, 2450, 2450, "19", kind="charge"))
    changed = replace(PAYMENT, net_minor=1000, tax_minor=190, total_minor=1190, lines=lines)
    assert credit_note(119, payment=changed).lines == (DocumentLine("Business", 1, 100, 100, "19"),)
    assert credit_note(1190, payment=changed).lines == lines


def test_a_change_of_plan_across_rates_prints_each_and_gives_each_back() -> None:
    """The old plan was taxed at home, the new one is the buyer's to tax."""
    lines = (DocumentLine("Team", 1, -1000, -1000, "19", kind="credit"), DocumentLine("Business", 1, 2450, 2450, "0", kind="charge"))
    taxes = (TaxLine("19", "standard", -1000, -190, "DE"), TaxLine("0", "reverse_charge", 2450, 0, "AT"))
    changed = replace(PAYMENT, net_minor=1450, tax_minor=-190, total_minor=1260, lines=lines, taxes=taxes)
    assert content("invoice", changed).taxes == taxes
    assert credit_note(1260, payment=changed).lines == lines
    half = credit_note(630, payment=changed)
    assert half.taxes == (TaxLine("19", "standard", -500, -95, "DE"), TaxLine("0", "reverse_charge", 1225, 0, "AT"))
    assert half.lines == (DocumentLine("Team", 1, -500, -500, "19", kind="credit"), DocumentLine("Business", 1, 1225, 1225, "0"))
    assert (half.net_minor, half.tax_minor, half.total_minor) == (725, -95, 630)
    assert [tax.rate for tax in credit_note(1, payment=changed).taxes] == ["19", "0"]


@given(
    st.integers(1, 10**6),
    st.sampled_from(["0", "0.000001", "7", "8.875", "19", "99.999999", "100"]),
    st.sampled_from([-1, 0, 1]),
    st.data(),
)
def test_credit_notes_hold_together_however_the_charge_was_rounded(net: int, rate: str, other_rule: int, data: st.DataObject) -> None:
    """Also where the shop rounded its tax by another rule, in any parts."""
    tax = tax_on(net, rate) + other_rule
    assume(abs(net * Fraction(rate) / 100 - tax) < 1 and tax >= 0)
    payment = replace(PAYMENT, net_minor=net, tax_minor=tax, total_minor=net + tax)
    invoice = replace(content(), lines=(DocumentLine("x", 1, net, net, rate),), taxes=(TaxLine(rate, "standard", net, tax),), net_minor=net)
    edges = [0, *sorted(data.draw(st.sets(st.integers(1, net + tax), max_size=4))), net + tax]
    notes = [
        content_for_refund(invoice, payment, number="", issued_at=PAID, amount_minor=end - start, before_minor=start, refunded_at=PAID)
        for start, end in pairwise(edges)
    ]
    assert (sum(note.net_minor for note in notes), sum(note.tax_minor for note in notes)) == (net, tax)


def test_tax_rounded_elsewhere_by_another_rule_is_printed_as_charged() -> None:
    floored = replace(PAYMENT, net_minor=2895, tax_minor=550, total_minor=3445)  # 550.05
    assert content("invoice", replace(floored, tax_minor=551, total_minor=3446)).tax_minor == 551
    assert content("invoice", floored).tax_minor == 550
    with pytest.raises(Refused):
        content("invoice", replace(floored, tax_minor=552, total_minor=3447))


lines = st.builds(
    lambda quantity, unit, rate: DocumentLine("x", quantity, unit, quantity * unit, rate),
    st.integers(1, 50),
    st.integers(0, 10**8),
    st.sampled_from(["0", "7", "8.875", "19"]),
)


def composed(positions: list[DocumentLine]) -> DocumentContent:
    """A document of several positions and rates, added up by a plain loop."""
    bases: dict[str, int] = {}
    for line in positions:
        bases[line.tax_rate] = bases.get(line.tax_rate, 0) + line.net_minor
    taxes = tuple(TaxLine(rate, "standard", base, tax_on(base, rate)) for rate, base in sorted(bases.items()))
    net, tax = sum(bases.values()), sum(line.tax_minor for line in taxes)
    return replace(content(), lines=tuple(positions), taxes=taxes, net_minor=net, tax_minor=tax, total_minor=net + tax, paid_minor=0)


@given(st.lists(lines, min_size=1, max_size=8))
def test_what_adds_up_passes(positions: list[DocumentLine]) -> None:
    check_totals(composed(positions))


@given(st.lists(lines, min_size=1, max_size=5), st.sampled_from(["net_minor", "tax_minor", "total_minor"]), st.sampled_from([-1, 1]))
def test_a_total_off_by_one_does_not(positions: list[DocumentLine], name: str, by: int) -> None:
    right = composed(positions)
    with pytest.raises(Refused) as refused:
        check_totals(replace(right, **{name: getattr(right, name) + by}))
    assert refused.value.code == "document_totals"


@given(st.lists(lines, min_size=1, max_size=5), st.data())
def test_a_line_off_by_one_does_not(positions: list[DocumentLine], data: st.DataObject) -> None:
    right = composed(positions)
    place = data.draw(st.integers(0, len(positions) - 1))
    wrong_line = replace(positions[place], net_minor=positions[place].net_minor + 1)
    wrong_tax = replace(right.taxes[0], base_minor=right.taxes[0].base_minor + 1)
    wrongs = [
        replace(right, lines=(*positions[:place], wrong_line, *positions[place + 1 :])),
        replace(right, taxes=(wrong_tax, *right.taxes[1:])),
        replace(right, taxes=right.taxes[1:]),
        replace(right, taxes=(*right.taxes, right.taxes[0])),
        replace(right, taxes=(*right.taxes, TaxLine("3", "reduced", 0, 0))),
        replace(right, paid_minor=right.total_minor + 1),
        replace(right, paid_minor=-1),
    ]
    for wrong in wrongs:
        with pytest.raises(Refused):
            check_totals(wrong)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("INV", 2026, 42, False), "INV-2026-000042"),
        (("INV", 2026, 42, True), "TEST-INV-2026-000042"),
        (("REC", 2027, 999_999, False), "REC-2027-999999"),
        (("REC", 2027, 1_000_000, False), "REC-2027-1000000"),
    ],
)
def test_numbers_read_well_and_never_run_out(arguments: tuple[str, int, int, bool], text: str) -> None:
    assert number(*arguments) == text


def test_numbers_start_at_one() -> None:
    with pytest.raises(ValueError, match="start at 1"):
        number("INV", 2026, 0)


def test_the_stored_form_is_canonical() -> None:
    invoice = content()
    stored = to_json(invoice)
    assert from_json(stored) == from_json(stored.decode()) == invoice
    assert to_json(from_json(stored)) == stored

    parsed = json.loads(stored)
    unsaid = {"counterpart", "local_tax", "refers_to_at", "tax_returned"}
    assert list(parsed) == sorted({f.name for f in fields(DocumentContent)} - unsaid)
    returned = TaxReturned(1653, PAID.astimezone(timezone(timedelta(hours=1))), invoice.method)
    local = LocalTax("SEK", 18, "11.1", PAID.date())
    said = replace(invoice, counterpart="CN-1", refers_to_at=PAID, local_tax=local, tax_returned=returned)
    assert unsaid < set(json.loads(to_json(said)))
    assert from_json(to_json(said)) == said
    assert json.dumps(parsed, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() == stored
    assert parsed["issued_at"] == "2026-03-01T08:02:00Z"


def test_equal_moments_are_stored_alike_whatever_their_zone() -> None:
    berlin = timezone(timedelta(hours=1))
    invoice = content()
    elsewhere = replace(
        invoice,
        issued_at=PAID.astimezone(berlin),
        lines=tuple(replace(line, period_start=BOUGHT.astimezone(berlin)) for line in invoice.lines),
    )
    assert to_json(elsewhere) == to_json(invoice)
    with pytest.raises(ValueError, match="time zone"):
        to_json(replace(invoice, issued_at=PAID.replace(tzinfo=None)))


def test_the_stored_form_never_changes_by_accident() -> None:
    """Documents are kept for ten years: whoever changes this hash must show that the old ones are still read."""
    assert sha256(to_json(content())).hexdigest() == GOLDEN


GOLDEN = "f2e30410ff6e09491ff8f4754b3ddf3728455ff8aa9211f73a4156bc00910821"
# As the first release stored it, before lines had a kind, tax a country and invoices successors.
STORED = (
    '{"accent_color":"","billing_detail":{"business_name":"","city":"Berlin","country":"DE","is_business":false,'
    '"line1":"Lindenstraße 1","line2":"","name":"Jörg Groß","postal_code":"10969","state":"","tax_id":""},'
    '"buyer_email":"buyer@example.com","currency":"EUR","issued_at":"2026-03-01T08:02:00Z","kind":"invoice","language":"de",'
    '"lines":[{"description":"Team – 日本語","net_minor":8700,"period_end":"2026-04-01T08:00:00Z",'
    '"period_start":"2026-03-01T08:00:00Z","quantity":3,"tax_rate":"19","unit_minor":2900}],'
    '"method":{"brand":"visa","expiry_month":12,"expiry_year":2030,"last4":"4242"},"net_minor":8700,"number":"INV-2026-000042",'
    '"order_id":"ORD_1","paid_at":"2026-03-01T08:02:00Z","paid_minor":10353,"refers_to":"",'
    '"seller":{"city":"München","country":"DE","email":"","legal_name":"Example GmbH","line1":"Hauptstraße 5","line2":"",'
    '"postal_code":"80331","registration":"","state":"","tax_id":"DE136695976","website":""},"store_name":"",'
    '"supplied_at":"2026-03-01T08:00:00Z","tax_minor":1653,'
    '"taxes":[{"base_minor":8700,"rate":"19","reason":"standard","tax_minor":1653}],"test":false,"time_zone":"Europe/Berlin",'
    '"total_minor":10353}'
).encode()


def test_what_was_stored_by_the_first_release_keeps_its_hash() -> None:
    assert sha256(STORED).hexdigest() == GOLDEN
    assert from_json(STORED) == content()
    assert to_json(from_json(STORED)) == STORED


def test_only_an_unusual_kind_of_line_is_written_down() -> None:
    hostile = replace(content().lines[0], description='"kind":"plain",')
    lines = (replace(hostile, kind="credit"), hostile, replace(hostile, kind="charge"))
    stored = to_json(replace(content(), lines=lines))
    assert from_json(stored).lines == lines
    assert [line.get("kind") for line in json.loads(stored)["lines"]] == ["credit", None, "charge"]


def test_anything_else_is_not_read() -> None:
    for wrong in (b"", b"{}", b"null", to_json(content()).replace(b'"invoice"', b'"poem"'), to_json(content()).replace(b"8700", b'"8700"')):
        with pytest.raises(msgspec.DecodeError):
            from_json(wrong)


@pytest.mark.parametrize("prefix", ["INV", "REC", "CN"])
@pytest.mark.parametrize("sequence", [1, 999_999, 1_000_000])
@pytest.mark.parametrize("test", [False, True])
def test_every_number_of_ours_is_known_as_one(prefix: str, sequence: int, test: bool) -> None:
    assert could_be_ours(number(prefix, 2026, sequence, test))
    assert could_be_ours(number(prefix, 2026, sequence, test).lower())


@pytest.mark.parametrize(
    "text", ["RE-2026-000001", "INV-2026-00001", "INV2026-000001", "X-INV-2026-000001", "INV-2026-000001-A", "INV-2026-١٢٣٤٥٦"]
)
def test_a_number_we_never_make_is_not_ours(text: str) -> None:
    assert not could_be_ours(text)
