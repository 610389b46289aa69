"""What a mail looks like to its reader, to mail programs, and to somebody who tries to put something into it."""

import re
import unicodedata
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any

import hypothesis.strategies as st
import mrml
import pytest
from hypothesis import given

from portico.i18n.languages import LANGUAGES, by_tag
from portico.i18n.templates import environment
from portico.mail import messages
from portico.mail.messages import Envelope

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
LINK = "https://portal.test/acme/portal/sign-in/link#t=" + "A" * 43
VARIABLES: dict[str, Any] = {
    "store_name": "Käse & <b>Brot</b>",
    "initial": "K",
    "accent": "#2457d6",
    "on_accent": "#ffffff",
    "support_email": "help@acme.example",
    "time_zone": "Europe/Berlin",
    "test": False,
    "recipient": "ada@example.com",
    "link": LINK,
    "code": "7GQ4-XK2M",
    "minutes": 10,
    "requested_at": NOW,
}


def envelope(**changes: Any) -> Envelope:
    plain = {"from_name": "Acme", "from_address": "portal@acme.example", "to": "ada@example.com", "reply_to": "help@acme.example"}
    return Envelope(**{**plain, "message_id": "LNK_1.1", "now": NOW, **changes})


def in_language(tag: str) -> dict[str, Any]:
    direction = by_tag(tag).direction
    return {**VARIABLES, "language": tag, "dir": direction, "start": "right" if direction == "rtl" else "left"}


def compose(tag: str = "en", **changes: Any) -> EmailMessage:
    return messages.compose(environment(tag, messages.LOADER), "sign_in", envelope(**changes), language=tag, variables=in_language(tag))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return body.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("tag", [language.tag for language in LANGUAGES])
def test_every_language_has_link_and_code_in_both_parts(tag: str) -> None:
    message = message_from_bytes(compose(tag).as_bytes(policy=SMTP), policy=default)
    assert isinstance(message, EmailMessage)
    text, html = part(message, "plain"), part(message, "html")
    assert re.search(r"^ {4}7GQ4-XK2M$", text, re.MULTILINE)
    assert re.search(rf"^{re.escape(LINK)}$", text, re.MULTILINE)
    assert f'href="{LINK}"' in html
    assert "7GQ4-XK2M" in html
    assert f'<html lang="{tag}" dir="{by_tag(tag).direction}"' in html
    assert message["Content-Language"] == tag
    for leftover in ("{{", "{%", "{store}", "{email}", "{count}", "{moment}", "{address}", "<mj-"):
        assert leftover not in text + html


@pytest.mark.parametrize("tag", [language.tag for language in LANGUAGES])
def test_mjml_has_nothing_to_complain_about(tag: str) -> None:
    source = environment(tag, messages.LOADER).get_template("sign_in.mjml.j2").render(in_language(tag), subject="x")
    assert not mrml.to_html(source).warnings


def test_right_to_left_is_set_from_the_right() -> None:
    html = part(compose("ar"), "html")
    assert "text-align:left" not in re.sub(r"font-size:0px;text-align:left", "", html)  # MJML's columns, which hold no text themselves
    assert "direction:ltr" not in html
    assert '<span dir="ltr">7GQ4-XK2M</span>' in html


def test_headers() -> None:
    message = compose(from_name="Käse & Brot, Ltd.")
    assert message["From"].addresses[0].display_name == "Käse & Brot, Ltd."
    assert message["From"].addresses[0].addr_spec == "portal@acme.example"
    assert str(message["To"]) == "ada@example.com"
    assert str(message["Reply-To"]).endswith("<help@acme.example>")
    assert message["Message-ID"] == "<LNK_1.1@acme.example>"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in message.iter_parts()] == ["text/plain", "text/html"]


def test_without_an_address_for_replies_there_is_no_such_header() -> None:
    assert compose(reply_to="")["Reply-To"] is None


@pytest.mark.parametrize("field", ["from_name", "from_address", "to", "reply_to", "message_id"])
@pytest.mark.parametrize("evil", ["x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com", "x\rBcc: e@example.com", "x\x00", "x\u2028y"])
def test_no_header_takes_a_line_break(field: str, evil: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        compose(**{field: evil})


def test_a_store_name_is_text_in_the_html_and_as_it_is_in_the_text() -> None:
    message = compose()
    assert "<b>Brot" not in part(message, "html")
    assert "Käse &amp; &lt;b&gt;Brot&lt;/b&gt;" in part(message, "html")
    assert message["Subject"] == "Sign in to Käse & <b>Brot</b>"
    assert "Käse & <b>Brot</b> as ada@example.com" in part(message, "plain")


def test_a_store_name_cannot_break_the_subject_line() -> None:
    variables = in_language("en") | {"store_name": "Acme\nBcc: eve@example.com"}
    message = messages.compose(environment("en", messages.LOADER), "sign_in", envelope(), language="en", variables=variables)
    assert message["Bcc"] is None
    assert message["Subject"] == "Sign in to Acme"


@pytest.mark.parametrize(
    "name",
    [
        'Joe "Best" Widgets and many More Things From The Big Shop at the Corner of Main Street',
        '"Quoted" Very Long Name Of A Shop That Goes On And On For A While, Inc. and Sons & Daughters',
        "Ann <evil@example.net> " * 4, "x" * 70 + '" <evil@example.net>, "', "Back\\slash " * 8, "(comment) " * 9, "Shop: a, b; " * 8,
    ],
)  # fmt: skip
def test_a_long_store_name_neither_hides_nor_changes_who_writes(name: str) -> None:
    read = message_from_bytes(compose(from_name=name.strip()).as_bytes(policy=SMTP), policy=default)
    for header, address in (("From", "portal@acme.example"), ("Reply-To", "help@acme.example")):
        assert [found.addr_spec for found in read[header].addresses] == [address]
        shown = unicodedata.normalize("NFKC", read[header].addresses[0].display_name)
        assert "".join(shown.split()) == "".join(name.split())


def test_a_mail_loads_nothing_from_anywhere() -> None:
    html = part(compose(), "html")
    assert re.findall(r"<(?:img|link|iframe|script|video|object)\b", html) == []
    assert "url(" not in html
    assert "@import" not in html
    hosts = set(re.findall(r"https?://([^/\"' <]+)", html)) - {"www.w3.org"}  # a namespace, which nobody fetches
    assert hosts == {"portal.test"}


def test_a_test_environment_says_so() -> None:
    variables = in_language("en") | {"test": True}
    marked = messages.compose(environment("en", messages.LOADER), "sign_in", envelope(), language="en", variables=variables)
    for kind in ("plain", "html"):
        assert "Test environment" in part(marked, kind)
        assert "Test environment" not in part(compose(), kind)


@given(st.integers(0, 0xFFFFFF))
def test_a_button_can_be_read_on_any_colour(color: int) -> None:
    background, ink = messages.colors(f"#{color:06x}")
    assert background == f"#{color:06x}"
    channels = [(color >> shift & 255) / 255 for shift in (16, 8, 0)]
    luminance = sum(
        weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for weight, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True)
    )
    lighter, darker = sorted((luminance, 1.0 if ink == "#ffffff" else 0.0), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("wrong", ["", "red", "#fff", "#2457d6;background:url(x)", "#2457d6\n"])
def test_what_is_no_colour_becomes_a_neutral_one(wrong: str) -> None:
    assert messages.colors(wrong) == ("#1c1c22", "#ffffff")
