"""The glossary: a file per language, the same terms in each, and labels that use them."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import portico.i18n
from portico.i18n.catalog import po_path
from portico.i18n.languages import DEFAULT, LANGUAGES

GLOSSARY = Path(portico.i18n.__file__).parent / "glossary"
TAGS = [language.tag for language in LANGUAGES if language.tag != DEFAULT]
each_tag = pytest.mark.parametrize("tag", TAGS)
# Labels that are a term and nothing else. Sentences inflect; these do not.
LABELS = {
    "Invoice": "invoice", "Receipt": "receipt", "Credit note": "credit note", "Order": "order", "Payment": "payment", "Refund": "refund",
    "Subscription": "subscription", "Plan": "plan", "Billing period": "billing period", "Billing details": "billing details",
    "Billed to": "billed to", "Tax ID": "tax ID", "VAT ID": "VAT ID", "Reverse charge": "reverse charge",
    "Total without tax": "total without tax (net)", "Tax": "tax", "Total": "total", "Amount due": "amount due, open amount",
    "Date of issue": "date of issue", "Date of supply": "date of supply", "Payment method": "payment method", "Sign in": "sign in",
    "Sign out": "sign out", "Overview": "overview", "Postal code": "postal code", "Save": "save",
}  # fmt: skip
_ROW = re.compile(r"^\| (?!English|-)(.+?) \| (.+?) \|$", re.MULTILINE)
_ASIDE = re.compile(r"\(.*?\)|（.*?）|\bor\b")


def terms(tag: str) -> dict[str, str]:
    return dict(_ROW.findall((GLOSSARY / f"{tag}.md").read_text("utf-8")))


def ways_to_say(term: str) -> list[str]:
    """What stands between slashes and commas; an aside in brackets says when, not what."""
    return [fold(way) for way in re.split(r"[/,;、，]", _ASIDE.sub("/", term)) if way.strip()]


def fold(text: str) -> str:
    return text.strip().casefold().replace("i̇", "i")  # Turkish İ


def test_every_language_has_a_file_and_every_file_a_language() -> None:
    assert sorted(path.stem for path in GLOSSARY.glob("*.md")) == sorted([*TAGS, "README"])


@each_tag
def test_a_label_is_the_term_of_the_glossary(tag: str) -> None:
    known = terms(tag)
    with po_path(tag).open("rb") as file:
        messages = [message for message in read_po(file) if message.id in LABELS and isinstance(message.string, str) and message.string]
    assert messages
    wrong = [
        (message.id, message.string, known[LABELS[message.id]])
        for message in messages
        if not any(way in fold(message.string) for way in ways_to_say(known[LABELS[message.id]]))
    ]
    assert not wrong
