from pathlib import Path

import pytest

from portico.i18n import extract
from portico.i18n.languages import by_tag


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a.py").write_text(
        '# Translators: on the button\nx = N_("Save")\ny = NP_("order status", "Paid")\nz = words.gettext("Total")\n'
        'n = words.ngettext("{count} order", "{count} orders", 2)\n_(variable)\n',
        encoding="utf-8",
    )
    (tmp_path / "b.html").write_text(
        '{# Translators: a heading #}\n{{ _("Orders") }}{{ _("Save") }}{{ pgettext("menu", "Orders") }}', encoding="utf-8"
    )
    (tmp_path / "c.txt.j2").write_text('{{ _("Hello {name}")|fill(name=name) }}', encoding="utf-8")
    (tmp_path / "d.css").write_text('_("not a template")', encoding="utf-8")
    monkeypatch.setattr(extract, "po_path", lambda tag: tmp_path / f"{tag}.po")
    return tmp_path


def test_every_text_is_found_in_order_and_without_noise(package: Path) -> None:
    assert (
        extract.template_of(extract.texts(package)).decode()
        == """msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

msgid "Hello {name}"
msgstr ""

#. a heading
msgid "Orders"
msgstr ""

msgctxt "menu"
msgid "Orders"
msgstr ""

msgctxt "order status"
msgid "Paid"
msgstr ""

#. on the button
msgid "Save"
msgstr ""

msgid "Total"
msgstr ""

msgid "{count} order"
msgid_plural "{count} orders"
msgstr[0] ""
msgstr[1] ""
"""
    )


def test_a_broken_template_is_reported(package: Path) -> None:
    (package / "e.html").write_text("{% if %}", encoding="utf-8")
    with pytest.raises(Exception, match="Expected an expression"):
        extract.texts(package)


def test_translations_are_kept_new_texts_added_and_old_ones_dropped(package: Path) -> None:
    polish = by_tag("pl")
    (package / "pl.po").write_text(
        f'msgid ""\nmsgstr ""\n"Plural-Forms: {polish.plural.header}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        '# a note of the translator\nmsgid "Save"\nmsgstr "Zapisz"\n\nmsgid "Gone"\nmsgstr "Nie ma"\n\n'
        'msgctxt "order status"\nmsgid "Paid"\nmsgstr "Opłacone"\n\n'
        'msgid "{count} order"\nmsgid_plural "{count} orders"\nmsgstr[0] "{count} zamówienie"\n'
        'msgstr[1] "{count} zamówienia"\nmsgstr[2] "{count} zamówień"\n',
        encoding="utf-8",
    )
    text = extract.updated(polish, extract.texts(package)).decode()
    assert text.startswith("# Polish. Forms of number: msgstr[0] one, msgstr[1] few, msgstr[2] many.\n")
    assert '"Plural-Forms: nplurals=3;' in text
    assert '# a note of the translator\n#. on the button\nmsgid "Save"\nmsgstr "Zapisz"\n' in text
    assert 'msgctxt "order status"\nmsgid "Paid"\nmsgstr "Opłacone"\n' in text
    assert 'msgstr[2] "{count} zamówień"\n' in text
    assert 'msgid "Total"\nmsgstr ""\n' in text
    assert "Gone" not in text
    (package / "pl.po").write_text(text, encoding="utf-8")
    assert extract.updated(polish, extract.texts(package)).decode() == text


def test_a_text_that_becomes_plural_is_a_new_text(package: Path) -> None:
    (package / "ar.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "{count} order"\nmsgstr "طلب"\n', encoding="utf-8"
    )
    text = extract.updated(by_tag("ar"), extract.texts(package)).decode()
    assert 'msgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""\nmsgstr[3] ""\nmsgstr[4] ""\nmsgstr[5] ""\n' in text
    assert "طلب" not in text


def test_check_changes_nothing(package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(extract, "POT", package / "portico.pot")
    monkeypatch.setattr(extract, "PACKAGE", package)
    monkeypatch.setattr(extract.texts, "__defaults__", (package,))
    assert extract.main(["--check", "de"]) == 1
    assert "out of date: de.po" in capsys.readouterr().out
    assert not (package / "de.po").exists()
    assert extract.main(["de"]) == 0
    assert "wrote: de.po" in capsys.readouterr().out
    assert extract.main(["--check", "de"]) == 0
    assert capsys.readouterr().out == ""
    assert not (package / "fr.po").exists()
