"""The API keeps to its own description: schemathesis makes requests out of the OpenAPI document, right and wrong ones, and holds every
answer against it. The few examples that run always are the same in every run, and so are the many of `make prove`."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from litestar import Litestar
from requests.adapters import HTTPAdapter
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from urllib3 import HTTPHeaderDict, HTTPResponse

from portico.api import openapi
from portico.api.operation import Operation
from portico.api.routes import OPERATIONS
from portico.services import api_key
from portico.services.runtime import Runtime
from tests.api import world
from tests.api.conftest import Program
from tests.api.world import path_of, random_ids
from tests.factories import Factory
from tests.web.browser import ask

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ORIGIN = "https://portal.test"
# A schema cannot say all that the law says of addresses and tax ids, nor which ids there are: what fits it may still be a 422.
NOT_CHECKED = {"positive_data_acceptance"}


def over_asgi(app: Litestar) -> Callable[..., requests.Response]:
    """What `requests` has in the place of the network: the application in this process."""

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = [(_bytes(name).lower(), _bytes(value)) for name, value in request.headers.items()]
        headers.append((b"host", parts.netloc.encode()))
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        answer = asyncio.run(ask(app, str(request.method), path, body, headers, "203.0.113.7"))
        fields = HTTPHeaderDict(answer.headers)
        return adapter.build_response(request, HTTPResponse(BytesIO(answer.body), fields, answer.status, preload_content=False))

    return send


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


@pytest.fixture
def hold(runtime: Runtime, factory: Factory, program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sends many requests to one operation, and holds the answers against the document."""
    made = world.make(runtime, factory, factory.store(), "HELD")
    key = api_key.create(runtime, made.scope, name="contract").text
    client = program(key)
    client.lend(replace(runtime, api_requests_per_minute=10_000_000, api_failures_per_minute=10_000_000))
    monkeypatch.setattr(HTTPAdapter, "send", over_asgi(client.app))

    def held(operation: Operation, mode: GenerationMode, examples: int) -> None:
        document = openapi.document([operation], ORIGIN)
        described = document["paths"][operation.path][operation.method.lower()]
        _name_real_ids(operation, described["parameters"], made.ids)
        schema = schemathesis.openapi.from_dict(document)
        checks = [check for check in CHECKS.get_all() if check.__name__ not in NOT_CHECKED]

        @given(case=schema[operation.path][operation.method].as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        def every(case: schemathesis.Case) -> None:
            # An empty list is no parameter on the wire: what is wrong by one alone is not wrong when it arrives.
            assume(all(value not in ([], {}, None) for value in (case.query or {}).values()))
            case.call_and_validate(base_url=ORIGIN, headers={"Authorization": f"Bearer {key}"}, checks=checks)

        every()

    return held


def _name_real_ids(operation: Operation, parameters: list[dict[str, Any]], ids: dict[str, str]) -> None:
    """So that some requests are for what is there: a made-up id never is."""
    nouns = dict(zip(operation.id_names, [part[1:-1] for part in path_of(operation).split("/") if part.startswith("<")], strict=True))
    for parameter in parameters:
        if parameter["in"] == "path":
            noun = nouns[parameter["name"]]
            parameter["schema"] = {"type": "string", "enum": [ids[noun], random_ids(3)[noun]]}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_few_requests(operation: Operation, hold: Callable[..., None]) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        hold(operation, mode, 2)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_many_requests(operation: Operation, hold: Callable[..., None]) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        hold(operation, mode, 300)
