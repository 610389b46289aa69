"""Every template with sample data: it renders in both directions, and its HTML keeps the promises of an accessible page
under a strict security policy. Browsers look at the same pages in the journeys."""

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import FileSystemLoader

import portico.web
from portico.i18n.templates import environment
from tests.web import checkout_samples, document_samples, enter_samples, plan_samples, samples
from tests.web.samples import Page

FOLDER = Path(portico.web.__file__).parent
LOADER = FileSystemLoader(FOLDER / "templates")
LANGUAGES = ("en", "de", "ja", "ar")
KINDS = (samples, plan_samples, document_samples, enter_samples, checkout_samples)
NAMES = tuple(name for kind in KINDS for name in kind.pages(Page()))
LEADING_BACK = ("way_back", "card", "checkout_trial", "checkout_leaving", "checkout_over")
VOID = {"input", "meta", "link", "br", "use", "img"}
Tag = dict[str, str | None]


@dataclass
class Seen(HTMLParser):
    """What a page holds: its tags in order, each with its name under "", and the words inside each kind of element."""

    tags: list[Tag] = field(default_factory=list[Tag])
    open: list[str] = field(default_factory=list[str])
    words: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append({"": tag, **dict(attrs)})
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append({"": tag, **dict(attrs)})

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.words.setdefault(tag, []).append(data)

    def all(self, *names: str) -> list[Tag]:
        return [tag for tag in self.tags if tag[""] in names]

    def values(self, attribute: str) -> list[str]:
        return [value for tag in self.tags if (value := tag.get(attribute)) is not None]

    def text(self, name: str) -> str:
        return " ".join("".join(self.words.get(name, [])).split())


@cache
def everything(page: Page) -> dict[str, Any]:
    """Every sample, kept: to make one is to make them all."""
    return {name: sample for kind in KINDS for name, sample in kind.pages(page).items()}


@cache
def render(name: str, page: Page) -> str:
    template, frame, variables = everything(page)[name]
    return environment(page.language, LOADER).get_template(template).render(page=frame, **variables)


@cache
def see(name: str, page: Page) -> Seen:
    seen = Seen()
    seen.feed(render(name, page))
    assert seen.open == []
    return seen


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_its_language_direction_and_title_and_has_one_main_heading(name: str, language: str) -> None:
    seen = see(name, Page(language=language))
    (html,) = seen.all("html")
    assert (html["lang"], html["dir"]) == (language, "rtl" if language == "ar" else "ltr")
    assert seen.text("title")
    assert seen.text("h1")
    assert len(seen.all("h1")) == len(seen.all("main")) == 1


def test_headings_skip_no_level(name: str) -> None:
    levels = [int(str(tag[""])[1]) for tag in see(name, Page()).all("h1", "h2", "h3", "h4", "h5")]
    main = levels[levels.index(1) :]
    assert all(below <= above + 1 for above, below in itertools.pairwise(main))


def test_nothing_that_the_security_policy_refuses(name: str) -> None:
    seen = see(name, Page())
    assert not [tag for tag in seen.tags if "style" in tag or any(key.startswith("on") for key in tag)]
    assert not seen.all("style", "iframe", "object", "base", "img")
    assert all(tag.get("src") for tag in seen.all("script"))
    assert seen.text("script") == ""
    addresses = seen.values("href") + seen.values("src") + seen.values("action")
    ways_back = [str(tag["href"]) for tag in seen.all("a") if tag.get("href") == enter_samples.RETURN_URL]
    assert all(address.startswith(("/", "#", "mailto:")) for address in addresses if address not in ways_back)
    assert (ways_back != []) == (name.startswith(LEADING_BACK))


def test_ids_are_unique_and_references_lead_somewhere(name: str) -> None:
    seen = see(name, Page())
    ids = Counter(seen.values("id"))
    assert [key for key, times in ids.items() if times > 1] == []
    wanted = seen.values("for") + seen.values("popovertarget")
    for attribute in ("aria-describedby", "aria-labelledby", "data-refresh"):
        wanted += [key for value in seen.values(attribute) for key in value.split()]
    wanted += [address[1:] for address in seen.values("href") if address.startswith("#")]
    assert set(wanted) <= set(ids) | {"form"}


