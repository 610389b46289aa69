"""A shop whose database the commands are pointed at."""

from pathlib import Path

import pytest

from portico import logs
from tests.services.conftest import gateway, shop
from tests.services.shop import Shop

__all__ = ["gateway", "shop"]


@pytest.fixture
def configured(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, with settings for commands on its database. They have a payment provider that nobody has to reach."""
    settings = {
        "DATABASE_URL": shop.runtime.database.engine.url.render_as_string(hide_password=False),
        "SECRET": "Uo0zvX1lWb5rGk9tE3yQ7sHn2mJd8pLa",
        "MAILER": "file",
        "LOG_LEVEL": "error",
        "PROD_GATEWAY": "sandbox",
        "SANDBOX_KEY": "a key of the sandbox for the tests",
        "SANDBOX_WEBHOOK_SECRET": "a webhook secret of the tests, long enough",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"PORTICO_{name}", value)
    monkeypatch.setattr(logs, "configure", lambda _settings: None)
    monkeypatch.chdir(tmp_path)
    return shop
