import pytest

from portico.i18n.catalog import N_, NP_, Message, catalog, fill, placeholders


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
