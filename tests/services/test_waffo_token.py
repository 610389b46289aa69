"""Customer tokens: one algorithm, one issuer, five minutes."""

import base64
import json
from dataclasses import replace

import pytest

from portico.domain.errors import Refused
from portico.domain.scope import BuyerScope, StoreScope
from portico.services import jwt, waffo_token
from portico.services.runtime import Runtime
from portico.services.secrets import keyed
from tests.conftest import SteppingClock
from tests.factories import Factory

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def code(runtime: Runtime, text: str) -> str:
    with pytest.raises(Refused) as refused:
        waffo_token.read(runtime, text)
    return refused.value.code


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_is_for_one_user_of_one_store_and_environment(runtime: Runtime, scope: StoreScope, clock: SteppingClock) -> None:
    token, expires_at = waffo_token.issue(runtime, scope, "user-1")
    read = waffo_token.read(runtime, token)
    assert (read.scope, read.identity, read.expires_at) == (scope, "user-1", expires_at)
    clock.advance(seconds=299)
    assert waffo_token.read(runtime, token) == read
    clock.advance(seconds=1)
    assert code(runtime, token) == "token_expired"


def test_what_is_not_ours_is_not_taken(runtime: Runtime, scope: StoreScope) -> None:
    token, _ = waffo_token.issue(runtime, scope, "user-1")
    header, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    key = keyed(runtime.secret, "customer token")
    wrong = [
        "", "x", "a.b.c", token + "x", f"{header}.{part({**said, 'sub': 'user-2'})}.{signature}", f"{part({'alg': 'none'})}.{claims}.",
        f"{part({'alg': 'HS512'})}.{claims}.{signature}", "x" * 5000,
        *(jwt.make(key, {**said, **other}) for other in ({"iss": "https://other.example"}, {"env": "live"}, {"exp": "1"}, {"sub": 7})),
    ]  # fmt: skip
    for text in wrong:
        assert code(runtime, text) == "token_invalid", text
    assert code(replace(runtime, secret=b"another secret of another installation"), token) == "token_invalid"


def test_a_buyer_is_known_by_the_merchants_id_or_by_his_address(runtime: Runtime, factory: Factory, scope: StoreScope) -> None:
    by_id = factory.buyer(scope, external_id="user-1", email="one@example.com")
    by_mail = factory.buyer(scope, email="two@example.com")
    shadowing = factory.buyer(scope, external_id="three@example.com", email="four@example.com")
    factory.buyer(scope, email="three@example.com")
    found: dict[str, BuyerScope | None] = {
        "user-1": by_id, "TWO@Example.com": by_mail, "three@example.com": shadowing, "user-2": None, "no address @": None,
    }  # fmt: skip
    assert {identity: waffo_token.buyer_of(runtime, scope, identity) for identity in found} == found
    assert waffo_token.buyer_of(runtime, StoreScope(scope.store_id, "test"), "user-1") is None
