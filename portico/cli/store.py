"""`portico store create`, `list` and `reasons`."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from portico.cli.console import StoreName, find_store, open_runtime, print_table, say
from portico.domain.billing_detail import countries
from portico.domain.errors import PorticoError, Refused
from portico.domain.invoice import Seller
from portico.services import cancel_reasons
from portico.services import store as stores
from portico.services.portal_address import base_path

_SELLER_FIELDS = tuple(field.name for field in fields(Seller))


def create(
    *,
    name: Annotated[str, Parameter(help="What buyers know the store by.")],
    slug: Annotated[str, Parameter(help="The part of the portal's address that names the store: lower-case letters, digits, hyphens.")],
    seller: Annotated[Path | None, Parameter(help="A JSON file with what invoices print: legal_name, line1, city, tax_id, ...")] = None,
    locale: Annotated[str, Parameter(help="The language of buyers who have not chosen one.")] = "en",
    time_zone: Annotated[str, Parameter(help="The zone in which days are shown.")] = "UTC",
    support_email: Annotated[str, Parameter(show_default=False, help="Where buyers write for help.")] = "",
    accent_color: Annotated[str, Parameter(help="The store's colour, as #rrggbb.")] = stores.DEFAULT_ACCENT,
) -> None:
    """Creates a store; it has a test and a prod environment."""
    printed = None if seller is None else read_seller(seller)
    with open_runtime() as runtime:
        try:
            made = stores.create(
                runtime, name=name, slug=slug, seller=printed, locale=locale, time_zone=time_zone, support_email=support_email,
                accent_color=accent_color,
            )  # fmt: skip
        except Refused as error:  # slug_taken
            raise PorticoError(f"there is a store {slug!r} already; choose another --slug") from error
        say(f"Created store {made.slug} ({made.id})")
        say(f"Portal: {runtime.origin}{base_path(made.slug, 'prod')}")
        say(f"Test portal: {runtime.origin}{base_path(made.slug, 'test')}")


def list_stores() -> None:
    """Lists the stores with the addresses of their portals."""
    with open_runtime() as runtime:
        rows = [(store.slug, store.id, store.name, runtime.origin + base_path(store.slug, "prod")) for store in stores.every(runtime)]
    print_table(("slug", "id", "name", "portal"), rows, none="There is no store yet; see: portico store create --help")


def reasons(
    store: StoreName,
    /,
    *,
    file: Annotated[Path | None, Parameter(help="A JSON file with reasons of the store's own; see docs/commands.md.")] = None,
    default: Annotated[
        bool, Parameter(negative="", show_default=False, help="Go back to the reasons that every store starts with.")
    ] = False,
) -> None:
    """Lists the reasons that buyers may give when they cancel, or replaces them."""
    if file is not None and default:
        raise PorticoError("give either --file or --default")
    with open_runtime() as runtime:
        row = find_store(runtime, store)
        offered = cancel_reasons.of_store(row)
        if default or file is not None:
            try:
                offered = cancel_reasons.replace(runtime, row, None if file is None else read_file(file))
            except cancel_reasons.NotReasons as error:
                raise PorticoError(f'{file}: {error}; a list looks like [{{"code": "moved", "label": {{"en": "I moved"}}}}]') from error
    print_table(("code", "words", "languages"), [(r.code, r.words(row.locale), " ".join(r.label) or "all") for r in offered])


def read_file(path: Path) -> bytes:
    """What is in a file that was named on the command line."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PorticoError(f"{path} cannot be read: {error.strerror}") from error


def read_seller(path: Path) -> Seller:
    """The seller from a JSON file; unknown and wrongly typed fields are named, and a country that is none: the law goes by it."""
    written = read_file(path)
    try:
        raw = msgspec.json.decode(written, type=dict[str, Any])
        if unknown := ", ".join(raw.keys() - _SELLER_FIELDS):
            raise PorticoError(f"{path} is no seller: there is no {unknown}; there are {', '.join(_SELLER_FIELDS)}")
        seller = msgspec.convert(raw, Seller)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        wrong = str(error).replace("`", "").replace("$.", "")
        raise PorticoError(f'{path} is no seller: {wrong}; it looks like {{"legal_name": "Example GmbH", "country": "DE"}}') from error
    if seller.country and seller.country not in countries():
        raise PorticoError(f"{path} is no seller: country {seller.country!r} is no country's code by ISO 3166, such as DE")
    return seller
