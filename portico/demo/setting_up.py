"""Prepares a folder with a demo, once: secret, database, store, data, key. A second start finds everything there."""

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portico import app, config
from portico.config import Settings
from portico.demo import cards, people, store, story
from portico.demo.cards import Wallet
from portico.demo.correction import correct_one
from portico.demo.leaving import say_why
from portico.domain import tax_table
from portico.domain.checkout import LONGEST_LIFETIME
from portico.domain.errors import PorticoError
from portico.domain.scope import ENVIRONMENTS, Environment, StoreScope
from portico.sandbox.application import Sandbox, application
from portico.sandbox.bank import Bank
from portico.sandbox.webhooks import Target
from portico.services import api_key, checkout, checkout_address, importing, portal_configuration, store_tax, waffo_key
from portico.services import store as stores
from portico.services.importing import Refusal
from portico.services.late import Late
from portico.services.portal_address import base_path
from portico.services.runtime import Runtime
from portico.services.secrets import new_token
from portico.storage import product as products
from portico.storage.migrate import migrate
from portico.storage.store import StoreRow

if TYPE_CHECKING:
    from portico.services import rsa
else:
    rsa = Late("portico.services.rsa")

# The environment that `portal_url` and `api_key` in demo.json are good for.
ENVIRONMENT: Environment = "prod"
_STORIES: dict[Environment, Callable[[datetime, Wallet], list[dict[str, Any]]]] = {"prod": story.prod_lines, "test": story.test_lines}
_SANDBOX_PATH = "/sandbox"


@dataclass(frozen=True, slots=True)
class Folder:
    """Where things are in a demo's folder."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "portico.db"

    @property
    def secret(self) -> Path:
        return self.path / "secret"

    @property
    def key(self) -> Path:
        return self.path / "api-key"

    @property
    def test_key(self) -> Path:
        """The API key of the test environment, where a shop on this machine may be returned to."""
        return self.path / "api-key-test"

    @property
    def rsa_key(self) -> Path:
        """What a shop built on Waffo's SDK signs with, as PEM."""
        return self.path / "rsa-private-key.pem"

    @property
    def sandbox_key(self) -> Path:
        """Shared by the portal and the payment provider beside it; so is the next one."""
        return self.path / "sandbox-key"

    @property
    def sandbox_webhook_secret(self) -> Path:
        return self.path / "sandbox-webhook-secret"

    @property
    def ledger(self) -> Path:
        """The payment provider's own books."""
        return self.path / "sandbox-ledger.jsonl"

    @property
    def mailbox(self) -> Path:
        return self.path / "mailbox"

    @property
    def settings(self) -> Path:
        """The demo's settings as lines for a shell, for other commands on the same data."""
        return self.path / "settings.env"

    @property
    def description(self) -> Path:
        """demo.json: there while the demo is being served, and only then."""
        return self.path / "demo.json"

    @property
    def loaded(self) -> Path:
        """Is there once all the data is in."""
        return self.path / "loaded"

    def lines(self, environment: Environment) -> Path:
        """The import file of one environment."""
        return self.path / f"{store.SLUG}.{environment}.jsonl"


def settings_of(folder: Folder, host: str, port: int) -> Settings:
    """The demo's settings; what the environment says about databases, secrets, mail and payments is left aside."""
    try:
        folder.mailbox.mkdir(parents=True, exist_ok=True)
        for secret in (folder.secret, folder.sandbox_key, folder.sandbox_webhook_secret):
            if not secret.exists():
                write_private(secret, new_token(app.system_random))
        secrets = {
            "secret": folder.secret.read_text(encoding="utf-8"),
            "sandbox_key": folder.sandbox_key.read_text(encoding="utf-8"),
            "sandbox_webhook_secret": folder.sandbox_webhook_secret.read_text(encoding="utf-8"),
        }
    except OSError as error:
        raise PorticoError(f"{folder.path} cannot be used: {error.strerror}") from error
    return config.load(
        database_url=f"sqlite:///{folder.database}", database_url_file=None, secret_file=None, sandbox_key_file=None,
        sandbox_webhook_secret_file=None, **secrets, host=host, port=port, origin=f"http://{host}:{port}", mailer="file",
        mail_dir=folder.mailbox, mail_from="portal@lumen-notes.example", smtp_user="", test_gateway="sandbox", prod_gateway="sandbox",
        sandbox_url=f"http://{host}:{port}{_SANDBOX_PATH}", retry_days=(1, 3, 5, 7),
        webhook_targets="loopback",
    )  # fmt: skip


def as_environment(folder: Folder, settings: Settings) -> str:
    """The settings as lines of a shell, secrets by the files they are in."""
    given = {
        "DATABASE_URL": f"sqlite:///{folder.database.resolve()}", "ORIGIN": settings.origin, "HOST": settings.host, "PORT": settings.port,
        "SECRET_FILE": folder.secret.resolve(), "MAILER": "file", "MAIL_DIR": folder.mailbox.resolve(), "MAIL_FROM": settings.mail_from,
        "TEST_GATEWAY": settings.test_gateway, "PROD_GATEWAY": settings.prod_gateway, "SANDBOX_URL": settings.sandbox_url,
        "SANDBOX_KEY_FILE": folder.sandbox_key.resolve(), "SANDBOX_WEBHOOK_SECRET_FILE": folder.sandbox_webhook_secret.resolve(),
        "WEBHOOK_TARGETS": settings.webhook_targets,
    }  # fmt: skip
    return "".join(f"PORTICO_{name}={shlex.quote(str(value))}\n" for name, value in given.items())


