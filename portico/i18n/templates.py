"""Jinja2 in one language: texts are translated when a template is compiled, so a page pays nothing for them.

One environment per language and loader. In a template:

    {{ _("Your orders") }}                                             a text, as a literal
    {{ pgettext("order status", "Paid") }}                             the same English, said differently elsewhere
    {{ _("Signed in as {email}")|fill(email=buyer.email) }}            with values
    {{ ngettext("{count} order", "{count} orders", n)|fill(count=n) }} with a number
    {{ order.total_minor|money(order.currency) }}                      see `_filters` for the rest

Formatters and code tables are filters because a filter is a direct call, where a function in a template costs about a
microsecond more. `_("...")` and `pgettext("...", "...")` become constants, which Jinja2 then escapes and joins to the HTML
around them at compile time. The code generator calls markupsafe's inner escape without its Python wrapper (0.02 against 0.35
microseconds, for every value of a page), joins what stands between two tags before it hands it on, since every piece climbs
through each template that the page extends, and reads attributes as Python does. All leave the output byte for byte what stock
Jinja2 gives; a test holds that. But `thing.name` is an attribute and never the key of a dict: write `thing["name"]` for that.
"""

import functools
from collections.abc import Callable
from typing import Any

import markupsafe
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateAssertionError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from portico.i18n import words
from portico.i18n.catalog import Catalog, catalog, fill
from portico.i18n.format import formats

_escape_str: Callable[[str], str] = getattr(markupsafe, "_escape_inner", markupsafe.escape)  # markupsafe < 3 has no inner


def escape(value: object) -> str:
    """What `str(markupsafe.escape(value))` gives."""
    if type(value) is str:
        return _escape_str(value)
    if type(value) is Markup:
        return value
    return markupsafe.escape(value)


class _Fold(NodeTransformer):
    """Replaces calls with literal texts by their translations. A text that is not a literal cannot be extracted: refused."""

    def __init__(self, words: Catalog, name: str | None, filename: str | None) -> None:
        self._words = words
        self._name = name
        self._filename = filename

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 (Jinja2's name)
        self.generic_visit(node)
        called = node.node.name if isinstance(node.node, nodes.Name) else None
        if called not in ("_", "pgettext", "ngettext"):
            return node
        texts = [argument.value for argument in node.args if isinstance(argument, nodes.Const) and isinstance(argument.value, str)]
        if called == "_" and len(texts) == len(node.args) == 1:
            return nodes.Const(self._words.gettext(texts[0]), lineno=node.lineno)
        if called == "pgettext" and len(texts) == len(node.args) == 2:
            return nodes.Const(self._words.pgettext(texts[0], texts[1]), lineno=node.lineno)
        if called == "ngettext" and len(texts) == 2 and len(node.args) == 3:
            return node
        raise TemplateAssertionError(f"{called}() takes literal texts", node.lineno, self._name, self._filename)


class _Generator(CodeGenerator):
    """Jinja2's code generator with our `escape` in place of `markupsafe.escape`, and fewer steps to the same text."""

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802 (Jinja2's name)
        if frame.buffer is not None or frame.require_output_check or len(node.nodes) == 1:
            super().visit_Output(node, frame)
            return
        self.buffer(frame)
        super().visit_Output(node, frame)
        self.writeline(f"yield concat({frame.buffer})")
        frame.buffer = None

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 (Jinja2's name)
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("escape = environment.escape")  # in the place of markupsafe's, for everything below


class TranslatedEnvironment(Environment):
    """A Jinja2 environment that speaks one language. Made by `environment`."""

    code_generator_class = _Generator
    escape = staticmethod(escape)
    words: Catalog

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return _Fold(self.words, name, filename).visit(super()._parse(source, name, filename))


@functools.lru_cache(maxsize=256)
def environment(tag: str, loader: BaseLoader) -> TranslatedEnvironment:
    """The environment of a language for the templates of `loader`; a template is compiled when it is first asked for.

    Undefined names raise. Everything is escaped but text templates (names that end in .txt or .txt.j2).
    """
    made = TranslatedEnvironment(
        loader=loader,
        autoescape=_is_markup,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
    )
    made.words = catalog(tag)
    made.filters.update(_filters(tag))
    template_globals: dict[str, Any] = made.globals  # Jinja2 lets its type be inferred from what it puts in itself
    template_globals["ngettext"] = made.words.ngettext
    return made


def _is_markup(name: str | None) -> bool:
    return name is None or not name.endswith((".txt", ".txt.j2"))


def _filters(tag: str) -> dict[str, Callable[..., Any]]:
    """Every filter beside Jinja2's own. The first argument is the value left of the bar."""
    write = formats(tag)
    return {
        "fill": fill_escaped,
        "money": write.money,
        "money_code": write.money_code,
        "date": write.date,
        "datetime": write.datetime,
        "number": write.number,
        "percent": write.percent,
        "country": write.country,
        "language_name": write.language_name,
        "period": write.period,
        **words.filters(tag),
    }


def fill_escaped(text: str, **values: object) -> str:
    """`fill` for templates. The text and plain values are escaped where they are shown; a value that is Markup keeps its tags,
    and then the text and the other values are escaped here."""
    if not any(hasattr(value, "__html__") for value in values.values()):
        return fill(text, **values)
    escaped = {name: markupsafe.escape(value) for name, value in values.items()}
    return Markup(fill(markupsafe.escape(text), **escaped))  # noqa: S704 (every part is escaped or was Markup)
