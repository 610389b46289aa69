"""Every page about plans and payments in a real browser: nothing for axe to find, and room for longer words on a narrow phone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import FileSystemLoader
from playwright.sync_api import Browser, Page, Route

import portico.web
from portico.i18n.catalog import Catalog, placeholders
from portico.i18n.templates import environment
from tests.web import checkout_samples, document_samples, enter_samples, plan_samples, samples

WEB = Path(portico.web.__file__).parent
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PLAIN = samples.Page()
NAMES = (*plan_samples.pages(PLAIN), *enter_samples.pages(PLAIN), *checkout_samples.pages(PLAIN), *document_samples.DISTINCT)
KINDS = (plan_samples, document_samples, enter_samples, checkout_samples)
Show = Callable[[str, str], Page]


@pytest.fixture
def show(chrome: Browser) -> Iterator[Callable[..., Show]]:
    """Opens a tab of some width and scheme; it shows a sample by its name, in a language."""
    tabs: list[Page] = []

    def opened(width: int, scheme: str) -> Show:
        tab = chrome.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        tabs.append(tab)
        # A loader of its own, since environments are kept by it: one whose words were changed must not be met again.
        loader = FileSystemLoader(WEB / "templates")
        made: dict[str, dict[str, Any]] = {}  # by language; with the words as they are while this tab is open

        def answer(route: Route) -> None:
            path = Path(urlsplit(route.request.url).path)
            if path.suffix in MEDIA:
                route.fulfill(body=(WEB / "static" / path.name).read_bytes(), content_type=MEDIA[path.suffix])
            elif path.name not in NAMES:
                route.fulfill(status=404)  # where a page of a pack looks for how far it is, when axe takes its time
            else:
                page = samples.Page(language=path.parent.name)
                if page.language not in made:
                    made[page.language] = {name: sample for kind in KINDS for name, sample in kind.pages(page).items()}
                template, frame, variables = made[page.language][path.name]
                html = environment(page.language, loader).get_template(template).render(page=frame, **variables)
                route.fulfill(body=html, content_type="text/html; charset=utf-8")

        tab.route("**/*", answer)

        def shown(name: str, language: str) -> Page:
            tab.goto(f"https://portal.test/{language}/{name}")
            return tab

        return shown

    yield opened
    for tab in tabs:
        tab.close()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "ar")])
def test_axe_finds_nothing(show: Callable[..., Show], scheme: str, language: str) -> None:
    tab, violations = show(390, scheme), list[str]()
    for name in NAMES:
        found = Axe().run(tab(name, language), options={"resultTypes": ["violations"]}).response["violations"]
        violations += [f"{name}: {v['id']} {[node['html'][:120] for node in v['nodes']][:3]}" for v in found]
    assert violations == []


def longer(text: str) -> str:
    """As much as a translation may need: 40 % more, in words as long as German has them."""
    room = (len(text) + len(placeholders(text))) * 2 // 5 + 1
    return f"{text} {('Zahlungsbestätigung ' * (room // 20 + 1))[:room].strip()}"


@pytest.mark.timeout(240)
def test_words_that_are_longer_still_fit_a_narrow_phone(show: Callable[..., Show], monkeypatch: pytest.MonkeyPatch) -> None:
    gettext, pgettext = Catalog.gettext, Catalog.pgettext
    monkeypatch.setattr(Catalog, "gettext", lambda self, text: longer(gettext(self, text)) if text else "")
    monkeypatch.setattr(Catalog, "pgettext", lambda self, context, text: longer(pgettext(self, context, text)))
    tab = show(320, "light")
    wide = {name: width for name in NAMES if (width := tab(name, "en").evaluate("document.scrollingElement.scrollWidth")) > 320}
    assert wide == {}
