"""Orders, payments and documents by the API."""

import pytest

from portico.storage.database import Database
from tests.api.conftest import Program, Shop
from tests.factories import Factory

DETAIL_NAMES = {"country", "name", "is_business", "business_name", "tax_id", "line1", "line2", "city", "state", "postal_code"}


@pytest.fixture
def sale(shop: Shop, factory: Factory) -> dict[str, str]:
    """A refunded part of a payment that failed first, with its documents."""
    order = factory.order(shop.buyer, external_id="web-17", metadata={"campaign": "autumn"})
    payment = factory.payment(shop.buyer, order, attempts=("failed", "succeeded"), refunded_minor=1000)
    refund = factory.refund(shop.buyer, payment)
    kinds = {kind: factory.document(shop.buyer, payment, kind=kind) for kind in ("invoice", "receipt")}
    return {"order": order, "payment": payment, "refund": refund, **kinds}


def test_an_order_has_its_payments_with_tries_and_refunds(api: Program, shop: Shop, sale: dict[str, str]) -> None:
    found = api.get(f"/v1/orders/{sale['order']}").json
    assert (found["net"], found["tax"], found["total"], found["currency"]) == ("29.00", "5.51", "34.51", "EUR")
    assert (found["buyer_id"], found["external_id"], found["metadata"]) == (shop.buyer.buyer_id, "web-17", {"campaign": "autumn"})
    assert found["billing_detail"].keys() > DETAIL_NAMES
    (paid,) = found["payments"]
    assert [(each["status"], each["failure_code"]) for each in paid["attempts"]] == [("failed", "card_declined"), ("succeeded", None)]
    assert [(each["id"], each["amount"], each["status"]) for each in paid["refunds"]] == [(sale["refund"], "10.00", "succeeded")]
    assert (paid["refunded"], paid["refundable"], paid["succeeded_at"]) == ("10.00", "24.51", "2026-03-14T09:26:53.589793Z")
    assert api.get(f"/v1/payments/{sale['payment']}").json == paid
    assert api.get("/v1/orders").json["data"] == [found]
    assert api.get("/v1/payments").json["data"] == [paid]


def test_sales_are_filtered(api: Program, shop: Shop, sale: dict[str, str], factory: Factory) -> None:
    other = factory.buyer(shop.store)
    pending = factory.order(other, status="pending")

    def ids(query: str) -> list[str]:
        return [each["id"] for each in api.get(f"/v1/{query}").json["data"]]

    assert ids(f"orders?buyer_id={other.buyer_id}") == ids("orders?status=pending") == [pending]
    assert ids("orders?external_id=web-17") == [sale["order"]]
    assert ids("orders?created_from=2026-03-14T09%3A26%3A54Z") == []
    assert ids(f"payments?order_id={sale['order']}&status=succeeded") == [sale["payment"]]
    assert ids("payments?status=failed") == []
    assert ids(f"documents?payment_id={sale['payment']}&kind=receipt") == [sale["receipt"]]
    assert api.get("/v1/orders?status=lost").status == 422
    assert api.get("/v1/orders?created_from=yesterday").json["errors"][0]["field"] == "created_from"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_document_as_data_as_pdf_and_as_e_invoice(api: Program, sale: dict[str, str], database: Database) -> None:
    path = f"/v1/documents/{sale['invoice']}"
    found = api.get(path).json
    assert (found["number"], found["total"], found["paid"]) == ("TEST-INV-2026-000001", "34.51", "34.51")
    assert (found["seller"]["legal_name"], found["seller"]["tax_id"]) == ("Nordlicht Software GmbH", "DE136695976")
    assert [(each["description"], each["unit"], each["net"]) for each in found["lines"]] == [("Atlas", "29.00", "29.00")]
    assert [(each["rate"], each["base"], each["tax"]) for each in found["taxes"]] == [("19", "29.00", "5.51")]
    pdf, again = api.get(f"{path}/pdf"), api.get(f"{path}/pdf")
    assert (pdf.status, pdf.header("content-type"), pdf.body[:5], pdf.body) == (200, "application/pdf", b"%PDF-", again.body)
    assert pdf.header("content-disposition") == 'attachment; filename="TEST-INV-2026-000001.pdf"'
    assert api.get(f"{path}/pdf?language=fr").body != pdf.body
    assert api.get(f"{path}/pdf?language=tlh").json["code"] == "language_unknown"
    cii, ubl = api.get(f"{path}/xml"), api.get(f"{path}/xml?syntax=ubl")
    assert (cii.header("content-type"), b"CrossIndustryInvoice" in cii.body, b"urn:oasis" in ubl.body) == ("application/xml", True, True)
    assert api.get(f"/v1/documents/{sale['receipt']}/xml").json["code"] == "no_einvoice"
    assert api.send("HEAD", f"{path}/pdf").body == b""


def test_lists_of_sales_cost_as_many_statements_as_one(api: Program, shop: Shop, factory: Factory, counted) -> None:  # type: ignore[no-untyped-def]
    def statements(path: str) -> int:
        with counted() as seen:
            assert api.get(path).status == 200
        return len(seen)

    def buy() -> None:
        order = factory.order(shop.buyer)
        factory.refund(shop.buyer, factory.payment(shop.buyer, order))

    buy()
    statements("/v1/orders")  # the first request of a minute notes that the key is in use
    before = [statements(path) for path in ("/v1/orders", "/v1/payments", "/v1/buyers", "/v1/products", "/v1/documents")]
    for _ in range(20):
        buy()
    assert [statements(path) for path in ("/v1/orders", "/v1/payments", "/v1/buyers", "/v1/products", "/v1/documents")] == before
    assert max(before) <= 5
