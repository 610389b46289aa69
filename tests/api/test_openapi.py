"""The API's description of itself: true, complete, and readable by people and machines."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from markupsafe import escape
from playwright.sync_api import Browser

from portico.api import decoding, openapi, reference
from portico.api.problem import PROBLEMS, of_code
from portico.api.refusals import REFUSALS
from portico.api.routes import OPERATIONS
from portico.storage.database import Database
from tests.api.conftest import Program
from tests.architecture import source

DOCUMENT = json.loads(msgspec.json.encode(openapi.document(OPERATIONS, "https://portal.test")))
ASSETS = {name: f"/static/x/{name}" for name in ("portal.css", "reference.css", "favicon.svg")}
ALL_OF_IT = json.dumps(DOCUMENT)
BY_NAME = {operation.name: operation for operation in OPERATIONS}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_both_are_served_to_anyone(api: Program, page: str, database: Database) -> None:
    assert api.get("/v1/reference", key=None).text == page
    first, again = api.get("/openapi.json", key=None), api.get("/openapi.json", key=None)
    assert (first.status, first.header("content-type"), first.body) == (200, "application/json", again.body)
    assert first.json == DOCUMENT
    assert first.header("cache-control") == "public, max-age=300"


def test_every_operation_is_described_with_its_parameters_and_problems() -> None:
    described = {each["operationId"]: each for path in DOCUMENT["paths"].values() for each in path.values()}
    assert set(described) == set(BY_NAME)
    for name, each in described.items():
        statuses = {str(of_code(code).status) for code in openapi.codes(BY_NAME[name])}
        assert statuses <= set(each["responses"]), name
        assert all(f"`{code}`" in ALL_OF_IT for code in BY_NAME[name].errors), name
        assert {each_id["name"] for each_id in each["parameters"] if each_id["in"] == "path"} == set(BY_NAME[name].id_names)
        assert each["summary"], name
        assert each["description"], name


def test_every_name_of_a_schema_is_one_type() -> None:
    """msgspec would tell two of a name apart by their modules, and a generated client would show them."""
    assert [name for name in DOCUMENT["components"]["schemas"] if not re.fullmatch("[A-Z][A-Za-z]+", name)] == []


def test_every_example_is_valid() -> None:
    checked = 0
    for content in _contents(DOCUMENT):
        if "example" in content:
            Draft202012Validator({**content["schema"], "components": DOCUMENT["components"]}).validate(content["example"])
            checked += 1
    assert checked >= len(OPERATIONS) - 10
    for operation in OPERATIONS:
        if operation.body is not None:
            body = DOCUMENT["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]["application/json"]
            decoding.convert(body["example"], operation.body)


def _contents(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for each in value for found in _contents(each)]
    if not isinstance(value, dict):
        return []
    own = [each for each in value.get("content", {}).values() if isinstance(value.get("content"), dict)]
    return own + [found for each in value.values() for found in _contents(each)]


def test_every_refusal_of_a_rule_has_words() -> None:
    """Every code that an operation names is a problem of the table, or a refusal with an explanation."""
    assert [code for operation in OPERATIONS for code in operation.errors if code not in PROBLEMS and code not in REFUSALS] == []


def test_the_documentation_names_every_operation_and_every_problem() -> None:
    text = (source.ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert [f"{each.method} {each.path}" for each in OPERATIONS if f"`{each.method} {each.path}`" not in text] == []
    assert [code for code in PROBLEMS if f"`{code}`" not in text] == []


@pytest.fixture(scope="module")
def page() -> str:
    return reference.page(OPERATIONS, "https://portal.test", ASSETS).decode()


def test_the_reference_shows_every_operation_with_a_curl_line(page: str) -> None:
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page
        assert escape(operation.summary) in page
    assert page.count("curl ") >= len(OPERATIONS)
    assert all(f'id="{code}"' in page for code in PROBLEMS)
    assert "<script" not in page
    assert " style=" not in page


def test_every_link_of_the_reference_leads_somewhere(page: str) -> None:
    ids = set(re.findall(r' id="([^"]+)"', page))
    assert len(re.findall(r' id="([^"]+)"', page)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


def test_the_curl_lines_are_what_a_shell_takes(page: str) -> None:
    for operation in OPERATIONS:
        example = reference._entry(operation, openapi.document([operation], "https://portal.test"), "https://portal.test").curl
        assert example.count("'") in (0, 2), operation.name
        assert "{" not in example.partition("-d ")[0], operation.name


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_the_reference_fits_and_axe_finds_nothing(chrome: Browser, width: int, scheme: Any) -> None:
    """A page of each kind of operation: axe takes 20 seconds for all of them."""
    from axe_playwright_python.sync_playwright import Axe

    names = ("create_product", "get_document_pdf", "delete_product_group", "change_subscription")
    page = reference.page(tuple(BY_NAME[name] for name in names), "https://portal.test", ASSETS)
    static = source.PACKAGE / "web" / "static"
    tab = chrome.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    answer: Callable[[Any], None] = lambda route: (  # noqa: E731
        route.fulfill(body=(static / route.request.url.rpartition("/")[2]).read_bytes(), content_type="text/css")
        if route.request.url.endswith(".css")
        else route.fulfill(body=page, content_type="text/html; charset=utf-8")
    )
    tab.route("**/*", answer)
    tab.goto("https://portal.test/v1/reference")
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert [(each["id"], each["nodes"][0]["html"]) for each in Axe().run(tab).response["violations"]] == []
    tab.context.close()
