"""`portico sandbox`: a payment provider in a box, in a process of its own."""

import os
import re
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from portico import app
from portico.cli.console import note, settings
from portico.cli.serving import listen, run
from portico.domain.errors import PorticoError
from portico.sandbox.application import application
from portico.sandbox.bank import Bank
from portico.sandbox.webhooks import Target
from portico.services.secrets import new_token

_TARGET = re.compile(r"(?:(test|prod)=)?(https?://[^\s/]+\S*)")


def sandbox(
    *,
    data: Annotated[Path, Parameter(help="The folder of its ledger and its secrets.")] = Path("sandbox"),
    host: Annotated[str, Parameter(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The port to listen on; 0 takes any free one.")] = 8090,
    origin: Annotated[str | None, Parameter(help="The address buyers see, if it is not http://HOST:PORT.")] = None,
    webhook_url: Annotated[
        tuple[str, ...], Parameter(show_default=False, help="Where webhooks go; test=URL gets those of that environment only.")
    ] = (),
    api_key_file: Annotated[Path | None, Parameter(help="A file with the key it is asked with, instead of DIR/api-key.")] = None,
    webhook_secret_file: Annotated[Path | None, Parameter(help="A file with the secret it signs with, not DIR/webhook-secret.")] = None,
) -> None:
    """Runs a payment provider with test cards and play money until Ctrl-C. A second start goes on with what is in its folder."""
    # The sandbox is the provider of a portal and not a portal: which provider the environment names is no matter here.
    settings(test_gateway="none", prod_gateway="none")
    targets = [_target(text) for text in webhook_url]
    api_key, secret = _secret(api_key_file, data / "api-key"), _secret(webhook_secret_file, data / "webhook-secret")
    with listen(host, port) as listening:
        address = (origin or f"http://{host}:{listening.getsockname()[1]}").rstrip("/")
        bank = Bank(data / "ledger.jsonl", app.system_clock, app.system_random)
        try:
            open_to_public = application(
                bank, base_url=address, api_key=api_key, webhooks=targets, webhook_secret=secret, webhook_file=data / "webhooks.jsonl"
            )
            note(f"The sandbox is open at {address} with play money; its ledger is {data / 'ledger.jsonl'}. Ctrl-C stops")
            run(open_to_public, listening)
        except ValueError as error:
            raise PorticoError(str(error)) from error
        finally:
            bank.close()


def _target(text: str) -> Target:
    match = _TARGET.fullmatch(text)
    if match is None:
        raise PorticoError(f"--webhook-url {text} is no address, such as http://127.0.0.1:8000/... or test=http://...")
    return Target(match[2], match[1])


def _secret(named: Path | None, own: Path) -> str:
    """What the named file says; without one, what our own file says, which is made when it is not there yet."""
    try:
        if named is None and not own.exists():
            own.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as made:
                made.write(new_token(app.system_random))
        return (named or own).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise PorticoError(f"{named or own} cannot be used: {(error.strerror or str(error)).lower()}") from error
