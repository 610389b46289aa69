"""The language of pages, mails and new documents, as the buyer chooses it."""

from collections.abc import Callable
from dataclasses import replace

from portico.domain.errors import Refused
from portico.http.cookies import Cookie
from portico.http.response import Response, see_other
from portico.i18n.languages import is_language
from portico.storage import buyer
from portico.web.visit import Visit

CHOICE = "language"
ONE_YEAR_SECONDS = 365 * 24 * 3600


def choose_language(visit: Visit) -> Response:
    """Keeps the choice in this browser, and with the buyer when one is signed in; back to the page it was made on."""
    return see_other(visit.url(visit.return_path(visit.form.get("next", "/"))), _kept(visit, visit.form.get(CHOICE, "")))


def chosen_beside(visit: Visit, show: Callable[[Visit], Response]) -> Response:
    """The answer to a form that a choice of language took along: `show` gives its page again, in that language and as typed."""
    tag = visit.form[CHOICE]
    cookie = _kept(visit, tag)
    return show(replace(visit, language=tag)).adding(cookie)


def _kept(visit: Visit, tag: str) -> Cookie:
    if not is_language(tag):
        raise Refused("language_unknown")
    if visit.session is not None:
        with visit.runtime.database.transaction() as tx:
            buyer.set_locale(tx, visit.buyer_scope, tag)
    return Cookie("language", tag, ONE_YEAR_SECONDS)
