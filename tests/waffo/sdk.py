"""The clients that shops have: npm's @waffo/pancake-ts, two versions, as they were published. `python tests/waffo/sdk.py` fetches them,
pinned with their hashes in tests/waffo/packages/package-lock.json, into the virtual environment.

Tests speak through them: a Node process for each version takes calls as lines of JSON, and answers what the client gave or threw.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VERSIONS = {"0.25.0": "waffo-0-25", "0.20.0": "waffo-0-20"}
_PACKAGES = Path(__file__).parent / "packages"
_FETCHED = Path(sys.prefix) / "waffo"


class Thrown(Exception):
    """What the client threw. `kind` is its class, `status` and `errors` are those of WaffoPancakeError."""

    def __init__(self, kind: str, message: str, status: int | None, errors: list[dict[str, str]]) -> None:
        super().__init__(f"{kind} {status}: {message}")
        self.kind, self.message, self.status, self.errors = kind, message, status, errors


@dataclass
class Sdk:
    """One version of the client in a Node process of its own."""

    version: str
    process: "subprocess.Popen[str]"
    config: dict[str, Any] = field(default_factory=dict)

    def __call__(self, method: str, *args: Any, token: str = "", **config: Any) -> Any:
        """`sdk("orders.cancelSubscription", {...})` is client.orders.cancelSubscription({...}); with a `token` it is the customer's
        session that is called. `config` is the client's, on top of `self.config`. Raises Thrown."""
        asked = {"method": method, "args": args, "config": {**self.config, **config}, "token": token}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        if "thrown" in said:
            raise Thrown(**said["thrown"])
        return said.get("value")


@contextmanager
def running(version: str) -> Iterator[Sdk]:
    """The client, ready to be called."""
    node = shutil.which("node")
    assert node, "no node"
    command = [node, str(Path(__file__).with_name("driver.cjs")), str(_FETCHED / "node_modules" / VERSIONS[version])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            yield Sdk(version, process)
        finally:
            process.terminate()


def find() -> bool:
    return all((_FETCHED / "node_modules" / name / "package.json").is_file() for name in VERSIONS.values())


def main() -> int:
    """Exit status 0 if they are there at the end."""
    npm = shutil.which("npm")
    if not find() and npm:
        _FETCHED.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(_PACKAGES / name, _FETCHED / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=_FETCHED, stdout=subprocess.DEVNULL, env=dict(os.environ), check=False)
    if find() and shutil.which("node"):
        return 0
    print("The tests of the Waffo surface need Node 20 or newer and its clients from npm; they were not found.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
