"""Return URLs: what leads elsewhere, or might by some parser's reading, is refused; what is allowed comes back in one form."""

from dataclasses import replace

import pytest

from portico.domain.errors import Invalid
from portico.domain.scope import Environment
from portico.services import return_url
from tests.web.samples import STORE

SHOP = replace(STORE, return_origins=["https://shop.example", "https://app.shop.example:8443", "https://xn--mnchen-3ya.example"])

GOOD = {
    "https://shop.example": "https://shop.example/",
    "https://shop.example/": "https://shop.example/",
    "HTTPS://Shop.Example/Account": "https://shop.example/Account",
    "https://shop.example:443/account?tab=plan&x=1#top": "https://shop.example/account?tab=plan&x=1#top",
    "https://shop.example?from=portal": "https://shop.example/?from=portal",
    "https://shop.example/a//b;c=1/%C3%A4?u=https://evil.example/@x": "https://shop.example/a//b;c=1/%C3%A4?u=https://evil.example/@x",
    "https://app.shop.example:8443/#/billing?x": "https://app.shop.example:8443/#/billing?x",
    "https://xn--mnchen-3ya.example/x": "https://xn--mnchen-3ya.example/x",
}
# What no reading of an address makes one of ours.
NO_ADDRESS = [
    "", " ", "/", "//shop.example", "/account", "shop.example", "shop.example/account", "https:", "https://", "https:///account",
    "https:/shop.example", "https:shop.example", "https:\\\\shop.example", "https://shop.example\\@evil.example", "https:/\\evil.example",
    "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://shop.example/", "blob:https://shop.example/1",
    "https://shop.example@evil.example/", "https://shop.example:443@evil.example/", "https://user:secret@shop.example/", "https://@shop.example/",
    "https://shop.example:/", "https://shop.example:0/", "https://shop.example:00443/", "https://shop.example:443:443/", "https://shop.example:4a3/",
    "https://shop.example./", "https://.shop.example/", "https://shop..example/", "https://-shop.example/", "https://shop%2eexample/",
    "https://shop.example%00.evil.example/", "https://shop.example%2f@evil.example/", "https://[::1]/", "https://[shop.example]/",
    "https://münchen.example/", "https://shop。example/", "https://ѕhop.example/", "http\u017f://shop.example/",
    "https://\u017fhop.example/", "https://shop.example\u200b/", "https://shop.example\u2044x",
    " https://shop.example/", "https://shop.example/ ", "https://shop.example/\r\nLocation: https://evil.example", "https://shop.example/\n",
    "https://shop.example/\x00", "https://shop.example/\t", "https://shop.example/a b", "https://shop.example/%", "https://shop.example/%zz",
    "https://shop.example/ä", "https://shop.example/'\"><script>", "https://shop.example/a#b#c", "https://shop.example/{x}",
    "https://shop.example/" + "a" * 1000,
]  # fmt: skip
# Addresses as they should be, of somebody else.
NOT_LISTED = [
    "https://evil.example/", "https://shop.example.evil.example/", "https://evilshop.example/", "https://www.shop.example/",
    "https://shop.example:8443/", "https://app.shop.example/", "https://app.shop.example:443/", "http://shop.example/",
    "http://shop.example:443/", "https://shop.exampl/", "https://evil.example/https://shop.example/", "https://evil.example?https://shop.example",
    "https://evil.example#https://shop.example", "https://example/", "http://localhost.evil.example/", "http://127.0.0.1.evil.example/",
    "https://localhost/", "https://127.0.0.1/", "http://127.0.0.2/", "http://127.1/", "http://0.0.0.0/", "http://2130706433/",
]  # fmt: skip


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_an_origin_of_the_list_is_good_whatever_follows_it(environment: Environment) -> None:
    assert {url: return_url.check(SHOP, environment, url) for url in GOOD} == GOOD


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_everything_else_is_refused(environment: Environment) -> None:
    for code, urls in (("return_url_format", NO_ADDRESS), ("return_url_not_allowed", NOT_LISTED)):
        for url in urls:
            with pytest.raises(Invalid) as refused:
                return_url.check(SHOP, environment, url)
            assert [(error.field, error.code) for error in refused.value.errors] == [("return_url", code)], url


def test_without_a_list_nothing_is_allowed() -> None:
    for environment in ("test", "prod"):
        with pytest.raises(Invalid):
            return_url.check(STORE, environment, "https://shop.example/")


def test_this_machine_is_good_in_the_test_environment_alone() -> None:
    for url in ("http://localhost/", "http://localhost:3000/done?x=1", "http://127.0.0.1:5173/"):
        assert return_url.check(STORE, "test", url) == url
        with pytest.raises(Invalid):
            return_url.check(STORE, "prod", url)


def test_a_result_joins_what_the_address_has() -> None:
    added = {"portal_session": "PSN_1", "result": "canceled"}
    tail = "portal_session=PSN_1&result=canceled"
    assert return_url.with_result("https://shop.example/", **added) == f"https://shop.example/?{tail}"
    assert return_url.with_result("https://shop.example/a?b=c%20d&e", **added) == f"https://shop.example/a?b=c%20d&e&{tail}"
    assert return_url.with_result("https://shop.example/#/a?b", **added) == f"https://shop.example/?{tail}#/a?b"


def test_an_origin_is_kept_in_one_form() -> None:
    kept = return_url.origins(["https://Shop.Example/", "https://shop.example:443", "https://shop.example:8443"])
    assert kept == ["https://shop.example", "https://shop.example:8443"]
    for text in (
        "http://shop.example",
        "https://shop.example/account",
        "https://*.shop.example",
        "shop.example",
        "https://a@shop.example",
        "",
    ):
        with pytest.raises(Invalid):
            return_url.origin(text)
