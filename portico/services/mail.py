"""Mails in a store's name: whom they come from, and the words and colours every one of them has."""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

from portico.domain.scope import Environment
from portico.i18n.languages import by_tag
from portico.i18n.templates import environment as translated
from portico.mail import messages
from portico.mail.messages import Attachment, Envelope
from portico.services.runtime import Runtime
from portico.storage.store import StoreRow


def compose(
    runtime: Runtime,
    store: StoreRow,
    environment: Environment,
    template: str,
    *,
    language: str,
    recipient: str,
    message_id: str,
    now: datetime,
    attachments: Sequence[Attachment] = (),
    **variables: object,
) -> EmailMessage:
    """A mail from the store to a buyer's stored address, in a language of the registry. Replies go to the store's support."""
    direction = by_tag(language).direction
    accent, on_accent = messages.colors(store.accent_color)
    about_store: dict[str, object] = {
        "store_name": store.name,
        "initial": store.name[:1].upper(),
        "accent": accent,
        "on_accent": on_accent,
        "support_email": store.support_email,
        "time_zone": store.time_zone,
        "test": environment == "test",
    }
    about_reader: dict[str, object] = {
        "recipient": recipient,
        "language": language,
        "dir": direction,
        "start": "right" if direction == "rtl" else "left",
        "end": "left" if direction == "rtl" else "right",
    }
    return messages.compose(
        translated(language, messages.LOADER),
        template,
        Envelope(store.name, runtime.mail_from, recipient, store.support_email, message_id, now),
        language=language,
        variables={**about_store, **about_reader, **variables},
        attachments=attachments,
    )
