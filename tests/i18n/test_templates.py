"""Our environment against stock Jinja2: the same bytes for the same template and values."""

import functools
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import markupsafe
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import BaseLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined, TemplateAssertionError, UndefinedError, nodes
from markupsafe import Markup

import portico
from portico.i18n import templates
from portico.i18n.catalog import catalog, placeholders
from portico.i18n.templates import environment, escape

PACKAGE = Path(portico.__file__).parent
REAL = sorted(path for path in PACKAGE.rglob("*") if path.name.endswith((".html", ".j2")))

SOURCES = {
    "texts.html": """{{ _("Orders") }} & {{ _('A "quoted" <b>text</b>') }} {{ pgettext("order status", "Paid") }}
        {{ _("Invoices")|upper }} {{ _("Orders") if number else _("Invoices") }} {{ [_("Orders"), _("Total")]|join(" < ") }}""",
    "fills.html": """{{ _("Hello {name} & co")|fill(name=text) }} {{ _("<i>{name}</i>")|fill(name=markup) }}
        {{ _("{a}{b}")|fill(a=markup, b=text) }}
        {{ ngettext("{count} order <", "{count} orders <", number)|fill(count=number) }} {{ _("{name}")|fill(name="{name}") }}""",
    "values.html": """{{ text }}{{ markup }}{{ number }}{{ none }}{{ ratio }}{{ items }}{{ shouting }}{{ subclass }}{{ html }}{{ true }}
        {{ text|e }}{{ markup|e }}{{ text ~ markup }}{{ text ~ number }}{{ text|upper }}{{ markup|striptags }}{{ text|length }}""",
    "blocks.html": """{% for item in items %}{{ loop.index }}{{ item }}{% else %}{{ _("None") }}{% endfor %}
        {% set made %}{{ text }}<hr>{% endset %}{{ made }}{% filter upper %}{{ text }}<br>{% endfilter %}
        {% with x = text %}{{ x }}{% endwith %}{% if text is string %}{{ text }}{% endif %}""",
    "parts.html": """{% macro cell(value, kind="td") %}<{{ kind }}>{{ value }}{{ _("Total") }}
        {{ caller() if caller is defined else "" }}</{{ kind }}>{% endmacro %}""",
    "macros.html": """{% import "parts.html" as ui %}{% from "parts.html" import cell %}
        {{ cell(text) }}{{ ui.cell(markup) }}{% call cell(number) %}{{ text }}&{% endcall %}{{ cell(cell(text)) }}""",
    "parent.html": "<title>{% block title %}{{ _('Overview') }}{% endblock %}</title>{% block body %}{% endblock %}{{ text }}",
    "child.html": """{% extends "parent.html" %}{% import "parts.html" as ui %}{% block title %}{{ super() }} {{ text }}{% endblock %}
        {% block body %}{{ ui.cell(text) }}{% include "values.html" %}{% endblock %}""",
    "escaping.html": """{% autoescape false %}{{ text }}{{ markup }}{% endautoescape %}{{ text }}
        {% autoescape number %}{{ text }}{% endautoescape %}""",
    "mail.txt": "{{ _('Hello {name}')|fill(name=text) }} {{ text }} {{ markup }} {{ number }} {{ none }}",
    "mail.txt.j2": "{{ text }}{{ _('<b>') }}",
    "mail.mjml.j2": "<mj-text>{{ text }}</mj-text>",
    "formats.html": """{{ 123456|money("EUR") }} {{ -5|money_code("USD") }} {{ moment|date("UTC") }} {{ "19"|percent }}
        {{ 1234|number }} {{ "active"|status("order") }} {{ "month"|interval }} {{ "DE"|country }}""",
}


class Text(str):
    """A kind of str, as a library may hand out."""


class Shouting:
    def __str__(self) -> str:
        return "<LOUD> & clear"


class Html:
    def __html__(self) -> str:
        return "<hr>"


VALUES: dict[str, Any] = {
    "text": """<script>"it's" & so on</script> {name}""",
    "markup": Markup("<b>&amp;</b>"),
    "number": 3,
    "none": None,
    "ratio": Decimal("1.50"),
    "items": ["<a>", Markup("<b>"), 1],
    "shouting": Shouting(),
    "subclass": Text("<sub>'"),
    "html": Html(),
    "moment": datetime(2026, 5, 6, tzinfo=UTC),
}


@functools.cache
def stock(tag: str, loader: BaseLoader) -> Environment:
    """Jinja2 as it comes, with the same names in it."""
    made = Environment(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=lambda name: name is None or not name.endswith((".txt", ".txt.j2")),
    )
    words = catalog(tag)
    made.globals.update(_=words.gettext, ngettext=words.ngettext, pgettext=words.pgettext)  # type: ignore[call-arg]
    made.filters.update(templates._filters(tag))
    return made


LOADER = DictLoader(SOURCES)


@pytest.mark.parametrize("tag", ["en", "de", "ar", "ja"])
@pytest.mark.parametrize("name", SOURCES)
def test_output_is_stock_jinja2s(name: str, tag: str) -> None:
    assert environment(tag, LOADER).get_template(name).render(VALUES) == stock(tag, LOADER).get_template(name).render(VALUES)


