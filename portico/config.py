"""Every setting: name, type, default and one sentence. Read from the environment as PORTICO_<NAME>.

A secret may come from a file instead (PORTICO_SECRET_FILE=/run/secrets/portico), which keeps it out of process listings
and shell histories (ASVS 5.0 13.3.1). Empty, short, well-known and world-readable secrets are refused at start.
"""

import stat
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from portico.domain.errors import PorticoError

PREFIX = "PORTICO_"
SECRET_MIN_CHARS = 32
_WELL_KNOWN = ("changeme", "change-me", "change_me", "secret", "password", "portico", "example", "default", "insecure")
_SECRETS = (
    "secret", "database_url", "smtp_password", "stripe_test_key", "stripe_test_webhook_secret", "stripe_prod_key",
    "stripe_prod_webhook_secret", "sandbox_key", "sandbox_webhook_secret",
)  # fmt: skip
GatewayName = Literal["none", "stripe", "sandbox"]
_NOTHING = SecretStr("")

Network = IPv4Network | IPv6Network


class SettingsError(PorticoError):
    """One or more settings are wrong. The message has one line per problem, names the variable and never shows a value."""


class Settings(BaseSettings):
    """Portico's settings. Nothing else is read from the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    database_url: str = Field(
        "sqlite:///portico.db", description="Where the data lives: a sqlite:/// file, or postgresql://user:password@host/name."
    )
    database_url_file: Path | None = Field(None, description="A file that holds the database URL, instead of PORTICO_DATABASE_URL.")
    origin: str = Field(
        "http://127.0.0.1:8000",
        description="The address buyers see, without a path; every link in a mail starts with it. Unset, it has PORTICO_PORT's port.",
    )
    secret: SecretStr = Field(
        SecretStr(""), description="At least 32 random characters that sign and bind cookies; the same on every process, kept for ever."
    )
    secret_file: Path | None = Field(
        None, description="A file that holds the secret, instead of PORTICO_SECRET; only its owner and group may read it."
    )
    host: str = Field("127.0.0.1", description="The network address `portico serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="The port `portico serve` listens on.")
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Networks, separated by commas, whose X-Forwarded-For is believed when a buyer's network is counted for limits."
    )
    metrics: bool = Field(False, description="Whether GET /metrics answers (to loopback addresses only) in Prometheus' text format.")
    api_requests_per_minute: int = Field(
        600, ge=1, le=1_000_000, description="How many API requests a minute each process takes from one key."
    )
    api_failures_per_minute: int = Field(
        30, ge=1, le=1_000_000, description="How many API requests a minute without a valid key each process answers one network."
    )
    waffo_past_seconds: int = Field(
        2700, ge=60, le=86_400, description="How old a signed request of the Waffo surface may be; the very same one is answered once."
    )
    waffo_future_seconds: int = Field(
        60, ge=0, le=3600, description="How far ahead of our clock that of a shop's server may be when it signs a request."
    )
    mailer: Literal["smtp", "file"] = Field("smtp", description="How mail leaves: over SMTP, or as .eml files in a folder.")
    mail_from: str = Field("", description="The address mails come from; the store's name is put before it.")
    mail_dir: Path = Field(Path("mailbox"), description="The folder that receives one .eml file per mail when the mailer is `file`.")
    smtp_host: str = Field("localhost", description="The mail server.")
    smtp_port: int = Field(587, ge=1, le=65535, description="The mail server's port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the mail connection is encrypted; `none` is refused beyond this machine."
    )
    smtp_user: str = Field("", description="The user name at the mail server; empty means no authentication.")
    smtp_password: SecretStr = Field(SecretStr(""), description="The password at the mail server.")
    smtp_password_file: Path | None = Field(None, description="A file that holds the mail password, instead of PORTICO_SMTP_PASSWORD.")
    smtp_ca_file: Path | None = Field(
        None, description="A file with the certificate authority of a mail server that the system's authorities do not vouch for."
    )
    smtp_timeout_seconds: float = Field(
        20, gt=0, le=60, description="How long one exchange with the mail server may take before the mail is tried again later."
    )
    test_gateway: GatewayName = Field(
        "none",
        description="The payment provider of the test environment; without one, plans cannot be changed there and nothing is charged.",
    )
    prod_gateway: GatewayName = Field("none", description="The payment provider of the prod environment; `sandbox` only on this machine.")
    retry_days: Annotated[tuple[int, ...], NoDecode] = Field(
        (1, 3, 5, 7), description="After how many days a failed renewal is tried again; after the last try the subscription ends."
    )
    stripe_test_key: SecretStr = Field(_NOTHING, description="Stripe's secret (or restricted) key for the test environment, `sk_test_...`.")
    stripe_test_key_file: Path | None = Field(None, description="A file that holds it, instead of PORTICO_STRIPE_TEST_KEY.")
    stripe_test_webhook_secret: SecretStr = Field(
        _NOTHING,
        description="The signing secret of Stripe's webhook for test, `whsec_...`; two of them, separated by a comma, while it changes.",
    )
    stripe_test_webhook_secret_file: Path | None = Field(
        None, description="A file that holds it, instead of PORTICO_STRIPE_TEST_WEBHOOK_SECRET."
    )
    stripe_prod_key: SecretStr = Field(_NOTHING, description="Stripe's secret (or restricted) key for the prod environment, `sk_live_...`.")
    stripe_prod_key_file: Path | None = Field(None, description="A file that holds it, instead of PORTICO_STRIPE_PROD_KEY.")
    stripe_prod_webhook_secret: SecretStr = Field(_NOTHING, description="The signing secret of Stripe's webhook for prod.")
    stripe_prod_webhook_secret_file: Path | None = Field(
        None, description="A file that holds it, instead of PORTICO_STRIPE_PROD_WEBHOOK_SECRET."
    )
    sandbox_url: str = Field("http://127.0.0.1:8090", description="Where `portico sandbox` listens.")
    sandbox_key: SecretStr = Field(_NOTHING, description="The key that `portico sandbox` was given.")
    sandbox_key_file: Path | None = Field(None, description="A file that holds it, instead of PORTICO_SANDBOX_KEY.")
    sandbox_webhook_secret: SecretStr = Field(_NOTHING, description="The secret that `portico sandbox` signs its webhooks with.")
    sandbox_webhook_secret_file: Path | None = Field(None, description="A file that holds it, instead of PORTICO_SANDBOX_WEBHOOK_SECRET.")
    vies_url: str = Field(
        "https://ec.europa.eu/taxation_customs/vies/rest-api",
        description="Where EU VAT ids are looked up, for the stores that want it (`portico store tax --check-vat-ids`).",
    )
    webhook_targets: Literal["public", "loopback"] = Field(
        "public",
        description="Where webhooks may go: to public https addresses; with `loopback` also to http ones on this machine, to try it out.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least serious level that is logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="JSON lines, readable lines, or by whether a person is watching (`auto`)."
    )

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str) -> str:
        scheme, _, rest = value.partition("://")
        kind = scheme.partition("+")[0]
        if kind == "sqlite" and rest.startswith("/") and rest.strip("/") not in ("", ":memory:"):
            return value
        if kind in ("postgres", "postgresql") and rest and _has_a_sound_port(value):
            return f"postgresql://{rest}"
        raise ValueError("must look like sqlite:///portico.db or postgresql://user:password@host/name")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        except ValueError:
            raise ValueError("must be networks such as 10.0.0.0/8, separated by commas") from None

    @field_validator("retry_days", mode="before")
    @classmethod
    def _read_days(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
            raise ValueError("must be days such as 1,3,5,7")
        return tuple(int(part) for part in parts)

    @field_validator("retry_days")
    @classmethod
    def _check_days(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not 1 <= len(value) <= 10 or list(value) != sorted(set(value)) or not 1 <= value[0] <= value[-1] <= 60:
            raise ValueError("must be one to ten days that grow, each from 1 to 60, such as 1,3,5,7")
        return value

    @field_validator("origin")
    @classmethod
    def _check_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.username
            or value.rstrip("/") != f"{parts.scheme}://{parts.netloc}"
        ):
            raise ValueError("must look like https://portal.example.com: a scheme and a host, no path")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("must start with https://, since sign-in cookies need it everywhere but on this machine")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("vies_url")
    @classmethod
    def _check_vies_url(cls, value: str) -> str:
        parts = urlsplit(value)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not is_safe or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise ValueError("must look like https://ec.europa.eu/taxation_customs/vies/rest-api")
        return value.rstrip("/")

    @field_validator("mail_from")
    @classmethod
    def _check_mail_from(cls, value: str) -> str:
        local, at, domain = value.rpartition("@")
        if value and (not at or not local or not domain or any(c.isspace() or c in '<>,;:"' for c in value)):
            raise ValueError("must be a bare address such as portal@example.com")
        return value

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, object]) -> dict[str, object]:
        """A `..._file` stands in for its setting; both at once is a mistake worth naming."""
        for name in _SECRETS:
            path = values.get(f"{name}_file")
            if not path:
                continue
            if values.get(name):
                raise ValueError(f"{PREFIX}{name.upper()} and {PREFIX}{name.upper()}_FILE are both set; keep one")
            values = {**values, name: _read_secret_file(Path(str(path)), f"{PREFIX}{name.upper()}_FILE")}
        return values

    @model_validator(mode="before")
    @classmethod
    def _open_where_it_listens(cls, values: dict[str, object]) -> dict[str, object]:
        """Another port is most likely another portal on the same machine: links that lead to the first one help nobody."""
        port = str(values.get("port") or "0")
        return values if values.get("origin") or port == "0" else {**values, "origin": f"http://127.0.0.1:{port}"}

    @model_validator(mode="after")
    def _check_together(self) -> "Settings":
        secret = self.secret.get_secret_value()
        if secret:
            check_secret(secret)
        if self.smtp_security == "none" and not is_loopback(self.smtp_host):
            raise ValueError(f"{PREFIX}SMTP_SECURITY=none would send sign-in mails in the clear to another machine; use starttls or tls")
        self._check_gateways()
        self._check_webhooks()
        if self.smtp_user and not self.smtp_password.get_secret_value():
            raise ValueError(f"{PREFIX}SMTP_USER is set but {PREFIX}SMTP_PASSWORD (or {PREFIX}SMTP_PASSWORD_FILE) is not")
        return self

    def _check_gateways(self) -> None:
        """A provider that is named has what it needs. Secrets for webhooks are checked for length by the providers' adapters."""
        for environment, gateway in (("test", self.test_gateway), ("prod", self.prod_gateway)):
            names = {"stripe": (f"stripe_{environment}_key", f"stripe_{environment}_webhook_secret")}
            for name in names.get(gateway, ("sandbox_key", "sandbox_webhook_secret") if gateway == "sandbox" else ()):
                if not getattr(self, name).get_secret_value():
                    raise ValueError(f"{PREFIX}{environment.upper()}_GATEWAY={gateway} needs {PREFIX}{name.upper()}")
            key, other = getattr(self, f"stripe_{environment}_key").get_secret_value(), "live" if environment == "test" else "test"
            if gateway == "stripe" and key.startswith((f"sk_{other}_", f"rk_{other}_")):
                raise ValueError(f"{PREFIX}STRIPE_{environment.upper()}_KEY is a {other} key of Stripe's, for the other environment")
        if self.prod_gateway == "sandbox" and not is_loopback(urlsplit(self.origin).hostname or ""):
            raise ValueError(f"{PREFIX}PROD_GATEWAY=sandbox would sell for play money at {self.origin}; it is for this machine alone")

    def _check_webhooks(self) -> None:
        if self.webhook_targets == "loopback" and not is_loopback(urlsplit(self.origin).hostname or ""):
            raise ValueError(f"{PREFIX}WEBHOOK_TARGETS=loopback would let stores at {self.origin} post to this machine itself")