def open_bank(folder: Folder) -> Bank:
    """The payment provider with its books."""
    return Bank(folder.ledger, app.system_clock, app.system_random)


def open_sandbox(folder: Folder, bank: Bank, settings: Settings) -> Sandbox:
    """The payment provider as the application that the portal calls, below a path of the portal's own server."""
    return application(
        bank,
        base_url=settings.sandbox_url,
        api_key=settings.sandbox_key.get_secret_value(),
        webhooks=[Target(f"{settings.origin}/webhooks/sandbox/{environment}", environment) for environment in ENVIRONMENTS],
        webhook_secret=settings.sandbox_webhook_secret.get_secret_value(),
        webhook_file=folder.path / "sandbox-webhooks.jsonl",
    )


def prepare(runtime: Runtime, folder: Folder, bank: Bank) -> StoreRow:
    """The store with all its data. A start that was cut short is taken up where it stopped."""
    migrate(runtime.database)
    row = stores.find(runtime, store.SLUG) or stores.create(
        runtime, name=store.NAME, slug=store.SLUG, seller=store.SELLER, locale=store.LOCALE, time_zone=store.TIME_ZONE,
        support_email=store.SUPPORT_EMAIL, accent_color=store.ACCENT_COLOR,
    )  # fmt: skip
    if not folder.loaded.exists():
        now = runtime.clock()
        for environment, tell in _STORIES.items():
            file = folder.lines(environment)
            if not file.exists():
                known = cards.wallet(bank)
                write_whole(file, story.as_jsonl(cards.charged(bank, tell(now, known), known, environment, now)))
            _load(importing.Target(runtime, row, environment), file)
        store_tax.decide(runtime, row, policy=store.TAX_POLICY, rules=tax_table.starting_set(store.SELLER.country))
        correct_one(runtime, StoreScope(row.id, ENVIRONMENT))
        say_why(runtime, StoreScope(row.id, ENVIRONMENT))
        wish = portal_configuration.Wish(return_origins=store.RETURN_ORIGINS)
        portal_configuration.change(runtime, StoreScope(row.id, ENVIRONMENT), wish, actor="demo")
        folder.loaded.touch()
    make_rsa_key(runtime, folder, row)
    return row


def describe(runtime: Runtime, folder: Folder, row: StoreRow, key: str) -> dict[str, Any]:
    """What demo.json says: everything that a test, a benchmark or a stranger needs to drive the demo from outside. There are
    no console and no staff yet; their keys are there already, empty, so that readers need not change."""
    return {
        "base_url": runtime.origin,
        "store": {"id": row.id, "slug": row.slug},
        "environment": ENVIRONMENT,
        "merchant_id": row.merchant_id,
        "rsa_private_key_file": str(folder.rsa_key.resolve()),
        "api_key": key,
        "portal_url": runtime.origin + base_path(row.slug, ENVIRONMENT),
        "console_url": None,
        "mailbox_dir": str(folder.mailbox.resolve()),
        "gateway": {
            "url": runtime.origin + _SANDBOX_PATH,
            "api_key_file": str(folder.sandbox_key.resolve()),
            "ledger_file": str(folder.ledger.resolve()),
        },
        "buyers": [{"email": person.email, "external_id": person.id} for person in people.EVERYONE],
        "staff": [],
    }


def key_of(runtime: Runtime, file: Path, row: StoreRow, environment: Environment = ENVIRONMENT) -> str:
    """The key of the last start, or a new one: only its hash is in the database."""
    scope = StoreScope(row.id, environment)
    if file.exists():
        known = file.read_text(encoding="utf-8")
        if any(known.startswith(key.prefix) and not key.revoked_at for key in api_key.every(runtime, scope)):
            return known
    made = api_key.create(runtime, scope, name="Demo").text
    write_private(file, made)
    return made


def open_checkout(runtime: Runtime, row: StoreRow) -> str:
    """The address of a new checkout, for whoever would like to buy something: it is what a merchant's server gets from the API."""
    with runtime.database.read() as connection:
        plan = products.by_external_id(connection, StoreScope(row.id, ENVIRONMENT), store.plan_id("team", "month"))
    if plan is None:
        raise PorticoError("the demo's folder holds other products: start with an empty one")
    week = int(LONGEST_LIFETIME.total_seconds())
    made = checkout.create(runtime, row, ENVIRONMENT, checkout.Asked(plan.id, "EUR", quantity=3, lifetime_seconds=week))
    return checkout_address.page(runtime, row.slug, ENVIRONMENT, made.id)


def make_rsa_key(runtime: Runtime, folder: Folder, row: StoreRow) -> None:
    """The key pair of a shop that speaks as Waffo's SDK does: the private part in a file, the public one registered."""
    scope = StoreScope(row.id, ENVIRONMENT)
    if folder.rsa_key.exists():
        return
    private_der, public_pem = rsa.new_pair()
    waffo_key.add(runtime, scope, public_pem, name="Demo")
    write_private(folder.rsa_key, rsa.as_pem(private_der))


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def write_whole(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _load(target: importing.Target, file: Path) -> None:
    refused: list[Refusal] = []
    with file.open("rb") as opened:
        importing.load(target, opened, on_refusal=refused.append)
    if refused:
        raise PorticoError(f"{file}, line {refused[0].line}: {refused[0].reason}")