def test_every_field_has_a_label_and_every_button_a_name(name: str) -> None:
    seen = see(name, Page())
    labelled = set(seen.values("for"))
    fields = [tag for tag in seen.all("input", "select", "textarea") if tag.get("type") != "hidden"]
    assert [tag for tag in fields if tag.get("id") not in labelled] == []
    assert len(seen.all("button")) == 0 or seen.text("button")


def test_every_form_that_changes_something_carries_the_token(name: str) -> None:
    seen = see(name, Page())
    forms = [tag for tag in seen.all("form") if tag.get("method") == "post"]
    tokens = [tag for tag in seen.all("input") if tag.get("name") == "csrf" and tag.get("value") == "csrf-token"]
    assert len(forms) == len(tokens)
    assert all(tag.get("method") in ("get", "post") for tag in seen.all("form"))


def test_tables_have_a_caption_and_scoped_headers(name: str) -> None:
    seen = see(name, Page())
    assert len(seen.all("caption")) == len(seen.all("table"))
    assert all(tag.get("scope") in ("col", "row") for tag in seen.all("th"))


def test_what_comes_in_place_of_a_file_would_be_seen(name: str) -> None:
    assert not [tag for tag in see(name, Page()).tags if "download" in tag]


def test_every_icon_is_in_the_sprite(name: str) -> None:
    sprite = Seen()
    sprite.feed((FOLDER / "static" / "icons.svg").read_text())
    icons = [str(tag["href"]).partition("#") for tag in see(name, Page()).all("use")]
    assert {symbol for _, _, symbol in icons} <= set(sprite.values("id"))
    assert all(address == "/static/0/icons.svg" for address, _, _ in icons)


def test_text_of_others_is_shown_as_text(name: str) -> None:
    hostile = '"><script>alert(1)</script>'
    page = Page(store=replace(samples.STORE, name=hostile, support_email=hostile), buyer_email=hostile, path=hostile, csrf=hostile)
    assert "<script>alert" not in render(name, page)


def test_the_place_in_the_navigation_is_marked() -> None:
    for name, path in (("overview", ""), ("order", "/orders"), ("subscriptions", "/subscriptions"), ("invoice", "/invoices")):
        here = [tag["href"] for tag in see(name, Page()).all("a") if tag.get("aria-current") == "page"]
        assert here == [f"/nordlicht/portal{path}"]


def test_only_the_test_environment_says_that_nothing_is_real() -> None:
    assert "nothing here is real" in render("overview", Page(environment="test"))
    assert "nothing here is real" not in render("overview", Page())


def test_a_test_clock_that_runs_ahead_is_said_on_every_page() -> None:
    page = Page(environment="test", test_clock=samples.NOW)
    assert "Test clock: Nov 20, 2026, 10:30" in see("orders", page).text("aside")
    assert "Test clock" not in render("orders", Page(environment="test"))


def test_each_pending_change_has_its_undo_button_and_nothing_else_has() -> None:
    undo = {"/resume": "leaving", "/keep": "switching", "/pause/undo": "pausing"}
    for name in (name for name in NAMES if name.startswith("subscription_")):
        forms = [str(tag["action"]) for tag in see(name, Page()).all("form")]
        assert {path for path in undo if any(form.endswith(path) for form in forms)} == {p for p, n in undo.items() if n == name[13:]}


def test_an_action_that_is_not_possible_is_a_sentence_and_no_link() -> None:
    seen = see("subscription_overdue", Page())
    links = [str(tag["href"]).rpartition("/")[2] for tag in seen.all("a")]
    assert "cancel" in links
    assert "change" not in links
    assert "A payment is overdue. Please pay it first." in seen.text("main")


def test_one_reason_for_everything_is_said_once() -> None:
    assert see("subscription_elsewhere", Page()).text("main").count("This is billed outside of this portal") == 1


