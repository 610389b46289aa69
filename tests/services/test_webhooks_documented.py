"""docs/webhooks.md shows every event as it is really told."""

import re

import msgspec
import pytest

from portico.domain.event import EVENT_TYPES
from tests.architecture import source
from tests.services.shop import Shop
from tests.services.webhook_examples import examples

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
_ENTRY = re.compile(r"^### `([a-z_.]+)`\n\n(.+?)\n\n```json\n(.+?)\n```", re.MULTILINE | re.DOTALL)


def test_every_event_is_documented_as_it_is_told(shop: Shop) -> None:
    text = (source.ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    shown = {name: msgspec.json.decode(example) for name, _, example in _ENTRY.findall(text)}
    told = examples(shop)
    assert list(shown) == list(EVENT_TYPES), "each, in the order of the table"
    assert set(told) == set(EVENT_TYPES), "one that never happens is no event"
    differing = {name: msgspec.json.encode(told[name]["data"]).decode() for name in EVENT_TYPES if told[name]["data"] != shown[name]}
    assert not differing
    envelope = re.search(r"```json\n(\{\n  \"id\": \"EVT_.+?\n\})\n```", text, re.DOTALL)
    assert envelope
    assert msgspec.json.decode(envelope[1]) == told["subscription.cancel_requested"]
