"""What handlers give to templates, made up: a store, a buyer with a believable history, and the hard cases (long names, several
currencies, nothing at all). No database."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from portico.domain.billing_detail import BillingDetail, address_lines, countries, form_fields
from portico.domain.invoice import SERIES_PREFIX, Document, DocumentContent, DocumentLine, Seller
from portico.domain.order import ListedOrder, Order
from portico.domain.payment import Payment, PaymentAttempt, PaymentMethod, Refund, RefundTicket
from portico.domain.subscription import NextCharge, ScheduledChange, Subscription
from portico.domain.tax import TaxLine
from portico.i18n.format import formats
from portico.i18n.languages import LANGUAGES, Language, by_tag
from portico.services.document_print import print_data
from portico.storage.store import StoreRow
from portico.storage.tax_id_check import TaxIdCheck
from portico.web.accent import accent_name
from portico.web.portal.chain import chain_of

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
VISA = PaymentMethod("visa", "4242", 12, 2029)
MASTERCARD = PaymentMethod("mastercard", "4444", 3, 2028)
SELLER = Seller(
    legal_name="Nordlicht Software GmbH",
    line1="Hafenstraße 7",
    city="Hamburg",
    postal_code="20457",
    country="DE",
    tax_id="DE136695976",
    registration="HRB 12345, Amtsgericht Hamburg",
    email="hello@nordlicht.example",
    website="nordlicht.example",
)
STORE = StoreRow(
    id="STO_0000000000000000000001",
    merchant_id="MER_0000000000000000000001",
    slug="nordlicht",
    name="Nordlicht",
    locale="en",
    time_zone="Europe/Berlin",
    support_email="help@nordlicht.example",
    accent_color="#4f46e5",
    seller=SELLER,
)
EMAIL = "ada.lovelace@example.com"
LONG_EMAIL = "a.person.with.a.very.long.name.and.no.breaks.in.it.at.all.01@example.com"
DETAIL = BillingDetail(
    country="DE",
    name="Ada Lovelace",
    is_business=True,
    business_name="Lovelace Analytik GmbH",
    tax_id="DE129273398",
    line1="Unter den Linden 1",
    city="Berlin",
    postal_code="10117",
)


@dataclass(frozen=True)
class Page:
    """The same attributes as `portico.web.view.PageContext`, without a request behind it."""

    language: str = "en"
    store: StoreRow | None = STORE
    base: str = "/nordlicht/portal"
    path: str = "/orders"
    buyer_email: str | None = EMAIL
    return_url: str = ""
    csrf: str = "csrf-token"
    seconds_left: int | None = 1800
    warn_at_seconds: int = 120
    environment: str | None = "prod"
    test_clock: datetime | None = None
    languages: tuple[Language, ...] = LANGUAGES

    @property
    def dir(self) -> str:
        return by_tag(self.language).direction

    @property
    def accent(self) -> str:
        return accent_name(self.store.accent_color if self.store else "")

    def asset(self, name: str) -> str:
        return f"/static/0/{name}"


def signed_out(page: Page) -> Page:
    return replace(page, buyer_email=None, seconds_left=None)


def an_id(prefix: str, number: int) -> str:
    return f"{prefix}_{number:022d}"


def payment(number: int, **changes: Any) -> Payment:
    at = changes.pop("at", NOW - number * 30 * DAY)
    made = Payment(
        id=an_id("PAY", number),
        external_id=None,
        order_id=an_id("ORD", 1),
        subscription_id=an_id("SUB", 1),
        period_start=at,
        period_end=at + 30 * DAY,
        currency="EUR",
        net_minor=2900,
        tax_minor=551,
        total_minor=3451,
        refunded_minor=0,
        status="succeeded",
        method=VISA,
        created_at=at,
        succeeded_at=at,
        attempts=(PaymentAttempt(1, "succeeded", None, VISA, at),),
    )
    return replace(made, **changes)


def failed_payment(number: int) -> Payment:
    at = NOW - DAY
    attempts = (
        PaymentAttempt(1, "failed", "insufficient_funds", VISA, at - 3 * DAY),
        PaymentAttempt(2, "failed", "expired_card", MASTERCARD, at - DAY),
        PaymentAttempt(3, "unknown", None, MASTERCARD, at),
    )
    return payment(number, status="failed", succeeded_at=None, attempts=attempts, at=at)


def refunded_payment(number: int) -> Payment:
    refunds = (
        Refund(an_id("REF", 1), 1000, "succeeded", "requested", NOW - 20 * DAY),
        Refund(an_id("REF", 2), 500, "pending", "requested", NOW - DAY),
    )
    return payment(number, refunded_minor=1500, refunds=refunds)


def order(number: int, **changes: Any) -> Order:
    made = Order(
        id=an_id("ORD", number),
        external_id=f"A-{1000 + number}",
        buyer_id=an_id("BUY", 1),
        kind="one_time",
        product_id=an_id("PROD", 1),
        product_name="Field guide to northern skies",
        quantity=1,
        currency="EUR",
        net_minor=2900,
        tax_minor=551,
        total_minor=3451,
        status="completed",
        created_at=NOW - number * 9 * DAY,
        subscription_id=None,
        billing_detail=DETAIL,
        payments=(payment(number),),
    )
    return replace(made, **changes)


def listed_order(number: int, **changes: Any) -> ListedOrder:
    made = ListedOrder(
        id=an_id("ORD", number),
        product_name="Field guide to northern skies",
        status="completed",
        currency="EUR",
        total_minor=3451,
        created_at=NOW - number * 9 * DAY,
        payment_status="succeeded",
        payment_method=VISA,
    )
    return made._replace(**changes)


def orders() -> list[ListedOrder]:
    return [
        listed_order(1, product_name="Pro plan", status="active"),
        listed_order(2, product_name="Team plan", status="past_due", payment_status="failed", total_minor=14280),
        listed_order(3),
        listed_order(4, product_name="写真集「北の空」と観測ノートのセット", currency="JPY", total_minor=4500, status="partially_refunded"),
        listed_order(5, product_name="Starter plan", status="canceling", currency="USD", total_minor=990),
        listed_order(6, product_name="دليل سماء الشمال", status="pending", payment_status="pending", payment_method=None),
        listed_order(
            7,
            product_name="An extraordinarily long product name that goes on and on until it has to be broken somewhere",
            total_minor=1234567,
            status="refunded",
        ),
        listed_order(
            8,
            product_name="Unbrokenproductnamethatneverendsandhasnospacesinitwhatsoever0001",
            status="canceled",
            payment_status=None,
            payment_method=None,
        ),
    ]


def subscription(number: int, **changes: Any) -> Subscription:
    made = Subscription(
        id=an_id("SUB", number),
        external_id=None,
        order_id=an_id("ORD", number),
        product_id=an_id("PROD", number),
        product_name="Pro plan",
        status="active",
        interval="month",
        quantity=1,
        currency="EUR",
        unit_minor=2900,
        tax_rate="19",
        tax_reason="standard",
        anchor=NOW - 200 * DAY,
        period_index=6,
        period_start=NOW - 10 * DAY,
        period_end=NOW + 20 * DAY,
        trial_end=None,
        scheduled_change=None,
        method=VISA,
        created_at=NOW - 200 * DAY,
        ended_at=None,
    )
    return replace(made, **changes)


def charge(days: int, net_minor: int = 2900, tax_minor: int = 551, currency: str = "EUR") -> NextCharge:
    return NextCharge(NOW + days * DAY, net_minor, tax_minor, net_minor + tax_minor, currency)


def subscriptions() -> list[tuple[Subscription, NextCharge | None]]:
    switch = ScheduledChange("change_plan", NOW + 50 * DAY, an_id("PROD", 9), "Starter plan")
    cancel = ScheduledChange("cancel", NOW + 11 * DAY)
    return [
        (subscription(1), charge(20)),
        (subscription(2, product_name="Team plan", status="past_due", quantity=4, unit_minor=3000), charge(2, 12000, 2280)),
        (
            subscription(
                3,
                product_name="Archive",
                status="trialing",
                interval="year",
                unit_minor=9900,
                trial_end=NOW + 9 * DAY,
                tax_rate="0",
                tax_reason="reverse_charge",
            ),
            charge(9, 9900, 0),
        ),
        (subscription(4, product_name="Sky atlas", scheduled_change=switch, interval="quarter"), charge(50)),
        (subscription(5, product_name="Starter plan", status="canceling", scheduled_change=cancel), None),
        (subscription(8, product_name="Weekly maps", status="paused", interval="week", resumes_at=NOW + 30 * DAY), charge(30)),
        (subscription(6, product_name="Weekly letter", status="canceled", interval="week", ended_at=NOW - 40 * DAY, method=None), None),
        (subscription(7, product_name="Newcomer", status="pending", method=None), None),
    ]


def a_ticket(status: Any = "pending", **changes: Any) -> RefundTicket:
    made = RefundTicket(
        id=an_id("TKT", 1),
        payment_id=an_id("PAY", 2),
        version=1,
        amount_minor=1240,
        currency="EUR",
        reason="I was charged for a month in which I could not sign in.\nSupport knows about it.",
        status=status,
        note="We looked into it: your account was open all month." if status == "rejected" else "",
        created_at=NOW - 3 * DAY,
        updated_at=NOW - 3 * DAY,
        decided_at=None if status == "pending" else NOW - DAY,
    )
    return replace(made, **changes)


def content(kind: Any = "invoice", **changes: Any) -> DocumentContent:
    lines = (
        DocumentLine("Pro plan", 1, 2900, 2900, "19", NOW - 10 * DAY, NOW + 20 * DAY),
        DocumentLine("Field guide to northern skies, printed", 2, 1250, 2500, "7"),
    )
    made = DocumentContent(
        kind=kind,
        number="INV-2026-000042" if kind == "invoice" else "REC-2026-000042",
        issued_at=NOW - 10 * DAY,
        supplied_at=NOW - 10 * DAY,
        language="de",
        time_zone="Europe/Berlin",
        currency="EUR",
        test=False,
        order_id=an_id("ORD", 1),
        seller=SELLER,
        buyer_email=EMAIL,
        billing_detail=DETAIL,
        lines=lines,
        taxes=(TaxLine("19", "standard", 2900, 551), TaxLine("7", "reduced", 2500, 175)),
        net_minor=5400,
        tax_minor=726,
        total_minor=6126,
        paid_minor=6126,
        paid_at=NOW - 10 * DAY,
        method=VISA,
    )
    return replace(made, **changes)


def document(number: int, kind: Any = "invoice", **changes: Any) -> Document:
    prefix = SERIES_PREFIX[kind]
    made = Document(
        id=an_id("INV", number),
        kind=kind,
        number=f"{prefix}-2026-{50 - number:06d}",
        order_id=an_id("ORD", 1),
        payment_id=an_id("PAY", 1),
        issued_at=NOW - number * 10 * DAY,
        language="de",
        currency="EUR",
        total_minor=6126,
        content=None,
    )
    return replace(made, **changes)


def documents() -> list[Document]:
    return [
        document(1),
        document(1, "receipt"),
        document(2, total_minor=3451),
        document(2, "receipt", total_minor=3451),
        document(3, currency="JPY", total_minor=4500),
        document(4, currency="USD", total_minor=123456789),
        document(5, total_minor=990),
    ]


def billing_form(language: str, country: str = "DE", **changes: Any) -> dict[str, Any]:
    values = {
        "country": country,
        "name": "Ada Lovelace",
        "is_business": "yes",
        "business_name": "Lovelace Analytik GmbH",
        "tax_id": "DE129273398",
        "line1": "Unter den Linden 1",
        "city": "Berlin",
        "postal_code": "10117",
        "po_number": "PO-4711 <Q3>",
        "copy_emails": "books@example.com\nada@example.com",
    }
    made: dict[str, Any] = {
        "values": values,
        "fields": form_fields(country, language=language, is_business=True),
        "countries": formats(language).countries(countries()),
        "errors": {},
        "saved": False,
        "version": 3,
        "check": None,
    }
    return {**made, **changes}


def checked(status: Literal["pending", "valid", "invalid"], number: str | None = None) -> TaxIdCheck:
    answered_at = None if status == "pending" else NOW
    return TaxIdCheck(an_id("TIC", 1), "DE129273398", status, NOW, answered_at, number, "Lovelace <GmbH>", None, 0)


def pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """Every template in every state worth looking at: name -> (template, page, variables)."""
    out, none, everything = signed_out(page), replace(page, path="/"), subscriptions()
    address = address_lines(DETAIL, language=page.language)
    one = order(1, product_name="Pro plan", status="past_due", payments=(failed_payment(1), refunded_payment(2), payment(3)))
    failed_form = {
        "postal_code": "This doesn’t look like a postal code. Example: 10117",
        "line1": "Please fill this in.",
        "form": "These details were changed elsewhere. Please check them.",
    }
    nothing = {
        "title": "This page doesn’t exist",
        "text": "It may have moved, or the address has a typo.",
        "action_url": page.base,
        "action_text": "Back to the overview",
    }
    pdf_url = f"{page.base}/invoices/{an_id('INV', 1)}.pdf"
    paper = partial(print_data, language=page.language, breaks_words=False)
    invoice: dict[str, Any] = {
        "document": document(1, content=content()),
        "paper": paper(content()),
        "chain": chain_of(document(1), (document(1, "receipt", id=an_id("INV", 11)), document(1))),
        "changes": (),
        "languages": LANGUAGES,
        "pdf_url": pdf_url,
        "why_not_correct": "nothing_left",
        "has_xml": False,
        "why_no_xml": "The seller has no tax ID.",
        "statements": (),
        "copy_emails": (),
        "done": "",
    }
    bare = content("receipt", billing_detail=BillingDetail(), paid_at=None, paid_minor=0, method=None, refers_to="INV-2026-000001")
    listed: dict[str, Any] = {"statuses": ("active", "completed", "past_due"), "status": "", "next_cursor_url": "", "first_url": ""}
    return {
        "sign_in": ("sign_in.html", out, {"email": "", "errors": {}, "next": "/", "notice": ""}),
        "sign_in_expired": ("sign_in.html", out, {"email": "", "errors": {}, "next": "/orders", "notice": "expired"}),
        "sign_in_wrong": (
            "sign_in.html",
            out,
            {"email": "ada@", "errors": {"email": "Please enter an address like name@example.com."}, "next": "/", "notice": "signed_out"},
        ),
        "code": ("code.html", out, {"email": LONG_EMAIL, "errors": {}, "typed": "", "next": "/"}),
        "code_wrong": (
            "code.html",
            out,
            {"email": "", "errors": {"code": "This code is not right. Please check it."}, "typed": "ABCD-2345", "next": "/"},
        ),
        "link": ("link.html", out, {"next": "/", "problem": ""}),
        "link_other_browser": ("link.html", out, {"next": "/", "problem": "other_browser"}),
        "link_expired": ("link.html", out, {"next": "/", "problem": "expired"}),
        "overview": (
            "overview.html",
            page,
            {
                "items": everything[:5],
                "confirming": {everything[3][0].id},
                "orders": orders()[:3],
                "invoices": documents()[:3],
                "replaced": (),
            },
        ),
        "overview_empty": ("overview.html", none, {"items": [], "confirming": set(), "orders": [], "invoices": [], "replaced": ()}),
        "orders": (
            "orders.html",
            page,
            {"orders": orders(), **listed, "next_cursor_url": f"{page.base}/orders?after=x", "first_url": f"{page.base}/orders"},
        ),
        "orders_empty": ("orders.html", page, {"orders": [], **listed}),
        "orders_none_such": ("orders.html", page, {"orders": [], **listed, "status": "past_due"}),
        "order": (
            "order.html",
            page,
            {
                "order": one,
                "documents": documents()[:2],
                "replaced": {an_id("INV", 1)},
                "subscription": everything[1][0],
                "address_lines": address,
                "tickets": {one.payments[1].id: [a_ticket("rejected"), a_ticket()]},
                "refundable": {one.payments[2].id},
            },
        ),
        "order_bare": (
            "order.html",
            page,
            {
                "order": order(9, payments=(), billing_detail=BillingDetail()),
                "documents": [],
                "replaced": (),
                "subscription": None,
                "address_lines": (),
                "tickets": {},
                "refundable": set(),
            },
        ),
        "subscriptions": ("subscriptions.html", page, {"items": everything}),
        "subscriptions_empty": ("subscriptions.html", page, {"items": []}),
        "invoices": (
            "invoices.html",
            page,
            {
                "documents": documents(),
                "replaced": {an_id("INV", 2)},
                "kind": "",
                "next_cursor_url": f"{page.base}/invoices?after=x",
                "first_url": "",
            },
        ),
        "invoices_none_such": (
            "invoices.html",
            page,
            {"documents": [], "replaced": (), "kind": "credit_note", "next_cursor_url": "", "first_url": ""},
        ),
        "invoice": ("invoice.html", page, invoice),
        "receipt_bare": (
            "invoice.html",
            page,
            {
                **invoice,
                "document": document(1, "receipt", content=bare),
                "paper": paper(bare),
                "chain": chain_of(document(1, "receipt"), ()),
            },
        ),
        "billing_details": ("billing_details.html", page, billing_form(page.language)),
        "billing_details_wrong": ("billing_details.html", page, billing_form(page.language, "US", errors=failed_form)),
        "billing_details_saved": ("billing_details.html", page, billing_form(page.language, "JP", saved=True)),
        "billing_details_checked": ("billing_details.html", page, billing_form(page.language, check=checked("valid", "WAPIAAAA<1>"))),
        "billing_details_checking": ("billing_details.html", page, billing_form(page.language, check=checked("pending"))),
        "billing_details_refused": ("billing_details.html", page, billing_form(page.language, check=checked("invalid"))),
        "billing_details_new": ("billing_details.html", page, billing_form(page.language, "", values={})),
        "error": ("error.html", page, {"status": 404, **nothing}),
        "error_signed_out": ("error.html", out, {"status": 404, **nothing}),
        "outside": (
            "error.html",
            replace(out, store=None, base="", environment=None),
            {"status": 404, **nothing, "action_url": "", "action_text": ""},
        ),
    }
