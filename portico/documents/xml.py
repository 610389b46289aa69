"""XML as text, by two functions: what is empty is left out, what people typed is escaped, equal values give equal bytes."""

import unicodedata
from xml.sax.saxutils import escape, quoteattr

from portico.domain.typed import INVISIBLE


def fit(text: str) -> str:
    """One line of text without the characters that XML 1.0 cannot write (section 2.2), or that nobody would see."""
    if not text.isprintable():
        text = "".join(char for char in text if char.isspace() or _is_writable(char))
    return " ".join(text.split())


def leaf(name: str, text: str, **attributes: str) -> str:
    """An element that holds text; nothing at all where there is none."""
    written = fit(text)
    return f"<{name}{_written(attributes)}>{escape(written)}</{name}>" if written else ""


def branch(name: str, *children: str) -> str:
    """An element that holds others; nothing at all where all of them are nothing."""
    within = "".join(children)
    return f"<{name}>{within}</{name}>" if within else ""


def document(name: str, namespaces: dict[str, str], *children: str) -> bytes:
    """The whole, in UTF-8. `namespaces` by prefix, "" for the usual one."""
    declared = {f"xmlns:{prefix}" if prefix else "xmlns": address for prefix, address in namespaces.items()}
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}{_written(declared)}>{"".join(children)}</{name}>\n'.encode()


def _written(attributes: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())


def _is_writable(char: str) -> bool:
    return char not in INVISIBLE and unicodedata.category(char) not in ("Cc", "Cs")
