import ast
from pathlib import Path
from typing import get_args

import pytest

import portico
from portico.api.field_problem import DETAILS
from portico.documents import einvoice_rules
from portico.domain import (
    billing_detail,
    cancellation,
    catalog,
    correction,
    invoice,
    order,
    pause,
    payment,
    proration,
    refund,
    subscription,
    tax,
    why_not,
)
from portico.domain.errors import FieldError, Refused
from portico.i18n import catalog as catalogue
from portico.i18n import words
from portico.i18n.cancellation_words import REASONS
from portico.i18n.einvoice_words import EINVOICE_WHY_NOT
from portico.i18n.error_words import ERRORS, ERRORS_OF_A_COUNTRY
from portico.i18n.label_words import LABELS
from portico.i18n.languages import LANGUAGES
from portico.i18n.refund_words import TICKET_NOTES
from portico.i18n.why_not_words import WHY_NOT
from portico.services import pause as services_pause
from portico.services import quote

PACKAGE = Path(portico.__file__).parent
each_tag = pytest.mark.parametrize("tag", [language.tag for language in LANGUAGES])


def test_every_status_has_a_word() -> None:
    assert set(words.STATUSES["order"]) == {*order.ONE_TIME_STATUSES, *subscription.SUBSCRIPTION_STATUSES}
    assert set(words.STATUSES["subscription"]) == set(subscription.SUBSCRIPTION_STATUSES)
    assert set(words.STATUSES["payment"]) == set(payment.PAYMENT_STATUSES)
    assert set(words.STATUSES["attempt"]) == set(get_args(payment.AttemptStatus))
    assert set(words.STATUSES["refund"]) == set(get_args(payment.RefundStatus))
    assert set(words.STATUSES["ticket"]) == set(TICKET_NOTES) == set(payment.TICKET_STATUSES)


def test_every_kind_interval_and_reason_has_a_word() -> None:
    assert set(words.KINDS) == {*invoice.DOCUMENT_KINDS, *get_args(catalog.ProductKind)}
    assert set(words.INTERVALS) == set(words.PRICES) == set(catalog.INTERVALS)
    assert set(words.FAILURES) == set(payment.FAILURE_CODES)
    assert set(words.TAX_REASONS) == set(tax.TAX_REASONS)
    assert set(words.TAX_NOTES) == set(tax.TAX_REASONS) - {"standard", "reduced"}


def test_every_reason_why_not_and_every_reason_for_leaving_has_words() -> None:
    assert {*why_not.WHY_NOT_CODES, *refund.REFUND_WHY_NOT_CODES, *get_args(quote.StaleCode)} <= set(WHY_NOT)
    assert {*correction.CORRECTION_WHY_NOT_CODES, "nothing_to_correct", "refund_under_way"} <= set(WHY_NOT)
    assert set(REASONS) == set(cancellation.DEFAULT_REASONS)


def test_every_rule_of_a_plan_change_and_a_pause_has_words() -> None:
    refused = {
        node.args[0].value
        for module in (proration, pause, services_pause)
        for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == Refused.__name__
        if isinstance(node.args[0], ast.Constant)
    }
    assert {"same_plan", "quantity_range", "pause_periods"} <= refused
    assert refused <= set(WHY_NOT)


def test_every_reason_for_no_e_invoice_has_words() -> None:
    assert set(EINVOICE_WHY_NOT) == set(einvoice_rules.WHY_NOT_CODES)


def test_every_label_has_words() -> None:
    assert set(LABELS) == set(billing_detail.LABEL_CODES)


def test_every_code_of_a_field_error_has_words() -> None:
    written = {
        node.args[1].value
        for path in PACKAGE.rglob("*.py")
        if path not in (PACKAGE / "services" / "store.py", PACKAGE / "domain" / "csv_table.py")  # answer the command line, in English
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == FieldError.__name__
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
    }
    assert {"required", "email_format"} <= written
    assert set(billing_detail.ERROR_CODES) <= set(ERRORS)
    assert written <= set(ERRORS) | set(DETAILS)  # what only programs can be told, the API says in English


