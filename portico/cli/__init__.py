"""The `portico` command. Each row names the function that does the work; its module is loaded when the command is called, so
that `portico --help` does not wait for a database driver or a PDF compiler.

Exit codes: 0 done, 1 done with findings (refused lines, broken invariants, parked jobs), 2 not done: bad input or settings.
"""

import gc
import os
import sys
from collections.abc import Iterator, Sequence

from cyclopts import App, CycloptsError, Parameter

from portico import __version__
from portico.domain.errors import Invalid, NotFound, PorticoError

GROUPS: dict[str, str] = {
    "store": "Stores: who sells.",
    "key": "Keys with which a merchant's server speaks to Portico.",
    "waffo": "Shops built on Waffo's SDK.",
    "waffo key": "Keys with which such a shop's server signs.",
    "document": "Invoices and receipts.",
    "subscription": "One subscription, for whoever looks after the installation.",
    "refund": "What buyers ask back.",
    "clock": "The clock of a store's test environment.",
    "jobs": "Background work that waits for a person.",
}
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("portico.cli.demo:demo", "Serve a portal with believable data, its mails caught as files."),
    "serve": ("portico.cli.serve:serve", "Serve the portal; on SQLite the background work runs inside."),
    "worker": ("portico.cli.serve:worker", "Do the background work: mails, housekeeping. Run one or more beside `serve` on PostgreSQL."),
    "sandbox": ("portico.cli.sandbox:sandbox", "Run a payment provider in a box, with test cards and play money, to try things out."),
    "migrate": ("portico.cli.database:migrate", "Bring the database to this version of Portico."),
    "check": ("portico.cli.database:check", "Check the invariants of the data; exit code 1 if one is broken."),
    "import": ("portico.cli.importing:load", "Import buyers, products, orders, subscriptions, payments and refunds from JSON Lines."),
    "store create": ("portico.cli.store:create", "Create a store; it has a test and a prod environment."),
    "store list": ("portico.cli.store:list_stores", "List the stores with the addresses of their portals."),
    "store seller": ("portico.cli.seller:seller", "List what the law wants on a store's invoices, or replace what they print about it."),
    "store reasons": ("portico.cli.store:reasons", "List or replace the reasons that buyers may give when they cancel."),
    "store return-origins": ("portico.cli.return_origins:return_origins", "List or change where the portal may send a buyer back to."),
    "store tax": ("portico.cli.tax:tax", "Show a store's tax table, replace it, put it in use or out of use."),
    "store vat-ids": ("portico.cli.vat_ids:vat_ids", "List what VIES was asked about buyers' VAT ids, and its answers."),
    "store exchange": ("portico.cli.tax:exchange", "Show or replace a store's rates of exchange."),
    "key create": ("portico.cli.key:create", "Create a key; it is shown once."),
    "key list": ("portico.cli.key:list_keys", "List the keys of one environment of a store."),
    "key revoke": ("portico.cli.key:revoke", "Revoke a key for ever."),
    "waffo key add": ("portico.cli.waffo:add", "Register the public key that a shop's server signs with."),
    "waffo key list": ("portico.cli.waffo:list_keys", "List the keys of a store's merchant."),
    "waffo key revoke": ("portico.cli.waffo:revoke", "Revoke such a key for ever."),
    "waffo webhook-key": ("portico.cli.waffo:webhook_key", "Print the public key that a shop checks webhooks with."),
    "document render": ("portico.cli.document:render", "Write a document's PDF."),
    "document xml": ("portico.cli.document:xml", "Write a document's e-invoice."),
    "document issue-missing": ("portico.cli.document:issue_missing", "Issue the credit notes that older imports left out."),
    "subscription show": ("portico.cli.subscription:show", "Show how a subscription stands, and what happens to it next."),
    "subscription release": ("portico.cli.subscription:release", "Let a subscription go on that was set aside."),
    "refund list": ("portico.cli.refund:list_requests", "List the requests for refunds that wait."),
    "refund approve": ("portico.cli.refund:approve", "Grant a request: the money goes back, with a credit note."),
    "refund reject": ("portico.cli.refund:reject", "Decline a request."),
    "refund sync": ("portico.cli.refund_sync:sync", "Ask the payment provider what was given back there of a payment."),
    "cancellations": ("portico.cli.cancellations:cancellations", "Add up why buyers leave, and the money per month that is lost."),
    "clock advance": ("portico.cli.clock:advance", "Move the clock of a test environment, and play all that falls due on the way."),
    "jobs parked": ("portico.cli.jobs:parked", "List the jobs that were given up; exit code 1 if there are any."),
    "jobs retry": ("portico.cli.jobs:retry", "Give a parked job another chance."),
}
# What is wrong with the value of an option, after its name.
_WRONG: dict[str, str] = {
    "name_format": "must be 1 to 100 printable characters",
    "return_origins_number": "may be 20 at most",
    "slug_format": "must be lower-case letters, digits and hyphens",
    "slug_reserved": "is a word that Portico's own addresses need; choose another",
    "language_unknown": "is none of Portico's languages (see docs/languages.md)",
    "time_zone_unknown": "is no time zone of the IANA database",
    "color_format": "is no colour",
    "email_format": "is no e-mail address",
}


def command_names() -> list[str]:
    """Every command as it is typed after `portico`."""
    return list(COMMANDS)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point. What commands write (the database, mails, documents) only its owner may read."""
    os.umask(0o077)
    gc.set_threshold(20_000, 20, 20)  # the usual 700 looks all modules through again and again while they load: a sixth of a start
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Runs one command and gives its exit code."""
    try:
        done = _app()(list(arguments), exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _complain([str(error), f"See: {' '.join(('portico', *(error.command_chain or ()), '--help'))}"])
    except PorticoError as error:
        return _complain(list(_lines_of(error)))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        sys.stderr.close()
        return 0
    return done if isinstance(done, int) else 0


def _app() -> App:
    app = App(
        name="portico",
        help="Portico, a self-hosted customer portal.",
        version=__version__,
        default_parameter=Parameter(negative_iterable=()),
    )
    # Help lists what there is in the order of the tables, in which a new operator needs it.
    first = {name: next(place for place, command in enumerate(COMMANDS) if command.startswith(f"{name} ")) for name in GROUPS}
    groups = {name: App(name=name.rpartition(" ")[2], help=words, sort_key=first[name]) for name, words in GROUPS.items()}
    for place, (name, (path, words)) in enumerate(COMMANDS.items()):
        group, _, last = name.rpartition(" ")
        (groups[group] if group else app).command(path, name=last, help=words, sort_key=place)
    for name, group in reversed(groups.items()):  # a group within another comes after it in the table
        parent = name.rpartition(" ")[0]
        (groups[parent] if parent else app).command(group)
    return app


def _lines_of(error: PorticoError) -> Iterator[str]:
    if isinstance(error, Invalid):
        for field in error.errors:
            example = f", such as {field.example}" if field.example else ""
            yield f"--{field.field.replace('_', '-')} {_WRONG.get(field.code, field.code)}{example}"
    elif isinstance(error, NotFound):
        yield str(error) or "not found"
    else:
        said = str(error) or error.code
        yield from (said.replace("_", " ") if said == error.code else said).splitlines()


def _complain(lines: list[str]) -> int:
    for line in lines:
        sys.stderr.write(f"portico: {line}\n")
    return 2
