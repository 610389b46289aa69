"""What a checkout's pages get, made up: every state that somebody who buys can meet."""

from dataclasses import replace
from typing import Any

from portico.domain.billing_detail import BillingDetail, address_lines, countries, form_fields
from portico.domain.checkout import CheckoutSession
from portico.domain.tax import Taxation, TaxPolicy, tax_line
from portico.i18n.format import formats
from portico.services import checkout
from portico.services.checkout_offer import Offer
from portico.services.checkout_state import State, Status
from tests.web.enter_samples import RETURN_URL
from tests.web.plan_samples import PRO, product
from tests.web.samples import DETAIL, EMAIL, LONG_EMAIL, NOW, STORE, Page, an_id, signed_out

BOOK = product(8, "Field guide to northern skies", 24, kind="one_time", interval=None, description="240 pages, hardcover.\nIn English.")
TRIED = replace(PRO, trial_days=14)
LONG = replace(BOOK, name="Unbrokenproductnamethatneverendsandhasnospacesinitwhatsoever0001")
TAXING = replace(STORE, tax_policy=TaxPolicy())


def session(sold: Any = BOOK, **changes: Any) -> CheckoutSession:
    made = CheckoutSession(
        id=an_id("CHK", 1),
        buyer_id=None,
        email=None,
        product_id=sold.id,
        product_name=sold.name,
        product_version=1,
        kind=sold.kind,
        quantity=1,
        currency="EUR",
        unit_minor=sold.prices["EUR"],
        price_is_own=True,
        trial_days=sold.trial_days,
        billing_detail=None,
        locale=None,
        theme=None,
        success_url=None,
        cancel_url=None,
        order_external_id=None,
        status="open",
        order_id=None,
        created_at=NOW,
        expires_at=NOW,
    )
    return replace(made, **changes)


def of(sold: Any, **changes: Any) -> dict[str, Any]:
    """What all pages of a checkout that sells this are given."""
    kept = session(sold, **changes)
    return {
        "session": kept,
        "product": sold,
        "theme": kept.theme,
        "address": f"/nordlicht/portal/checkout/{kept.id}",
        "trial_days": kept.trial_days,
        "status": "open",
        "failure_code": None,
        "said": "",
    }


def form(language: str, country: str = "", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "values": {"country": country},
        "fields": [field for field in form_fields(country, language=language) if field.name not in checkout.NOT_ASKED],
        "countries": formats(language).countries(countries()),
        "errors": {},
        "email": "",
        "email_is_fixed": False,
        "sign_in_url": "/nordlicht/portal/sign-in?next=/checkout/CHK_1",
    }
    return {**made, **changes}


def reviewed(
    language: str, sold: Any, taxation: Taxation, detail: BillingDetail = DETAIL, quantity: int = 1, **changes: Any
) -> dict[str, Any]:
    unit = sold.prices["EUR"]
    made: dict[str, Any] = {
        **of(sold, quantity=quantity),
        "offer": Offer("EUR", unit, quantity, sold.interval, tax_line(unit * quantity, taxation), sold.trial_days),
        "detail": detail,
        "address_lines": address_lines(detail, language=language),
        "email": EMAIL,
        "sent": [("country", detail.country), ("name", '"><b>'), ("email", EMAIL)],
    }
    return {**made, **changes}


def ended(status: Status, *, url: str = "", leaving: bool = False) -> dict[str, Any]:
    kept = session()
    return {
        "state": State(kept, status, action_url="/bank"),
        "session": kept,
        "theme": None,
        "address": f"/nordlicht/portal/checkout/{kept.id}",
        "url": url,
        "leaving": leaving,
    }


def pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """name -> (template, page, variables), as in samples.pages."""
    out, language = signed_out(page), page.language
    taxing = replace(out, store=TAXING)
    wrong = {"email": "Please enter an address like name@example.com.", "name": "Please fill this in.", "form": "Please check this."}
    nineteen, reverse = Taxation("19", "standard", "DE"), Taxation("0", "reverse_charge", "AT", "Art. 196 Directive 2006/112/EC")
    untaxed, free = Taxation("0", "outside_scope"), replace(BOOK, prices={"EUR": 0})
    private = BillingDetail(country="US", name="Grace Hopper", state="CA", postal_code="94016")
    return {
        "checkout": ("checkout.html", taxing, {**of(BOOK), **form(language)}),
        "checkout_trial": (
            "checkout.html",
            taxing,
            {**of(TRIED, quantity=3, cancel_url=RETURN_URL), **form(language, "US", email=LONG_EMAIL)},
        ),
        "checkout_wrong": ("checkout.html", out, {**of(LONG), **form(language, "DE", email="ada@", errors=wrong)}),
        "checkout_named": (
            "checkout.html",
            replace(out, environment="test"),
            {
                **of(BOOK, theme="dark"),
                **form(language, "DE", email=f"a•••@{LONG_EMAIL}", email_is_fixed=True),
                "said": "Please try later.",
            },
        ),
        "checkout_review": ("checkout_review.html", taxing, reviewed(language, BOOK, nineteen, private, 3)),
        "checkout_review_trial": ("checkout_review.html", taxing, reviewed(language, TRIED, reverse)),
        "checkout_review_renews": ("checkout_review.html", out, reviewed(language, PRO, untaxed, said="You’ve had this trial already.")),
        "checkout_review_declined": (
            "checkout_review.html",
            taxing,
            reviewed(language, LONG, nineteen, status="declined", failure_code="expired_card", said="Your order waits for you."),
        ),
        "checkout_review_free": ("checkout_review.html", out, reviewed(language, free, untaxed)),
        "checkout_done": ("checkout_state.html", out, ended("completed")),
        "checkout_leaving": ("checkout_state.html", out, ended("completed", url=RETURN_URL, leaving=True)),
        "checkout_confirming": ("checkout_state.html", out, ended("confirming")),
        "checkout_action": ("checkout_state.html", out, ended("action")),
        "checkout_over": ("checkout_state.html", out, ended("expired", url=RETURN_URL)),
    }
