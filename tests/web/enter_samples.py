"""What the pages around a merchant's link are given, made up. No database."""

from dataclasses import replace
from typing import Any

from tests.web.samples import LONG_EMAIL, STORE, Page, signed_out, subscription

RETURN_URL = "https://shop.example/account?tab=plan&from=portal"
_MASKED = "a•••@a-very-long-domain-name-that-never-ends.example.com"


def pages(page: Page) -> dict[str, tuple[str, Page, dict[str, Any]]]:
    """name -> (template, page, variables), as in samples.pages."""
    out, sent = signed_out(page), replace(page, return_url=RETURN_URL)
    nobody = {"next": "/", "token": "", "email": "", "signed_in": "", "problem": "", "error": ""}
    long_name = replace(STORE, name="Nordlichtbeobachtungsgerätehandelsgesellschaft of Hamburg")
    return {
        "enter": ("enter.html", out, nobody),
        "enter_over": ("enter.html", out, {**nobody, "problem": "over"}),
        "enter_asked": ("enter.html", out, {**nobody, "token": "t", "email": _MASKED, "signed_in": LONG_EMAIL}),
        "enter_stale": ("enter.html", out, {**nobody, "token": "t", "email": _MASKED, "error": "This page was open too long."}),
        "way_back": (
            "way_back.html",
            replace(out, store=long_name),
            {"done": "You’ve canceled. We’re emailing you the confirmation.", "url": RETURN_URL},
        ),
        "card": ("card.html", sent, {"subscription": subscription(1)}),
        "card_first": ("card.html", replace(sent, store=long_name, environment="test"), {"subscription": subscription(1, method=None)}),
    }
