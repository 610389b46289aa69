"""The door: keys, versions, limits, and what is refused before an operation sees it."""

from tests.api.conftest import Program, Shop


def test_a_key_opens_its_own_environment(api: Program, shop: Shop) -> None:
    answer = api.get("/v1/products")
    assert answer.status == 200
    assert answer.json == {"data": [], "has_more": False, "next_cursor": None}
    assert answer.header("portico-version") == "2026-11-22"
    assert (answer.header("request-id") or "").startswith("req_")
    assert answer.header("ratelimit-limit") == "600"
    assert answer.header("ratelimit-remaining") == "599"


def test_no_key_and_unknown_paths(api: Program) -> None:
    assert api.get("/v1/products", key=None).json["code"] == "api_key_invalid"
    assert api.get("/v1/nothing").json["code"] == "not_found"
    assert api.delete("/v1/products").status == 405
    assert api.put("/v1/products").status == 405
