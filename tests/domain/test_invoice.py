import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.billing_detail import BillingDetail
from portico.domain.errors import Refused
from portico.domain.invoice import (
    DocumentContent,
    DocumentKind,
    DocumentLine,
    Seller,
    TaxLine,
    check_totals,
    content_for_payment,
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
    assert list(parsed) == sorted(f.name for f in fields(DocumentContent))
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


def test_anything_else_is_not_read() -> None:
    for wrong in (b"", b"{}", b"null", to_json(content()).replace(b'"invoice"', b'"poem"'), to_json(content()).replace(b"8700", b'"8700"')):
        with pytest.raises(msgspec.DecodeError):
            from_json(wrong)


@pytest.mark.parametrize("prefix", ["INV", "REC"])
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
