import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.buyer import canonical_email, masked_email
from portico.domain.errors import FieldError, Invalid


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("name@example.com", "name@example.com"),
        ("  Name@EXAMPLE.com\t", "name@example.com"),
        ("First.Last+tag@example.co.uk", "first.last+tag@example.co.uk"),
        ("o'hara_1=x!#$%&*/?^`{|}~-@sub.example.org", "o'hara_1=x!#$%&*/?^`{|}~-@sub.example.org"),
        ("buyer@B\u00dcCHER.de", "buyer@xn--bcher-kva.de"),
        ("buyer@bu\u0308cher.de", "buyer@xn--bcher-kva.de"),
        ("buyer@xn--bcher-kva.de", "buyer@xn--bcher-kva.de"),
        ("buyer@fa\u00df.de", "buyer@xn--fa-hia.de"),
        ("buyer@\u4f8b\u3048.jp", "buyer@xn--r8jz45g.jp"),
        ("buyer@\u0645\u062b\u0627\u0644.\u0625\u062e\u062a\u0628\u0627\u0631", "buyer@xn--mgbh0fb.xn--kgbechtv"),
        ("a@localhost.test", "a@localhost.test"),
        ("a" * 64 + "@" + ".".join(["b" * 61] * 3) + ".com", "a" * 64 + "@" + ".".join(["b" * 61] * 3) + ".com"),  # 254
    ],
)
def test_one_form_for_all_ways_to_type_it(typed: str, canonical: str) -> None:
    assert canonical_email(typed) == canonical
    assert canonical_email(canonical) == canonical


def test_tags_and_dots_are_other_people() -> None:
    assert len({canonical_email(e) for e in ("ab@example.com", "a.b@example.com", "ab+x@example.com")}) == 3


# What some system folds onto another person's address: GitHub's bug bounty of 2016, Django's CVE-2019-19844.
LOOKALIKES = {
    "kelvin sign in the local part": "mi\u212ae@example.com",
    "dotless i in the local part": "m\u0131ke@example.com",
    "dotted capital i in the local part": "M\u0130KE@example.com",
    "long s in the local part": "\u017fam@example.com",
    "full-width local part": "\uff4dike@example.com",
    "ligature in the local part": "\ufb01n@example.com",
    "Cyrillic a in the local part": "\u0430nn@example.com",
    "accent in the local part": "jos\u00e9@example.com",
    "kelvin sign in the domain": "mike@\u212aexample.com",
    "dotted capital i in the domain": "mike@G\u0130THUB.com",
    "long s in the domain": "mike@example.\u017fite",
    "full-width domain": "mike@\uff45xample.com",
    "full-width dot": "mike@example\uff0ecom",
    "ideographic dot": "mike@example\u3002com",
    "ligature in the domain": "mike@\ufb01rm.com",
    "circled letter": "mike@\u24d4xample.com",
    "soft hyphen, which IDNA drops": "mike@exam\u00adple.com",
    "variation selector, which IDNA drops": "mike@exam\ufe0fple.com",
    "zero width space": "mike@exam\u200bple.com",
    "word joiner": "mike@exam\u2060ple.com",
    "combining grapheme joiner": "mike@exam\u034fple.com",
    "byte order mark": "\ufeffmike@example.com",
    "bidi override": "mike@\u202eexample.com",
}


@pytest.mark.parametrize("typed", LOOKALIKES.values(), ids=LOOKALIKES.keys())
def test_a_look_alike_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        canonical_email(typed)


def test_a_dotless_i_in_a_domain_is_another_domain() -> None:
    assert canonical_email("mike@g\u0131thub.com") == "mike@xn--gthub-n4a.com"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "@",
        "a",
        "a@",
        "@b.com",
        "a@b",
        "a@b@c.com",
        "a b@c.com",
        "a@b c.com",
        '"a b"@c.com',
        '"a"@c.com',
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@b.c",
        "a@b.1",
        "a@b.com.",
        "a@.b.com",
        "a@b..com",
        ".a@b.com",
        "a.@b.com",
        "a..b@c.com",
        "a@-b.com",
        "a@b-.com",
        "a@b_c.com",
        "a@xn--a.com",
        "a\r\nBcc: x@y.com@b.com",
        "a@b.com\r\nX: y",
        "a@b.com\n",
        "\na@b.com",
        "a\x00@b.com",
        "a@b\x00.com",
        "a@b.com,c@d.com",
        "a@b.com;c@d.com",
        "Name <a@b.com>",
        "<a@b.com>",
        "a(c)@b.com",
        "a\\b@c.com",
        "mailto:a@b.com",
        "a@b.com?x",
        "a@b.com/x",
        "a@b%2ecom",
        "a@\u00e9\u00e9\u00e9",
        "\ud800@b.com",
        "a@\ud800.com",
        "a" * 65 + "@b.com",
        "a@" + "b" * 64 + ".com",
        "a" * 64 + "@" + ".".join(["b" * 61] * 3) + ".info",
        "a" * 5000 + "@b.com",
        "a@" + "b." * 4000 + "com",
        "a@" + "\u00fc" * 1000 + ".com",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Invalid) as invalid:
        canonical_email(typed)
    assert invalid.value.errors == [FieldError("email", "email_format", "name@example.com")]


@given(st.text(max_size=300) | st.text(st.sampled_from("aA.@-+\u00fc\u0131\u212a\u3002\u200d0"), max_size=30))
def test_what_passes_is_short_ascii_and_stable(typed: str) -> None:
    try:
        email = canonical_email(typed)
    except Invalid:
        return
    assert email.isascii()
    assert email.isprintable()
    assert email == email.lower()
    assert len(email) <= 254
    assert canonical_email(email) == email


@given(st.from_regex(r"[A-Za-z0-9]{1,10}([.+][A-Za-z0-9]{1,5})?@[A-Za-z0-9]{1,9}\.[A-Za-z]{2,5}", fullmatch=True))
def test_ascii_addresses_only_lose_their_case(typed: str) -> None:
    assert canonical_email(typed) == typed.lower()


@pytest.mark.parametrize(("email", "shown"), [("ada@example.com", "a•••@example.com"), ("b@b.example", "b•••@b.example")])
def test_a_masked_address_shows_its_owner_no_more_than_he_knows(email: str, shown: str) -> None:
    assert masked_email(email) == shown
