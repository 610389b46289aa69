"""Writes a mail: an HTML part from MJML, a text part, and headers that say what kind of mail it is.

A mail is two templates, `NAME.mjml.j2` and `NAME.txt.j2`; the first line of the text is the subject. The templates' language
is that of the environment they are rendered in, which the caller makes from LOADER.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import jinja2
import mrml

LOADER = jinja2.FileSystemLoader(Path(__file__).parent / "templates")

_LINE_BREAK = re.compile(r"[\r\n\x00\v\f\x1c-\x1e\x85\u2028\u2029]")
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}\Z")
_NEUTRAL = "#1c1c22"
_LONGEST_LINE = 78  # RFC 5322 section 2.1.1
_WIDE = {ord(c): ord(c) + 0xFEE0 for c in '"\\()<>[]:;@'}  # the full-width twin of each


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom. The addresses are bare ("a@b"); `reply_to` may be empty."""

    from_name: str
    from_address: str
    to: str
    reply_to: str
    message_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along. `name` is a file name without a folder, in any script; `media_type` is "application/pdf" and the like."""

    name: str
    media_type: str
    body: bytes


def compose(
    environment: jinja2.Environment,
    template: str,
    envelope: Envelope,
    *,
    language: str,
    variables: Mapping[str, object],
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
    """The mail, ready to send. Raises ValueError when a header would hold a line break, and jinja2's errors for a wrong template.

    `message_id` is the part before the @; two mails with one id are taken for one by mail programs, so it changes when the
    content does.
    """
    subject, _, text = environment.get_template(f"{template}.txt.j2").render(variables).partition("\n")
    html = to_html(environment.get_template(f"{template}.mjml.j2").render(variables, subject=subject))
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(envelope.from_address, envelope.from_name)
    message["To"] = _address(envelope.to)
    message["Subject"] = _one_line(subject)
    if envelope.reply_to:
        message["Reply-To"] = _address(envelope.reply_to, envelope.from_name)
    domain = envelope.from_address.rpartition("@")[2]
    message["Message-ID"] = _one_line(f"<{envelope.message_id}@{domain}>")
    message["Date"] = format_datetime(envelope.now)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notice, please
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    message["X-Entity-Ref-ID"] = _one_line(envelope.message_id)  # keeps Gmail from folding several mails into one thread
    # Left alone, the library writes some scripts in base64: then not even the code could be found in a mail's source.
    message.set_content(text.strip("\n") + "\n", cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for attachment in attachments:
        _attach(message, attachment)
    message["Content-Language"] = _one_line(language)  # now, for set_content takes Content- headers for the first part's
    return message


def to_html(mjml: str) -> str:
    """The HTML of a mail. Left to itself, the renderer links to Google for some font names, which would tell who opens a mail."""
    return mrml.to_html(mjml, render_options=mrml.RenderOptions(fonts={})).content


def colors(accent: str) -> tuple[str, str]:
    """The background of a button and the text on it: the accent if it is a colour, and black or white, whichever is easier to
    read on it (WCAG 2.2 contrast ratio; the better of the two is never below 4.5)."""
    background = accent if _COLOR.match(accent) else _NEUTRAL
    channels = (int(background[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return background, "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    """In base64, whatever it is, so that its bytes arrive as they are. A name beyond ASCII is written as RFC 2231 says; the same name
    in Content-Type is for mail programs that look nowhere else."""
    name = _one_line(attachment.name)
    if not name or "/" in name or "\\" in name:
        raise ValueError("an attachment's name is that of a file, without a folder")
    main, _, sub = attachment.media_type.partition("/")
    message.add_attachment(attachment.body, main, sub, filename=name, params={"name": name}, cte="base64")


def _address(address: str, name: str = "") -> Address:
    """Where a line is too long, Python's folding loses the quotes around a name, and `Ann <a@b>` would be the sender. Names that
    could suffer are written with look-alikes; those are not ASCII, and what is not ASCII is encoded, which folds well."""
    header = Address(_one_line(name), addr_spec=_one_line(address))
    if len(f"Reply-To: {header}") > _LONGEST_LINE:
        return Address(name.translate(_WIDE), addr_spec=address)
    return header


def _one_line(text: str) -> str:
    if _LINE_BREAK.search(text):
        raise ValueError("a mail header cannot hold a line break")
    return text
