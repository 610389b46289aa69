"""The portal's route table: every address, who may ask, and what a form may hold. What is not listed does not exist."""

import re

from portico.web.portal import billing_detail, document, language, order, overview, sign_in, subscription
from portico.web.visit import Row

_SIGN_IN = frozenset({"email", "next"})
_CODE = frozenset({"code", "email", "next"})
_LINK = frozenset({"token", "next"})
_LANGUAGE = frozenset({"language", "next"})

ROUTES: tuple[Row, ...] = (
    Row("GET", "/sign-in", sign_in.form, "anyone"),
    Row("POST", "/sign-in", sign_in.ask, "anyone", _SIGN_IN, stale=sign_in.form_again),
    Row("GET", "/sign-in/code", sign_in.code_form, "anyone"),
    Row("POST", "/sign-in/code", sign_in.redeem_code, "anyone", _CODE, stale=sign_in.code_form_again),
    Row("GET", "/sign-in/link", sign_in.link_form, "anyone"),
    Row("POST", "/sign-in/link", sign_in.redeem_link, "anyone", _LINK, stale=sign_in.link_form_again),
    Row("POST", "/sign-out", sign_in.sign_out, "buyer", returns_to="/"),
    Row("GET", "/session", sign_in.session, "anyone"),
    Row("POST", "/language", language.choose_language, "anyone", _LANGUAGE),
    Row("GET", "", overview.overview, "buyer"),
    Row("GET", "/orders", order.orders, "buyer"),
    Row("GET", "/orders/{id}", order.one_order, "buyer"),
    Row("GET", "/subscriptions", subscription.subscriptions, "buyer"),
    Row("GET", "/subscriptions/{id}", subscription.one_subscription, "buyer"),
    Row("GET", "/invoices", document.invoices, "buyer"),
    Row("GET", "/invoices/{id}", document.one_invoice, "buyer"),
    Row("GET", "/invoices/{id}.pdf", document.pdf, "buyer", returns_to="/invoices/{id}"),
    Row("GET", billing_detail.PATH, billing_detail.form, "buyer"),
    Row("POST", billing_detail.PATH, billing_detail.save, "buyer", billing_detail.FIELDS, billing_detail.PATH, billing_detail.stale),
)

# Where a sign-in, or a choice of language, may lead back to.
_PAGES = re.compile(
    "|".join(
        re.escape(row.path or "/").replace(r"\{id\}", "[A-Za-z]+_[0-9A-Za-z]+")
        for row in ROUTES
        if row.method == "GET" and row.path not in ("/session", "/invoices/{id}.pdf")
    )
)


def is_page(path: str) -> bool:
    """Whether a path below a portal's base is a page."""
    return _PAGES.fullmatch(path) is not None
