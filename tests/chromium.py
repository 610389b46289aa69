"""Where the browser tests find a Chromium. `python tests/chromium.py` fetches one if the machine has none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# What stands ready in every new window for an address bar that nobody sees: two processes, half of what a tab costs.
_ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
# Chromium heeds the last such list alone, so that what Playwright puts into its own stands here once more.
_PLAYWRIGHTS = (
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints",
    "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning",
)  # fmt: skip
# Root needs --no-sandbox; the rest keeps a browser under test from talking to anyone but the page under test.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    f"--disable-features={','.join((*_ADDRESS_BAR, *_PLAYWRIGHTS))}",
]
_DOWNLOADED = (
    "chromium_headless_shell-*/chrome-headless-shell-*/chrome-headless-shell",
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium",
)


def find() -> Path | None:
    """PORTICO_CHROMIUM, an installed Chromium or Chrome, or the one that Playwright downloaded; the one without windows before others,
    since it does the same for half of the processor's time."""
    named = os.environ.get("PORTICO_CHROMIUM")
    if named:
        return Path(named)
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        path = shutil.which(name)
        if path:
            return Path(path)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    for pattern in _DOWNLOADED:
        for path in sorted(cache.glob(pattern), reverse=True):
            return path
    return None


def main() -> int:
    """Exit status 0 if a browser is there at the end."""
    if find():
        return 0
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if find():
        return 0
    print(
        "The browser tests need Chromium, and none was found or could be downloaded.\n"
        "Install one (Debian: apt-get install chromium) or set PORTICO_CHROMIUM to its path.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
