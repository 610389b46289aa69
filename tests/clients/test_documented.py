"""What docs/portal-sessions.md gives to copy, run as it stands there."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from portico.services import portal_session
from portico.services.portal_session import Wanted, WhichBuyer
from portico.storage import store as stores
from tests.clients.conftest import CLIENT, ROOT, Served
from tests.web.conftest import TEST_BASE

PAGE = (ROOT / "docs" / "portal-sessions.md").read_text()
BLOCKS = [(kind, text) for kind, text in re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


def blocks(kind: str) -> list[str]:
    return [text for each, text in BLOCKS if each == kind]


def opens(url: str, served: Served) -> bool:
    """Whether a link is good, and Ada's."""
    address, _, token = url.partition("#t=")
    assert address == f"{served.url}{TEST_BASE}/enter"
    with served.runtime.database.read() as tx:
        store = stores.get(tx, served.buyer.store_id)
    return portal_session.look(served.runtime, store, "test", token).address == "ada@example.com"


def environment(served: Served) -> dict[str, str]:
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLIENT), "NO_PROXY": "*"}
    return {**path, "PORTICO_URL": served.url, "PORTICO_API_KEY": served.key}


@pytest.mark.parametrize("number", [0, 1])
def test_the_python_makes_a_link(served: Served, number: int) -> None:
    code = blocks("python")[number] + '\nprint(portal_link("ada@example.com"))\n'
    done = subprocess.run([sys.executable, "-c", code], env=environment(served), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert opens(done.stdout.strip(), served)


def test_the_javascript_makes_a_link(served: Served) -> None:
    (code,) = blocks("js")
    run = code.replace("export ", "") + '\nconsole.log(await portalLink("ada@example.com"));\n'
    command = ["node", "--input-type=module", "--eval", run]
    done = subprocess.run(command, env=environment(served), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert opens(done.stdout.strip(), served)
    refused = subprocess.run(
        [*command[:-1], run.replace("ada@", "eve@")], env=environment(served), capture_output=True, text=True, check=False
    )
    assert "buyer_not_found: No buyer of this store" in refused.stderr


def test_the_curl_makes_a_link(served: Served) -> None:
    done = subprocess.run(["bash", "-ec", blocks("sh")[0]], env=environment(served), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert opens(answer["url"], served)
    shown = json.loads(blocks("json")[0])
    assert set(shown) - {"..."} <= set(answer)


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_button_posts_and_the_mail_holds_no_secret(served: Served) -> None:
    button, mail = blocks("html")
    assert _Tags(button).tags == [("form", {"method": "post", "action": "/manage-subscription"}), ("button", {})]
    (text,) = blocks("text")
    (link,) = [str(attributes["href"]) for tag, attributes in _Tags(mail).tags if tag == "a"]
    assert link in text
    assert not re.search(r"[#@?]", link)
    with served.runtime.database.read() as tx:
        store = stores.get(tx, served.buyer.store_id)
    made = portal_session.create(served.runtime, store, "test", WhichBuyer(id=served.buyer.buyer_id), Wanted(), actor="key:test")
    base = portal_session.portal_url(served.runtime, "shop", "prod", made)
    assert link == base.replace(served.url, "https://portal.example.com") + "/subscriptions"


def test_all_flows_and_results_are_told() -> None:
    from portico.domain.portal_session import FLOWS
    from portico.web.portal.done import _RESULTS

    table = {row.split("|")[1].strip().strip("`"): row for row in PAGE.splitlines() if row.startswith("| `")}
    assert set(FLOWS) <= set(table)
    for flow, result in _RESULTS.values():
        assert f"`{result}`" in table[flow]
