from pathlib import Path

import pytest

from portico.i18n.catalog import N_, NP_, Catalog, Message, catalog, fill, placeholders, po_path
from portico.i18n.languages import by_tag


def test_english_is_its_own_catalogue() -> None:
    words = catalog("en")
    assert words.gettext("Anything at all") == "Anything at all"
    assert words.pgettext("order status", "Paid") == "Paid"
    assert words.ngettext("{count} order", "{count} orders", 1) == "{count} order"
    assert words.ngettext("{count} order", "{count} orders", 0) == "{count} orders"
    assert catalog("en") is words


def test_what_has_no_translation_is_english() -> None:
    assert catalog("ar").gettext("Not in any catalogue") == "Not in any catalogue"
    assert catalog("ar").ngettext("{count} gnu", "{count} gnus", 11) == "{count} gnus"


def test_an_empty_text_is_not_the_catalogues_header() -> None:
    assert catalog("de").gettext("") == ""


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        catalog("../../en")


def test_markers_keep_text_and_context() -> None:
    assert N_("Paid") == Message("", "Paid")
    assert NP_("order status", "Paid") == Message("order status", "Paid")
    assert catalog("en").message(NP_("order status", "Paid")) == "Paid"


def test_fill_puts_values_in() -> None:
    assert fill("{a} of {b}", a=1, b="two") == "1 of two"
    assert fill("{last4}", last4="4242") == "4242"


def test_fill_reads_a_value_once() -> None:
    assert fill("{a}{b}", a="{b}", b="{a}") == "{b}{a}"


class Secret:
    def __init__(self) -> None:
        self.key = "s3cret"

    def __str__(self) -> str:
        return "shown"


@pytest.mark.parametrize(
    "hostile",
    [
        "{0.__class__}",
        "{0}",
        "{}",
        "{value.key}",
        "{value[key]}",
        "{value!r}",
        "{value:>9999999999}",
        "{ value }",
        "{Value}",
        "%(value)s",
        "%s",
        "{{7*7}}",
        "{% for x in y %}",
        "${value.key}",
        "{value",
        "value}",
        "{__class__}",
        "\\{x\\}",
        "{other}",
    ],
)
def test_a_hostile_translation_prints_itself(hostile: str) -> None:
    assert fill(hostile, value=Secret(), key="k") == hostile


def test_a_hostile_translation_gets_the_value_and_nothing_else() -> None:
    assert fill("{{value}} {value.key} {value}", value=Secret()) == "{shown} {value.key} shown"


def test_placeholders_are_what_fill_fills() -> None:
    assert placeholders("{a} {b_2} {a} {A} {0} {c.d} {e") == {"a", "b_2"}


ARABIC = """
msgid "Orders"
msgstr "الطلبات"

msgctxt "order status"
msgid "Paid"
msgstr "مدفوع"

msgctxt "payment status"
msgid "Paid"
msgstr "مدفوعة"

#, fuzzy
msgid "Invoices"
msgstr "شيء آخر"

msgid "{count} order"
msgid_plural "{count} orders"
msgstr[0] "لا طلبات"
msgstr[1] "طلب واحد"
msgstr[2] "طلبان"
msgstr[3] "{count} طلبات"
msgstr[4] "{count} طلبًا"
msgstr[5] "{count} طلب"
"""


@pytest.fixture
def arabic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    monkeypatch.setattr("portico.i18n.catalog.LOCALES", tmp_path)
    path = po_path("ar")
    path.parent.mkdir(parents=True)
    rule = by_tag("ar").plural.header
    head = f'msgid ""\nmsgstr ""\n"Plural-Forms: {rule}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    path.write_text(head + ARABIC, encoding="utf-8")
    return catalog.__wrapped__("ar")


def test_a_catalogue_is_read_from_its_text(arabic: Catalog) -> None:
    assert arabic.gettext("Orders") == "الطلبات"
    assert arabic.message(NP_("order status", "Paid")) == "مدفوع"
    assert arabic.message(NP_("payment status", "Paid")) == "مدفوعة"
    assert arabic.gettext("Paid") == "Paid"


def test_a_doubtful_translation_is_not_shown(arabic: Catalog) -> None:
    assert arabic.gettext("Invoices") == "Invoices"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "لا طلبات"),
        (1, "طلب واحد"),
        (2, "طلبان"),
        (3, "3 طلبات"),
        (10, "10 طلبات"),
        (11, "11 طلبًا"),
        (99, "99 طلبًا"),
        (100, "100 طلب"),
        (102, "102 طلب"),
        (103, "103 طلبات"),
    ],
)
def test_the_form_follows_the_number(arabic: Catalog, count: int, text: str) -> None:
    assert fill(arabic.ngettext("{count} order", "{count} orders", count), count=count) == text
