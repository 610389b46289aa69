"""The portal's configuration by the API."""

from collections.abc import Callable

import pytest

from portico.domain.scope import StoreScope
from portico.services import api_key
from portico.services.runtime import Runtime
from tests.api.conftest import Program, Shop

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PATH = "/v1/portal-configuration"


@pytest.fixture
def api(shop: Shop, runtime: Runtime, program: Callable[..., Program]) -> Program:
    """The program of the shop with a key for prod."""
    return program(api_key.create(runtime, StoreScope(shop.store.store_id, "prod"), name="prod").text)


OWN = [{"code": "moved", "label": {"en": "I moved away", "de": "Ich bin weggezogen"}}, {"code": "too_expensive", "label": {}}]


def test_what_is_sent_is_changed_and_nothing_else(api: Program, shop: Shop) -> None:
    before = api.get(PATH).json
    assert (before["name"], before["return_origins"], before["own_cancel_reasons"]) == ("Nordlicht", [], False)
    assert (len(before["cancel_reasons"]), before["portal_url"]) == (8, "https://portal.test/nordlicht/portal")
    sent = {"return_origins": ["https://Shop.example:443", "https://shop.example", "https://b.example:8443"], "accent_color": "#AABBCC"}
    after = api.patch(PATH, sent).json
    assert after == before | {"return_origins": ["https://shop.example", "https://b.example:8443"], "accent_color": "#aabbcc"}
    assert api.patch(PATH, {"cancel_reasons": OWN, "support_email": ""}).json == after | {
        "cancel_reasons": OWN, "own_cancel_reasons": True, "support_email": "",
    }  # fmt: skip
    assert api.patch(PATH, {"cancel_reasons": None}).json["cancel_reasons"] == before["cancel_reasons"]
    assert api.patch(PATH, {}).json == api.get(PATH).json


def test_a_test_key_changes_nothing_that_holds_for_prod(api: Program, shop: Shop) -> None:
    before = api.get(PATH).json
    answer = api.patch(PATH, {"return_origins": ["https://evil.example"]}, key=shop.key)
    assert (answer.status, answer.json["code"]) == (409, "prod_key_needed")
    assert api.get(PATH).json == before


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_changed(api: Program, shop: Shop) -> None:
    before = api.get(PATH).json
    wrong = {
        "name": " ",
        "support_email": "nobody",
        "accent_color": "blue",
        "return_origins": ["https://shop.example", "http://shop.example", "https://shop.example/path", "https://a@b.example"],
        "cancel_reasons": [
            {"code": "Moved", "label": {"en": "x"}},
            {"code": "own"},
            {"code": "other", "label": {"xx": "x", "de": " "}},
            {"code": "other"},
        ],
    }
    answer = api.patch(PATH, wrong)
    assert (answer.status, answer.json["code"]) == (422, "invalid")
    assert [(each["field"], each["code"]) for each in answer.json["errors"]] == [
        ("name", "store_name_format"),
        ("accent_color", "color_format"),
        ("support_email", "email_format"),
        ("return_origins/1", "return_origin_format"),
        ("return_origins/2", "return_origin_format"),
        ("return_origins/3", "return_origin_format"),
        ("cancel_reasons/0/code", "reason_format"),
        ("cancel_reasons/1/label", "label_missing"),
        ("cancel_reasons/2/label/xx", "language_unknown"),
        ("cancel_reasons/2/label/de", "label_format"),
        ("cancel_reasons/3/code", "reason_twice"),
    ]
    assert all(each["detail"] for each in answer.json["errors"])
    too_many = ["https://a.example"] * 21
    for body, code in (({"cancel_reasons": []}, "reasons_number"), ({"return_origins": too_many}, "return_origins_number")):
        assert [each["code"] for each in api.patch(PATH, body).json["errors"]] == [code]
    assert api.get(PATH).json == before