def test_an_error_shows_its_example_only_if_there_is_one() -> None:
    assert words.error_text("en", "postal_code_format", "10115") == "This postal code doesn’t fit the country. It looks like 10115."
    assert words.error_text("en", "postal_code_format") == "This postal code doesn’t fit the country."
    assert words.error_text("en", "card_number", "X") == words.error_text("en", "card_number")
    assert "\u20682026-11-22\u2069" in words.error_text("ar", "date_format", "2026-11-22"), "or its parts change places"
    assert words.error_text("en", "never heard of") == words.error_text("en", "nor of this", "example")
    assert words.error_text("en", "email_format", "{example}") == "This isn’t a complete email address. It looks like {example}."


def test_an_error_names_the_country_it_is_about() -> None:
    foreign = [FieldError("tax_id", "tax_id_other_country", "DE136695976", "FR"), FieldError("tax_id", "required")]
    said = words.field_errors("en", foreign)["tax_id"]
    assert said.startswith("This looks like a tax ID of another country (France).")
    assert said.endswith("Here it looks like DE136695976.")
    assert words.error_text("en", "tax_id_other_country").startswith("This tax ID belongs to another country.")
    assert "Germany" in words.error_text("en", "country_unknown", country="DE")
    assert words.error_text("en", "required", country="FR") == words.error_text("en", "required", "Paris")
    assert words.error_text("en", "required", country="XK") == words.error_text("en", "required")
    assert words.error_text("en", "required", "Alabama", "US") == words.error_text("en", "required", "Alabama")
    assert set(ERRORS_OF_A_COUNTRY) <= set(ERRORS)


def test_nobody_is_told_that_a_card_was_reported() -> None:
    assert words.failure_reason("en", "lost_or_stolen") == words.failure_reason("en", "card_declined")


def test_a_failure_we_do_not_know_has_words() -> None:
    general = "The payment didn’t go through. Please try again or use another card."
    assert words.failure_reason("en", None) == words.failure_reason("en", "new_code") == general


def test_a_status_is_looked_up_where_it_belongs() -> None:
    assert words.status_word("en", "pending", "order") == "Awaiting payment"
    assert words.status_word("en", "pending", "subscription") == "Not started"
    assert words.status_word("en", "pending", "refund") == "On its way"
    assert words.status_word("en", "trialing", "order") == "Trial"
    with pytest.raises(KeyError):
        words.status_word("en", "completed", "subscription")


def test_words_for_cards_prices_and_taxes() -> None:
    assert words.card("en", payment.PaymentMethod("visa", "4242")) == "Visa ending in 4242"
    assert words.card("en", payment.PaymentMethod("whatever", "4242")) == "Card ending in 4242"
    assert words.card("en", None) == ""
    assert words.price_per("en", "€29.00", "quarter") == "€29.00 per quarter"
    assert words.tax_note("en", "reverse_charge") == "Reverse charge: the customer accounts for the tax"
    assert words.tax_note("en", "standard") == ""


@each_tag
def test_every_code_reads_as_something_in_every_language(tag: str) -> None:
    texts = [words.status_word(tag, code, of) for of, table in words.STATUSES.items() for code in table]
    texts += [words.kind_word(tag, code) for code in words.KINDS] + [words.interval_word(tag, code) for code in words.INTERVALS]
    texts += [words.failure_reason(tag, code) for code in words.FAILURES] + [words.error_text(tag, code, "X1") for code in ERRORS]
    texts += [words.why_not(tag, code) for code in WHY_NOT] + [words.ticket_note(tag, code) for code in TICKET_NOTES]
    texts += [catalogue.catalog(tag).message(message) for message in REASONS.values()]
    texts += [words.einvoice_why_not(tag, code) for code in EINVOICE_WHY_NOT]
    texts += [words.label(tag, code) for code in LABELS] + [words.tax_reason(tag, code) for code in words.TAX_REASONS]
    assert all(text.strip() == text and text for text in texts)
    assert not [text for text in texts if "{" in text]
