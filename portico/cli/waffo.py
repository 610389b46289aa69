"""`portico waffo key add`, `list`, `revoke`, and `portico waffo webhook-key`: what a shop built on Waffo's SDK needs from the operator."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from portico.cli.console import EnvironmentName, StoreName, find_store, note, open_runtime, out, print_table, say, scope_of
from portico.cli.store import read_file
from portico.domain.errors import PorticoError, Refused
from portico.services import waffo_key, waffo_signature

_REFUSED = {
    "public_key_format": "--public-key must be a file with an RSA public key of 2048 to 8192 bits, as PEM",
}


def add(
    store: StoreName,
    /,
    *,
    environment: EnvironmentName,
    public_key: Annotated[Path, Parameter(help="A file with the RSA public key, as PEM.")],
    name: Annotated[str, Parameter(show_default=False, help="What the key is for; only people read it.")] = "",
) -> None:
    """Registers the key that a shop's server signs with, good for every store of the merchant in one environment."""
    try:
        text = read_file(public_key).decode()
    except UnicodeDecodeError:
        raise PorticoError(_REFUSED["public_key_format"]) from None
    with open_runtime() as runtime:
        try:
            key = waffo_key.add(runtime, scope_of(runtime, store, environment), text, name=name)
        except Refused as refused:
            raise PorticoError(_REFUSED.get(refused.code, str(refused))) from refused
    note(f"Registered key {key.id}. The shop signs as this merchant:")
    out.file.write(key.merchant_id + "\n")


def list_keys(store: StoreName, /) -> None:
    """Lists the keys of the store's merchant, revoked ones too."""
    with open_runtime() as runtime:
        keys = waffo_key.every(runtime, find_store(runtime, store).id)
    moments = [
        [at.isoformat(timespec="seconds") if at else "" for at in (key.created_at, key.last_used_at, key.revoked_at)] for key in keys
    ]
    rows = [
        (key.id, key.merchant_id, key.environment, key.name, key.fingerprint.hex()[:16], *at) for key, at in zip(keys, moments, strict=True)
    ]
    print_table(
        ("id", "merchant", "environment", "name", "fingerprint", "created", "last used", "revoked"),
        rows,
        none="There is no key yet; see: portico waffo key add --help",
    )


def revoke(store: StoreName, key_id: Annotated[str, Parameter(help="The key's id, KEY_...")], /) -> None:
    """Revokes a key for ever."""
    with open_runtime() as runtime:
        waffo_key.revoke(runtime, find_store(runtime, store).id, key_id)
    say(f"Revoked key {key_id}.")


def webhook_key(store: StoreName, /, *, environment: EnvironmentName) -> None:
    """Prints the public key that webhooks of the Waffo format are checked with: the SDK's webhookPublicKey."""
    with open_runtime() as runtime:
        out.file.write(waffo_signature.public_key(runtime, scope_of(runtime, store, environment)))
