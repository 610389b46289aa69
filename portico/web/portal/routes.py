"""The portal's route table: every address, who may ask, and what a form may hold. What is not listed does not exist."""

import re

from portico.web.portal import (
    billing_detail,
    cancellation,
    card,
    checkout,
    correction,
    document,
    done,
    enter,
    language,
    order,
    overview,
    pack,
    pause,
    payment,
    plan_change,
    refund,
    sign_in,
    subscription,
)
from portico.web.visit import Row

_SIGN_IN = frozenset({"email", "next"})
_CODE = frozenset({"code", "email", "next"})
_LINK = frozenset({"token", "next"})
_LANGUAGE = frozenset({"language", "next"})
_SUBSCRIPTION = "/subscriptions/{id}"
_CANCEL = "/subscriptions/{id}/cancel"

ROUTES: tuple[Row, ...] = (
    Row("GET", "/sign-in", sign_in.form, "anyone"),
    Row("POST", "/sign-in", sign_in.ask, "anyone", _SIGN_IN, stale=sign_in.form_again),
    Row("GET", "/sign-in/code", sign_in.code_form, "anyone"),
    Row("POST", "/sign-in/code", sign_in.redeem_code, "anyone", _CODE, stale=sign_in.code_form_again),
    Row("GET", "/sign-in/link", sign_in.link_form, "anyone"),
    Row("POST", "/sign-in/link", sign_in.redeem_link, "anyone", _LINK, stale=sign_in.link_form_again),
    Row("GET", "/enter", enter.form, "anyone"),
    Row("POST", "/enter", enter.enter, "anyone", enter.FIELDS, stale=enter.enter_again),
    Row("POST", "/enter/look", enter.look, "anyone", enter.LOOK_FIELDS),
    Row("GET", done.WAY_BACK, done.way_back, "buyer", returns_to="/"),
    Row("POST", "/sign-out", sign_in.sign_out, "buyer", returns_to="/"),
    Row("GET", "/session", sign_in.session, "anyone"),
    Row("POST", "/language", language.choose_language, "anyone", _LANGUAGE),
    Row("GET", checkout.PATH, checkout.page, "anyone"),
    Row("POST", checkout.PATH, checkout.review, "anyone", checkout.FIELDS, stale=checkout.form_again),
    Row("GET", f"{checkout.PATH}/order", checkout.page, "anyone"),
    Row("POST", f"{checkout.PATH}/order", checkout.order, "anyone", checkout.ORDER_FIELDS, stale=checkout.review_again),
    Row("GET", f"{checkout.PATH}/return", checkout.returned, "anyone"),
    Row("GET", "", overview.overview, "buyer"),
    Row("GET", "/orders", order.orders, "buyer"),
    Row("GET", "/orders/{id}", order.one_order, "buyer"),
    Row("GET", "/subscriptions", subscription.subscriptions, "buyer"),
    Row("GET", "/subscriptions/{id}", subscription.one_subscription, "buyer"),
    Row("GET", "/subscriptions/{id}/change", plan_change.plans, "buyer"),
    Row("GET", "/subscriptions/{id}/change/review", plan_change.review, "buyer"),
    Row("POST", "/subscriptions/{id}/change", plan_change.confirm, "buyer", plan_change.FIELDS, _SUBSCRIPTION),
    Row("POST", "/subscriptions/{id}/keep", plan_change.keep, "buyer", returns_to=_SUBSCRIPTION),
    Row("GET", "/subscriptions/{id}/cancel", cancellation.form, "buyer"),
    Row("POST", "/subscriptions/{id}/cancel", cancellation.cancel, "buyer", cancellation.FIELDS, _CANCEL, cancellation.stale),
    Row("POST", "/subscriptions/{id}/resume", cancellation.resume, "buyer", returns_to=_SUBSCRIPTION),
    Row("GET", "/subscriptions/{id}/pause", pause.form, "buyer"),
    Row("POST", "/subscriptions/{id}/pause", pause.plan, "buyer", pause.FIELDS, _SUBSCRIPTION),
    Row("POST", "/subscriptions/{id}/pause/undo", pause.undo, "buyer", returns_to=_SUBSCRIPTION),
    Row("GET", "/subscriptions/{id}/continue", pause.review_continuing, "buyer"),
    Row("POST", "/subscriptions/{id}/continue", pause.go_on, "buyer", pause.CONTINUE_FIELDS, _SUBSCRIPTION),
    Row("GET", "/subscriptions/{id}/card", card.form, "buyer"),
    Row("POST", "/subscriptions/{id}/card", card.give, "buyer", returns_to=_SUBSCRIPTION),
    Row("GET", "/cards/{id}", card.given, "buyer"),
    Row("POST", "/subscriptions/{id}/pay", payment.pay_subscription, "buyer", returns_to=_SUBSCRIPTION),
    Row("GET", "/payments/{id}", payment.page, "buyer"),
    Row("POST", "/payments/{id}/pay", payment.pay, "buyer", returns_to="/payments/{id}"),
    Row("GET", "/payments/{id}/confirm", payment.confirm, "buyer", returns_to="/payments/{id}"),
    Row("GET", "/payments/{id}/refund", refund.form, "buyer"),
    Row("POST", "/payments/{id}/refund", refund.ask, "buyer", refund.FIELDS, "/payments/{id}/refund", refund.stale),
    Row("GET", "/invoices", document.invoices, "buyer"),
    Row("GET", pack.PATH, pack.form, "buyer"),
    Row("POST", pack.PATH, pack.ask, "buyer", pack.FIELDS, pack.PATH),
    Row("GET", "/invoices/pack/{id}", pack.progress, "buyer"),
    Row("GET", "/invoices/pack/{id}.zip", pack.download, "buyer", returns_to="/invoices/pack/{id}"),
    Row("GET", "/invoices/{id}", document.one_invoice, "buyer"),
    Row("GET", "/invoices/{id}.pdf", document.pdf, "buyer", returns_to="/invoices/{id}"),
    Row("GET", "/invoices/{id}.xml", document.xml, "buyer", returns_to="/invoices/{id}"),
    Row("GET", "/invoices/{id}/correct", correction.form, "buyer"),
    Row("POST", "/invoices/{id}/correct", correction.correct, "buyer", correction.FIELDS, "/invoices/{id}/correct", correction.stale),
    Row("POST", "/invoices/{id}/send", document.send, "buyer", document.SEND_FIELDS, "/invoices/{id}"),
    Row("GET", billing_detail.PATH, billing_detail.form, "buyer"),
    Row("POST", billing_detail.PATH, billing_detail.save, "buyer", billing_detail.FIELDS, billing_detail.PATH, billing_detail.stale),
)

# What answers with something else than a page, or leads away.
_NO_PAGES = frozenset(
    {"/session", "/invoices/{id}.pdf", "/invoices/{id}.xml", "/invoices/pack/{id}.zip", "/payments/{id}/confirm", done.WAY_BACK}
)
# Where a sign-in, or a choice of language, may lead back to.
_PAGES = re.compile(
    "|".join(
        re.escape(row.path or "/").replace(r"\{id\}", "[A-Za-z]+_[0-9A-Za-z]+")
        for row in ROUTES
        if row.method == "GET" and row.path not in _NO_PAGES
    )
)


def is_page(path: str) -> bool:
    """Whether a path below a portal's base is a page."""
    return _PAGES.fullmatch(path) is not None
