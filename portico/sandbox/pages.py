"""The pages that buyers are sent to: one takes a test card, one asks to confirm a payment. No script, no cookie; the random id in
the address is what opens them. They speak English only: whoever sees them is trying the portal out.
"""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from portico.domain.errors import NotFound
from portico.domain.money import format_amount
from portico.sandbox import cards
from portico.sandbox.office import Office
from portico.sandbox.records import CardRefused, ChargeRecord, Setup
from portico.sandbox.wire import Request, Response

_STYLE = files("portico.sandbox").joinpath("sandbox.css").read_bytes()
_TEMPLATES = Environment(
    loader=PackageLoader("portico.sandbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_GROUPS = (
    ("Cards that work", [card for card in cards.CARDS if not card.refusal and not card.fault and card.delivery == "once"]),
    ("Cards that are refused", [card for card in cards.CARDS if card.refusal]),
    ("Cards whose answers go missing", [card for card in cards.CARDS if card.fault]),
    ("Cards whose webhooks misbehave", [card for card in cards.CARDS if card.delivery != "once"]),
)
_REFUSALS = {
    "not_a_test_card": "That is none of the test cards below. Never type a real card here. What you typed was not kept.",
    "card_declined": "The card was declined, as this test card always is. Choose another one.",
    "expired_card": "The card has expired, as this test card always has. Choose another one.",
    "lost_card": "The card was reported lost, as this test card always is. Choose another one.",
}
_NOTHING_CHOSEN = "Choose one of the test cards, or type its number."
Handler = Callable[[Office, Request, str], Awaitable[Response]]


async def answer(office: Office, request: Request) -> Response:
    """A page, the style sheet, or the page that says there is nothing."""
    if request.path == "/sandbox.css":
        return Response(200, _STYLE, {"content-type": "text/css; charset=utf-8", "cache-control": "public, max-age=300"})
    if request.path in ("", "/"):
        return _page(office, 200, "index.html", (), groups=_GROUPS)
    kind, _, subject = request.path.removeprefix("/").partition("/")
    method = "GET" if request.method == "HEAD" else request.method
    handler = _ROUTES.get((method, kind))
    try:
        if handler is not None and subject:
            return await handler(office, request, subject)
    except NotFound:
        pass
    return _page(office, 404, "gone.html", (), title="There is nothing here", text="The link may be incomplete, or very old.", on=None)


async def _card(office: Office, _request: Request, setup_id: str) -> Response:
    setup = await office.tell(office.bank.setup, setup_id)
    return _card_page(office, setup) if setup.status == "open" else _card_over(office, setup)


async def _save_card(office: Office, request: Request, setup_id: str) -> Response:
    form = request.form()
    number = cards.digits(form.get("number", "")) or form.get("card", "")
    setup = await office.tell(office.bank.setup, setup_id)
    if setup.status != "open":
        return _card_over(office, setup)
    if not number:
        return _card_page(office, setup, error=_NOTHING_CHOSEN)
    try:
        setup = await office.tell(office.bank.complete_setup, setup_id, number)
    except CardRefused as refused:
        return _card_page(office, setup, chosen=form.get("card", ""), error=_REFUSALS[str(refused)])
    return _go(setup.request.return_url)


async def _confirm(office: Office, _request: Request, charge_id: str) -> Response:
    charge = await office.ask(office.bank.charge_by_id, charge_id)
    return _confirm_page(office, charge) if charge.status == "requires_action" else _charge_over(office, charge)


async def _decide(office: Office, request: Request, charge_id: str) -> Response:
    decision = request.form().get("decision", "")
    charge = await office.ask(office.bank.charge_by_id, charge_id)
    if decision not in ("approve", "decline"):
        return _confirm_page(office, charge) if charge.status == "requires_action" else _charge_over(office, charge)
    charge = await office.tell(office.bank.confirm_charge, charge_id, approved=decision == "approve")
    return _go(charge.request.return_url)


_ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "card"): _card,
    ("POST", "card"): _save_card,
    ("GET", "confirm"): _confirm,
    ("POST", "confirm"): _decide,
}


def _card_page(office: Office, setup: Setup, *, chosen: str = cards.SUCCESS, error: str = "") -> Response:
    back = setup.request.cancel_url
    leads_to, status = (setup.request.return_url, back), 422 if error else 200
    return _page(office, status, "card.html", leads_to, setup=setup, groups=_GROUPS, chosen=chosen, error=error, back=back)


def _card_over(office: Office, setup: Setup) -> Response:
    if setup.status == "completed":
        title, text, on = "The card is saved", "There is nothing more to do here.", setup.request.return_url
    else:
        title, text, on = "This page has expired", "Go back and start again; nothing was saved.", setup.request.cancel_url
    return _page(office, 410, "gone.html", (on,), title=title, text=text, on=on)


def _confirm_page(office: Office, charge: ChargeRecord) -> Response:
    request = charge.request
    amount = f"{format_amount(request.amount_minor, request.currency)} {request.currency}"
    return _page(office, 200, "confirm.html", (request.return_url,), charge=charge, amount=amount, back=request.return_url)


def _charge_over(office: Office, charge: ChargeRecord) -> Response:
    on = charge.request.return_url
    return _page(office, 410, "gone.html", (on,), title="This payment is settled", text="There is nothing left to confirm.", on=on)


def _page(office: Office, status: int, template: str, leads_to: tuple[str, ...], **variables: Any) -> Response:
    """`leads_to`: where the page's form may end up, since browsers hold a redirect to the page's policy as well."""
    targets = " ".join(["'self'", *sorted({_origin(url) for url in leads_to})])
    policy = f"default-src 'none'; style-src 'self'; form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    text = _TEMPLATES.get_template(template).render(style=f"{urlsplit(office.base_url).path}/sandbox.css", **variables)
    return Response(status, text.encode(), {"content-type": "text/html; charset=utf-8", "content-security-policy": policy})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _go(url: str) -> Response:
    return Response(303, headers={"location": url})
