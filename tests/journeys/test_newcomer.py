"""A developer with five minutes: from the demo's start to a portal session that is open in a browser, by the lines of the quickstart,
run as they stand there."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.server import free_port

QUICKSTART = Path(__file__).parents[2] / "docs" / "quickstart.md"


def documented() -> str:
    """The lines below the heading "Open it from your program"."""
    section = QUICKSTART.read_text().partition("## Open it from your program\n")[2].partition("\n## ")[0]
    (lines,) = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return lines


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the demo was started, once it answers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    command = [sys.executable, "-m", "portico", "demo", "--data", "demo", "--port", str(free_port())]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as demo:
        until = time.monotonic() + 90
        while not (tmp_path / "demo" / "demo.json").exists():
            assert demo.poll() is None, "the demo ended"
            assert time.monotonic() < until, "the demo did not start"
            time.sleep(0.05)
        yield tmp_path
        demo.send_signal(signal.SIGINT)
        demo.wait(20)


@pytest.mark.timeout(180)
def test_five_lines_lead_from_the_demo_into_the_portal(folder: Path, chrome: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    lines, began = documented(), time.monotonic()
    assert len(lines.splitlines()) == 5
    told = json.loads((folder / "demo" / "demo.json").read_text())
    assert told["api_key"] == (folder / "demo" / "api-key").read_text()
    done = subprocess.run(["bash", "-ec", lines], cwd=folder, capture_output=True, text=True, check=True)
    decoder, answers, rest = json.JSONDecoder(), [], done.stdout
    while rest.strip():
        answer, end = decoder.raw_decode(rest.strip())
        answers.append(answer)
        rest = rest.strip()[end:]
    buyers, subscriptions, link = answers
    assert len(buyers["data"]) == 3
    assert subscriptions["data"][0]["status"] == "active"
    context = chrome.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(link["url"])
    assert link["url"].partition("#")[2] not in page.url
    page.get_by_role("button", name="Continue as a•••@example.com").click()
    expect(page.locator("body.portal")).to_be_visible()
    expect(page.get_by_text("anna.schmidt@example.com").first).to_be_visible()
    context.close()
    with capsys.disabled():
        print(f"\nfrom the demo's answer to an open portal session: {time.monotonic() - began:.1f} s")
