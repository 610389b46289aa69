"""What proves to a receiver that a webhook is ours: Standard Webhooks' signature, with a secret that is made when it is needed and
kept nowhere. See https://www.standardwebhooks.com.
"""

import base64
from datetime import datetime

from standardwebhooks import Webhook

from portico.domain.webhook import OLD_SECRET_SIGNS, Endpoint
from portico.services.secrets import keyed

_PREFIX = "whsec_"


def of(secret: bytes, endpoint: Endpoint, *, generation: int | None = None) -> str:
    """An endpoint's secret as its owner copies it: "whsec_" and 32 bytes in base64. `secret` is the installation's."""
    number = endpoint.secret_generation if generation is None else generation
    return _PREFIX + base64.b64encode(keyed(secret, "webhook endpoint", endpoint.id, str(number))).decode()


def live(secret: bytes, endpoint: Endpoint, now: datetime) -> tuple[str, ...]:
    """The secrets that sign now, newest first: for a day after a rotation, the old one too."""
    newest = of(secret, endpoint)
    if endpoint.rotated_at is None or now >= endpoint.rotated_at + OLD_SECRET_SIGNS:
        return (newest,)
    return newest, of(secret, endpoint, generation=endpoint.secret_generation - 1)


def headers(secret: bytes, endpoint: Endpoint, message_id: str, body: str, at: datetime) -> dict[str, str]:
    """The three headers that go with a body sent `at`. The receiver takes any one signature that fits."""
    signatures = [Webhook(each).sign(message_id, at, body) for each in live(secret, endpoint, at)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
