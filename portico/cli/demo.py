"""`portico demo`: a portal with believable data, ready to look at."""

import http.client
import json
import shlex
import threading
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.text import Text

from portico import app, logs
from portico.cli.console import out, reachable, say
from portico.cli.serve import working
from portico.cli.serving import listen, run
from portico.demo import people
from portico.demo.setting_up import (
    Folder,
    as_environment,
    describe,
    key_of,
    open_bank,
    open_checkout,
    open_sandbox,
    prepare,
    settings_of,
    write_private,
)
from portico.sandbox.application import Beside
from portico.server import create_app
from portico.services.portal_address import base_path

_HOST = "127.0.0.1"
_READY_WITHIN_SECONDS = 30
_POLL_SECONDS = 0.05


def demo(
    *,
    data: Annotated[Path, Parameter(help="The folder that holds everything; a second start goes on with what is there.")] = Path("demo"),
    port: Annotated[int, Parameter(help="The port to listen on; 0 takes any free one.")] = 8000,
) -> None:
    """Serves a portal with believable data until Ctrl-C. Mails land as files; DIR/demo.json says where everything is."""
    folder = Folder(data)
    with listen(_HOST, port) as listening:
        folder.description.unlink(missing_ok=True)  # of a start that was killed
        settings = settings_of(folder, _HOST, listening.getsockname()[1])
        logs.configure(settings)
        write_private(folder.settings, as_environment(folder, settings))
        runtime, bank = app.build(settings), open_bank(folder)
        with reachable(runtime.database):
            store = prepare(runtime, folder, bank)
        description = describe(runtime, folder, store, key_of(runtime, folder.key, store))
        key_of(runtime, folder.test_key, store, "test")
        checkout_url = open_checkout(runtime, store)
        # Before the first answer, so that whoever sees /readyz finds it; whoever sees it first has to wait at most a moment,
        # since the port is open already.
        write_private(folder.description, json.dumps(description, indent=2, ensure_ascii=False) + "\n")
        stopped = threading.Event()
        announcer = threading.Thread(target=_announce, args=(folder, settings.port, description, checkout_url, stopped), daemon=True)
        with working(runtime):
            announcer.start()
            run(Beside(create_app(runtime), open_sandbox(folder, bank, settings)), listening)
        stopped.set()
        announcer.join()
        folder.description.unlink(missing_ok=True)
        runtime.database.dispose()
        bank.close()
    say("Stopped. The data stays; start again to go on.")


def _announce(folder: Folder, port: int, description: dict[str, Any], checkout_url: str, stopped: threading.Event) -> None:
    """A few lines for people, once the server is ready."""
    until = time.monotonic() + _READY_WITHIN_SECONDS
    while not _is_ready(port):
        if stopped.wait(_POLL_SECONDS) or time.monotonic() > until:
            return
    rows = (
        ("Portal", description["portal_url"]),
        ("Test portal", description["base_url"] + base_path(description["store"]["slug"], "test")),
        ("Sign in as", people.ANNA.email),
        ("", f"{people.DAVE.email} (64 orders), {people.KRANICH.email} (a business)"),
        ("", f"{people.YOKO.email} (日本語), {people.LAYLA.email} (العربية)"),
        ("Buy something", checkout_url),
        ("Cards to try", description["gateway"]["url"]),
        ("Mails land in", description["mailbox_dir"]),
        ("API", f"{description['base_url']}/v1/reference"),
        ("API key in", folder.key.resolve()),
        ("", f"{folder.test_key.resolve()} (test)"),
        ("For programs", folder.description.resolve()),
        ("For commands", f"set -a; . {shlex.quote(str(folder.settings))}; set +a"),
    )
    say("\nLumen Notes is open. It sends its mails to a folder; the newest one holds your link and code.\n")
    for name, value in rows:
        out.print(Text.assemble("  ", (f"{name:<15}", "bold"), str(value)), soft_wrap=True)
    say("\nCtrl-C stops.\n")


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