def test_the_button_that_charges_says_how_much() -> None:
    buttons = {
        "plan_review_upgrade": "Pay €212.62 and switch",
        "continue": "Pay €34.51 and continue",
        "subscription_overdue": "Pay €34.51 now",
        "payment_failed_period": "Pay €34.51 now",
    }
    for name, words in buttons.items():
        assert words in see(name, Page()).text("button"), name


def test_a_choice_of_reasons_has_none_chosen_and_asks_for_none() -> None:
    radios = [tag for tag in see("cancel", Page()).all("input") if tag.get("type") == "radio"]
    assert len(radios) == len(plan_samples.REASONS)
    assert not [tag for tag in radios if "checked" in tag or "required" in tag]


def test_the_soonest_charge_is_the_next_one() -> None:
    seen = see("overview", Page())
    text = " ".join("".join(seen.words["section"]).split())
    assert text.startswith("Next charge€142.80 Team plan, on Nov 22, 2026 Includes €22.80 of tax.")


def test_nothing_to_pay_is_said_and_not_left_blank() -> None:
    assert "Nothing to pay" in render("overview_empty", Page())
    assert "Nothing to pay" in render("subscription_leaving", Page())


def test_a_failed_payment_says_why_and_a_refund_how_far_it_is() -> None:
    text = see("order", Page()).text("main")
    assert "There was not enough money on the card." in text
    assert "€10.00 Refunded" in text
    assert "€5.00 On its way" in text


def test_a_wrong_field_is_marked_described_and_listed_first() -> None:
    seen = see("billing_details_wrong", Page())
    (postal_code,) = [tag for tag in seen.all("input") if tag.get("name") == "postal_code"]
    assert postal_code["aria-invalid"] == "true"
    assert str(postal_code["aria-describedby"]).split()[0] == "postal_code-error"
    (summary,) = [tag for tag in seen.tags if tag.get("role") == "alert" and "autofocus" in tag]
    assert summary["tabindex"] == "-1"
    assert "#postal_code" in seen.values("href")


def test_what_was_typed_stays() -> None:
    seen = see("billing_details_wrong", Page())
    assert {"Ada Lovelace", "DE129273398", "Berlin"} <= set(seen.values("value"))
    assert see("sign_in_wrong", Page()).values("value").count("ada@") == 1


def test_fields_carry_the_tokens_browsers_fill_in_by() -> None:
    tokens = see("billing_details_saved", Page()).values("autocomplete")
    assert {"country", "name", "organization", "address-line1", "address-level1", "postal-code"} <= set(tokens)
    (code,) = [tag for tag in see("code", Page()).all("input") if tag.get("name") == "code"]
    assert (code["autocomplete"], code["inputmode"], code["autocapitalize"]) == ("one-time-code", "text", "characters")


@pytest.mark.parametrize("form", ["billing_details", "invoice_correct"])
def test_the_enter_key_sends_a_form_and_does_not_ask_for_other_fields(form: str) -> None:
    first = render(form, Page()).partition("novalidate data-keep>")[2].partition("<button ")[2]
    assert first.startswith('class="unseen" tabindex="-1" aria-hidden="true">')


def test_an_invoice_can_be_had_in_every_language() -> None:
    seen = see("invoice", Page())
    assert len([tag for tag in seen.all("option") if tag.get("lang")]) == 18
    (chosen,) = [tag["value"] for tag in seen.all("option") if "selected" in tag]
    assert chosen == "de"
    assert f"/nordlicht/portal/invoices/{samples.an_id('INV', 1)}.pdf" in seen.values("action")


def test_the_link_page_has_no_token_and_sends_nothing_by_itself() -> None:
    seen = see("link", Page())
    (token,) = [tag for tag in seen.all("input") if tag.get("name") == "token"]
    assert token["value"] == ""
    (form,) = [tag for tag in seen.all("form") if str(tag.get("action")).endswith("/sign-in/link")]
    assert "hidden" in form
