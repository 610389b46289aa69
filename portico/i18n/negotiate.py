"""Which language a visitor reads: what they chose, else what their browser asks for, else the store's own."""

import functools
import re

from portico.i18n.languages import DEFAULT, LANGUAGES

# A browser sends about 50 characters. What is longer is cut, and no more than this many wishes are read.
_HEADER_CHARACTERS = 1000
_WISHES = 32

_RANGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*\Z|\*\Z")  # RFC 4647 section 2.1
_WEIGHT = re.compile(r"[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z")  # RFC 9110 section 12.4.2
_TAGS = {name: language.tag for language in LANGUAGES for name in (language.tag.lower(), *language.aliases)}


def choose(accept_language: str | None, preferred: str | None = None, fallback: str = DEFAULT) -> str:
    """The tag to use. `preferred` is the visitor's own choice and wins; a value we do not speak counts as none, wherever
    it comes from. Never raises."""
    chosen = lookup(preferred) if preferred else None
    if chosen is None and accept_language:
        chosen = _best(accept_language[:_HEADER_CHARACTERS])
    return chosen or lookup(fallback) or DEFAULT


def lookup(language_range: str) -> str | None:
    """The tag for one language range by RFC 4647 section 3.4: the range is shortened from its end until something fits."""
    if len(language_range) > _HEADER_CHARACTERS or not _RANGE.match(language_range):
        return None
    subtags = language_range.lower().split("-")
    while subtags:
        tag = _TAGS.get("-".join(subtags))
        if tag is not None:
            return tag
        subtags.pop()
        if subtags and len(subtags[-1]) == 1:  # a singleton such as "x" or "u" means nothing without what followed it
            subtags.pop()
    return None


@functools.lru_cache(maxsize=512)
def _best(header: str) -> str | None:
    """The most wanted language we speak. The order in the header decides between equal weights; weight 0 means "not this
    one" (RFC 9110 sections 12.4.2 and 12.5.4)."""
    wishes = [_read(wish) for wish in header.split(",")[:_WISHES]]
    refused = {_TAGS.get(language_range) for language_range, weight in wishes if weight == 0}
    for language_range, _ in sorted((wish for wish in wishes if wish[1]), key=lambda wish: -wish[1]):
        tag = lookup(language_range)
        if tag is not None and tag not in refused:
            return tag
    return None


def _read(wish: str) -> tuple[str, int]:
    """One element of the header as (range in lower case, weight in thousandths). What makes no sense is ("", 0)."""
    language_range, semicolon, parameter = wish.partition(";")
    language_range = language_range.strip(" \t").lower()
    weight = _WEIGHT.match(parameter.strip(" \t")) if semicolon else None
    if not _RANGE.match(language_range) or (semicolon and weight is None):
        return "", 0
    if weight is None:
        return language_range, 1000
    whole, _, fraction = weight[1].partition(".")
    return language_range, int(whole) * 1000 + int(fraction.ljust(3, "0") or "0")
