"""Where the contract tests find Steady, a server that checks requests against an OpenAPI description. `python tests/steady.py`
fetches it by npm, pinned with its hash in tests/gateways/contracts/package-lock.json, if the machine has none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_CONTRACTS = Path(__file__).parent / "gateways" / "contracts"
_FETCHED = Path(sys.prefix) / "steady"


def find() -> Path | None:
    """PORTICO_STEADY, an installed one, or the one that was fetched into the virtual environment."""
    named = os.environ.get("PORTICO_STEADY") or shutil.which("steady")
    if named:
        return Path(named)
    return next(iter(sorted(_FETCHED.glob("node_modules/@stdy/cli-*/bin/steady*"))), None)


def main() -> int:
    """Exit status 0 if it is there at the end."""
    npm = shutil.which("npm")
    if find() is None and npm:
        _FETCHED.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(_CONTRACTS / name, _FETCHED / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=_FETCHED, stdout=subprocess.DEVNULL, check=False)
    if find():
        return 0
    print(
        "The contract tests need Steady, and it was not found or could not be fetched.\n"
        "Install npm (Debian: apt-get install npm) or set PORTICO_STEADY to the path of its binary.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
