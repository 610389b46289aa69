import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.i18n.languages import LANGUAGES, is_language
from portico.i18n.negotiate import choose, lookup


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr;q=0.5, de;q=0.7", "de"),
        ("nl, it;q=0.3, es;q=0.3", "it"),  # the header's order decides between equals
        ("en;q=0.3, de;q=0.3", "en"),
        # Chinese by script where one is named, else by place
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-Hant-CN", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("zh-Hant-HK-x-test", "zh-Hant"),
        ("yue-HK", "zh-Hant"),
        # the Portuguese and the Indonesian we have
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("in-ID", "id"),
        # RFC 4647: shortened from the end, a lone singleton goes with what followed it
        ("de-Latn-DE-1996-u-co-phonebk", "de"),
        ("sr-Latn, ko-KR-x-a-b", "ko"),
        # weights
        ("en;q=0, fr;q=0.1", "fr"),
        ("de-AT, en;q=0.5, de;q=0", "en"),
        ("zh-TW;q=0, zh-HK, ja;q=0.1", "ja"),
        ("de;q=0", "en"),
        ("fr;q=0.001", "fr"),
        ("fr ; q=1.000", "fr"),
        ("fr;\tQ=0.9", "fr"),
        ("*", "en"),
        ("nl, *;q=0.5, de;q=0.1", "de"),
        # what makes no sense is passed over, the rest is read
        ("fr;q=1.1, de;q=0.2", "de"),
        ("fr;q=0.1234, de;q=0.1", "de"),
        ("fr;q=, de;q=0.1", "de"),
        ("fr;q=-1, de;q=0.1", "de"),
        ("fr;level=1, de;q=0.1", "de"),
        ("fr;q=0.5;q=0.9, de;q=0.1", "de"),
        ("fr_FR, de;q=0.1", "de"),
        (";;;,,q=1,=,ja", "ja"),
        ("overlongsubtag, ja", "ja"),
        ("\x00, ja", "ja"),
        ("ｄｅ, ja", "ja"),
        ("d" * 10_000, "en"),
        ("de," * 5_000, "de"),
        ("xx," * 5_000 + "de", "en"),  # beyond what is read
        ("-".join(["de"] * 5_000), "de"),
    ],
)
def test_header(header: str | None, tag: str) -> None:
    assert choose(header) == tag


def test_the_visitors_choice_comes_first_and_the_store_last() -> None:
    assert choose("de", "ja") == "ja"
    assert choose("de", "pt-PT") == "pt-BR"
    assert choose("de", "tlh") == "de"
    assert choose("de", "../../etc/passwd") == "de"
    assert choose("nl", None, "fr") == "fr"
    assert choose(None, None, "tlh") == "en"


@pytest.mark.parametrize("tag", [language.tag for language in LANGUAGES])
def test_each_language_is_found_by_its_own_tag(tag: str) -> None:
    assert lookup(tag) == lookup(tag.upper()) == lookup(tag + "-x-private") == tag


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="adehnrtz-*;,q=.01 ", max_size=60))
def test_any_text_gives_a_language(text: str) -> None:
    assert is_language(choose(text, text, text))
