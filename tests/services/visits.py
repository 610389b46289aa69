"""Somebody at the sign-in page, and the mailbox beside them."""

import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from portico.domain.errors import Refused
from portico.domain.scope import Environment, StoreScope
from portico.jobs.worker import Worker
from portico.services import sign_in
from portico.services.runtime import Runtime
from portico.services.sign_in import SignedIn
from portico.storage import store
from portico.storage.store import StoreRow

_CODE = re.compile(r"^ {4}([0-9A-Z]{4}-[0-9A-Z]{4})$", re.MULTILINE)
_LINK = re.compile(r"https://\S+")
WRONG = "0000-0000"


@dataclass(frozen=True)
class Mail:
    """A sign-in mail as its reader sees it."""

    message: EmailMessage

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return body.get_content().replace("\r\n", "\n")

    @property
    def code(self) -> str:
        found = _CODE.search(self.text)
        assert found, self.text
        return found[1]

    @property
    def link(self) -> str:
        found = _LINK.search(self.text)
        assert found, self.text
        return found[0]

    @property
    def token(self) -> str:
        return self.link.partition("#t=")[2]


class Mailbox:
    """Every mail that was sent, in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mails(self, to: str = "") -> list[Mail]:
        read = [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(self._folder.glob("*.eml"))]
        return [Mail(message) for message in read if isinstance(message, EmailMessage) and to in str(message["To"])]

    def last(self, to: str = "") -> Mail:
        return self.mails(to)[-1]


@dataclass
class Visitor:
    """One browser. `browser` is the value of its binding cookie."""

    runtime: Runtime
    store: StoreRow
    environment: Environment
    browser: str = "browser-1"
    network: str = "203.0.113.5"
    language: str = "en"
    known: str = ""
    session: str = field(default="")

    def ask(self, email: str, return_path: str = "") -> None:
        sign_in.request_link(
            self.runtime,
            self.store,
            self.environment,
            email,
            browser_token=self.browser,
            language=self.language,
            network=self.network,
            known_browser=self.known,
            return_path=return_path,
        )

    def open(self, token: str) -> SignedIn:
        here = {"browser_token": self.browser, "replaces": self.session}
        return self._keep(sign_in.redeem_link(self.runtime, self.store, self.environment, token, **here))

    def type(self, code: str) -> SignedIn:
        here = {"browser_token": self.browser, "replaces": self.session}
        return self._keep(sign_in.redeem_code(self.runtime, self.store, self.environment, code, **here))

    def refusal_of(self, *, link: str = "", code: str = "") -> str:
        """The code of the refusal; fails if there is none."""
        try:
            self.open(link) if link else self.type(code)
        except Refused as refused:
            return refused.code
        raise AssertionError("was signed in")

    def _keep(self, signed_in: SignedIn) -> SignedIn:
        self.session, self.known = signed_in.session_token, signed_in.known_browser
        return signed_in


def visitor(runtime: Runtime, scope: StoreScope, **options: str) -> Visitor:
    """Somebody at the sign-in page of this store."""
    with runtime.database.read() as connection:
        return Visitor(runtime, store.get(connection, scope.store_id), scope.environment, **options)


def deliver(runtime: Runtime) -> None:
    """Lets the worker do everything that is due."""
    Worker(runtime).run_until_idle()
