"""Stores of a merchant: made, renamed, ended. What only Waffo's own pages need is warned of, never taken in silence."""

import re
from typing import Any

from msgspec import UNSET

from portico.api.waffo import reach, wire
from portico.api.waffo.action import MERCHANT, Action, Call
from portico.api.waffo.fields import anything, choice, identifier, need, take, text
from portico.domain.scope import StoreScope
from portico.services import portal_configuration, waffo_store
from portico.services.portal_configuration import Wish

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_IN_USE = ("light", "checkoutColorPrimary")  # of the theme: our pages have one colour of the store's own
_LOGO_CHARS = 200_000


def create(call: Call) -> dict[str, Any]:
    return {"store": wire.store(waffo_store.create(call.runtime, call.asker.merchant_id, call.get("name"), actor=call.asker.actor))}


def update(call: Call) -> dict[str, Any]:
    row = reach.store_of(call, call.get("id"))
    wish = Wish(
        name=call.get("name") or UNSET,
        support_email=UNSET if "supportEmail" not in call.fields else call.get("supportEmail") or "",
        accent_color=_color(call) or UNSET,
    )
    for name, hint in _UNUSED.items():
        if call.get(name) is not None:
            call.warn(f"{name} was not kept", hint)
    if call.get("status") not in (None, "active"):
        call.warn("status was not kept", "store/delete-store ends a store.")
    changed = portal_configuration.change(call.runtime, StoreScope(row.id, call.asker.environment), wish, actor=call.asker.actor)
    return {"store": wire.store(changed)}


def delete(call: Call) -> dict[str, Any]:
    return {"store": wire.store(waffo_store.delete(call.runtime, reach.store_of(call, call.get("id")), actor=call.asker.actor))}


def not_implemented(call: Call) -> dict[str, Any]:
    """As it always was."""
    raise call.trouble(501, "Not implemented", "Who may look after a store is for the operator of Portico to say.")


def _color(call: Call) -> str | None:
    """The colour of the light theme is the store's. All else about the themes is warned of."""
    settings: dict[str, Any] = call.get("checkoutSettings") or {}
    color = None
    for theme, values in settings.items():
        themed: dict[str, Any] = anything(theme, values) if isinstance(values, dict) else {"": values}
        for name, value in themed.items():
            if (theme, name) == _IN_USE and isinstance(value, str) and _COLOR.fullmatch(value):
                color = value
            else:
                call.warn(f"checkoutSettings.{theme[:40]}{'.' if name else ''}{name[:40]} was not kept", _OF_THEME)
    return color


_OF_THEME = "Portico's pages have light.checkoutColorPrimary (#rrggbb) as the store's colour, and choose the others for contrast."
_UNUSED = {
    "logo": "Portico's pages show the store's name.",
    "website": "What documents print about the seller is set with `portico store seller`.",
    "notificationSettings": "Portico sends the mails that a buyer needs; programs are told by webhooks.",
    "webhookSettings": "Use store/add-webhook, update-webhook and remove-webhook.",
}
_STORE = identifier("STO")
ACTIONS = (
    Action("store/create-store", "store", MERCHANT, create, (need("name", text(48)),)),
    Action(
        "store/update-store",
        "store",
        MERCHANT,
        update,
        (
            need("id", _STORE),
            take("name", text(100)),
            take("status", choice("active", "inactive", "suspended")),
            take("logo", text(_LOGO_CHARS), null=True),
            take("supportEmail", text(254, empty=True), null=True),
            take("website", text(500, empty=True)),
            take("notificationSettings", anything),
            take("checkoutSettings", anything),
            take("webhookSettings", anything),
        ),
    ),
    Action("store/delete-store", "store", MERCHANT, delete, (need("id", _STORE),)),
    *(
        Action(
            f"store-merchant/{verb}",
            "store",
            MERCHANT,
            not_implemented,
            (take("storeId", _STORE), take("merchantId", text(60)), take("email", text(254)), take("role", text(20))),
            writes=False,
        )
        for verb in ("add-merchant", "remove-merchant", "update-role")
    ),
)