def test_streams_are_stock_jinja2s() -> None:
    ours = "".join(environment("de", LOADER).get_template("child.html").generate(VALUES))
    assert ours == "".join(stock("de", LOADER).get_template("child.html").generate(VALUES))


@settings(derandomize=True, database=None, deadline=None)
@given(st.text() | st.integers() | st.none() | st.floats() | st.lists(st.text()) | st.text().map(Markup) | st.text().map(Text))
def test_escape_is_markupsafes(value: object) -> None:
    assert str(escape(value)) == str(markupsafe.escape(value))


def test_a_translation_is_a_constant_of_the_compiled_template() -> None:
    made = environment("en", DictLoader({"a.html": "<p>{{ _('Fish & chips') }}</p>"}))
    source = made.compile(SOURCES["texts.html"], raw=True)
    assert "gettext" not in source
    assert "'<p>Fish &amp; chips</p>'" in made.compile("<p>{{ _('Fish & chips') }}</p>", raw=True)


def test_values_are_escaped_by_the_inner_function() -> None:
    assert "escape = environment.escape" in environment("en", LOADER).compile("{{ x }}", raw=True)
    assert environment("en", LOADER).from_string("{{ x }}").render(x="<") == "&lt;"


@pytest.mark.parametrize("name", ["_", "pgettext", "ngettext"])
def test_a_text_that_cannot_be_extracted_is_refused(name: str) -> None:
    made = environment("en", LOADER)
    for arguments in ("variable", "'a', variable", "'a', 'b', 'c', 'd'", "'a' ~ 'b'", "", "1", "*rest"):
        with pytest.raises(TemplateAssertionError, match="literal"):
            made.from_string(f"{{{{ {name}({arguments}) }}}}")


def test_an_unknown_name_raises() -> None:
    with pytest.raises(UndefinedError):
        environment("en", LOADER).from_string("{{ nobody }}").render()


def test_one_environment_for_a_language_and_a_loader() -> None:
    assert environment("de", LOADER) is environment("de", LOADER)
    assert environment("de", LOADER) is not environment("fr", LOADER)


HOSTILE = [
    "{0.__class__}",
    "{name.__class__.__mro__}",
    "%(name)s",
    "{{7*7}}",
    "{% raw %}",
    "{{ name }}",
    "<script>alert(1)</script>",
    "{name!r}",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("value", ["<x>", Markup("<x>")])
def test_a_hostile_translation_prints_itself(hostile: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = templates.TranslatedEnvironment(loader=LOADER, autoescape=True)
    made.filters["fill"] = templates.fill_escaped
    made.words = catalog("en")
    monkeypatch.setattr(type(made.words), "gettext", lambda self, text: hostile)
    page = made.from_string('<p>{{ _("Hello {name}")|fill(name=value) }}</p>').render(value=value, name="never")
    assert page == f"<p>{markupsafe.escape(hostile)}</p>"


def test_a_hostile_value_prints_itself() -> None:
    made = environment("de", LOADER)
    for hostile in HOSTILE:
        text = made.from_string("{{ _('Hello {name} {other}')|fill(name=value, other=markup) }}")
        page = text.render(value=hostile, markup=Markup("<i>"))
        assert page == f"Hello {markupsafe.escape(hostile)} <i>"


# The templates of the product


@pytest.mark.parametrize("tag", ["en", "ar"])
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_every_template_compiles(path: Path, tag: str) -> None:
    environment(tag, FileSystemLoader(path.parent)).get_template(path.name)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_every_text_gets_exactly_the_values_it_names(path: Path) -> None:
    tree = Environment(trim_blocks=True, lstrip_blocks=True).parse(path.read_text(encoding="utf-8"))
    filled: set[int] = set()
    for node in tree.find_all(nodes.Filter):
        if node.name == "fill" and node.node is not None:
            texts = _texts(node.node)
            assert texts, f"line {node.lineno}: fill wants a text"
            filled |= {id(call) for call in node.node.find_all(nodes.Call)} | {id(node.node)}
            for text in texts:
                assert placeholders(text) == {keyword.key for keyword in node.kwargs}, f"line {node.lineno}: {text}"
    for call in tree.find_all(nodes.Call):
        if id(call) not in filled:
            assert not any(map(placeholders, _texts(call))), f"line {call.lineno} needs fill"


def _texts(node: nodes.Node) -> list[str]:
    """The literal texts of a call of `_`, `pgettext` or `ngettext`, or of either side of an if."""
    if isinstance(node, nodes.CondExpr):
        return [*_texts(node.expr1), *(_texts(node.expr2) if node.expr2 is not None else [])]
    if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Name) or node.node.name not in ("_", "pgettext", "ngettext"):
        return []
    texts = [argument.value for argument in node.args if isinstance(argument, nodes.Const) and isinstance(argument.value, str)]
    return texts[1:] if node.node.name == "pgettext" else texts


def test_the_filters_are_named_in_the_documentation() -> None:
    text = (PACKAGE.parent / "docs" / "languages.md").read_text(encoding="utf-8")
    assert not [name for name in templates._filters("en") if f"|{name}" not in text.replace("\\|", "|")]