def load(**given: object) -> Settings:
    """The settings from the environment, with `given` ones on top. Raises SettingsError that lists every problem."""
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks what is given
    except ValidationError as error:
        raise SettingsError("\n".join(_readable(e["loc"], e["msg"]) for e in error.errors(include_input=False))) from None


def documentation() -> dict[str, str]:
    """Per setting the cells of its row in docs/configuration.md: default | sentence."""
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items()}
    return {name: f"{_as_written(defaults[name])} | {field.description}" for name, field in Settings.model_fields.items()}


# What docs/ has a program that calls the API keep in its environment, which on a developer's machine is the same shell.
OF_CLIENTS = frozenset({"PORTICO_URL", "PORTICO_API_KEY", "PORTICO_WEBHOOK_SECRET"})


def unknown_names(environ: Mapping[str, str]) -> list[str]:
    """PORTICO_ variables that are no setting: most likely a slip of the pen, which would otherwise be ignored in silence."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | OF_CLIENTS
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def check_secret(secret: str) -> None:
    """Raises ValueError when a secret is short, well-known or has hardly any different characters."""
    if len(secret) < SECRET_MIN_CHARS:
        raise ValueError(
            f"{PREFIX}SECRET has {len(secret)} characters and needs {SECRET_MIN_CHARS}; make one with: openssl rand -base64 48"
        )
    plain = secret.lower()
    if len(set(secret)) < 10 or any(plain.replace(word, "") == "" or plain.startswith(word) for word in _WELL_KNOWN):
        raise ValueError(f"{PREFIX}SECRET can be guessed; make one with: openssl rand -base64 48")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _has_a_sound_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _as_written(default: object) -> str:
    shown = default.get_secret_value() if isinstance(default, SecretStr) else default
    if shown in (None, "", ()):
        return ""
    if isinstance(default, tuple):
        return f"`{repr(default).strip('()').replace(' ', '')}`"  # pyright: ignore[reportUnknownArgumentType]
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def _read_secret_file(path: Path, name: str) -> str:
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no text in UTF-8"
        raise ValueError(f"{name}: {path} cannot be read: {reason}") from None
    if mode & stat.S_IROTH:
        raise ValueError(f"{name}: {path} can be read by everyone; run: chmod 600 {path}")
    if not text:
        raise ValueError(f"{name}: {path} is empty")
    return text


def _readable(location: tuple[int | str, ...], message: str) -> str:
    """'PORTICO_PORT: Input should be ...' for one problem; a message about several settings names them itself."""
    message = message.removeprefix("Value error, ")
    if message.startswith("Input should be"):  # Pydantic's own words, without an example
        default = Settings.model_fields[str(location[0])].default
        example = f", such as {_as_written(default).strip('`')}" if isinstance(default, int | float) else ""
        message = f"must be{message.removeprefix('Input should be').partition(', unable')[0]}{example}"
    return f"{PREFIX}{str(location[0]).upper()}: {message}" if location else message
