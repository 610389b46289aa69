"""The portal's configuration: how it looks, where it may lead back to, and what buyers may say when they leave."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.api.call import Call
from portico.api.operation import Operation
from portico.services import cancel_reasons, portal_configuration
from portico.services.cancel_reasons import Reason
from portico.services.portal_address import base_path
from portico.services.portal_configuration import Wish
from portico.storage.store import StoreRow

_EXAMPLE = {
    "name": "Lumen Notes",
    "support_email": "help@lumen.example",
    "accent_color": "#2457d6",
    "return_origins": ["https://lumen.example"],
    "cancel_reasons": [{"code": "moved", "label": {"en": "I moved away", "de": "Ich bin weggezogen"}}, {"code": "too_expensive"}],
}
_Label = Annotated[
    dict[str, str],
    Meta(
        description="The words by language tag. Empty for one of Portico's own codes: in every language.", examples=[{"en": "I moved away"}]
    ),
]
_Reasons = Annotated[list["CancelReason"], Meta(description="Offered in an order by chance, `other` last.")]
_Origins = Annotated[
    list[str],
    Meta(description="Origins that a `return_url` may lead to: https, a host, perhaps a port.", examples=[["https://lumen.example"]]),
]


class CancelReason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason for leaving. Reports count its code, whatever its words become."""

    code: Annotated[str, Meta(examples=["too_expensive"])]
    label: _Label = {}


class PortalConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """How the store's portal looks and behaves, in both environments."""

    name: Annotated[str, Meta(description="What buyers know the store by.", examples=["Lumen Notes"])]
    support_email: Annotated[str, Meta(description="Where buyers write for help; empty: nowhere.", examples=["help@lumen.example"])]
    accent_color: Annotated[str, Meta(examples=["#2457d6"])]
    return_origins: _Origins
    cancel_reasons: _Reasons
    own_cancel_reasons: Annotated[bool, Meta(description="Whether they are the store's own, or those that every store starts with.")]
    portal_url: Annotated[str, Meta(examples=["https://portal.example.com/lumen-notes/portal"])]


class PortalConfigurationChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed; lists are replaced. `cancel_reasons: null` goes back to those that every store starts with."""

    name: str | UnsetType = UNSET
    support_email: str | UnsetType = UNSET
    accent_color: str | UnsetType = UNSET
    return_origins: _Origins | UnsetType = UNSET
    cancel_reasons: _Reasons | UnsetType | None = UNSET


def get_portal_configuration(call: Call) -> PortalConfiguration:
    return _shown(call, call.store)


def update_portal_configuration(call: Call) -> PortalConfiguration:
    body: PortalConfigurationChanges = call.body
    wish = Wish(
        name=body.name,
        support_email=body.support_email,
        accent_color=body.accent_color,
        return_origins=body.return_origins,
        cancel_reasons=_reasons(body.cancel_reasons),
    )
    return _shown(call, portal_configuration.change(call.runtime, call.scope, wish, actor=call.actor))


def _reasons(sent: list[CancelReason] | UnsetType | None) -> list[Reason] | UnsetType | None:
    return [Reason(each.code, each.label) for each in sent] if isinstance(sent, list) else sent


def _shown(call: Call, store: StoreRow) -> PortalConfiguration:
    return PortalConfiguration(
        name=store.name,
        support_email=store.support_email,
        accent_color=store.accent_color,
        return_origins=list(store.return_origins),
        cancel_reasons=[CancelReason(code=reason.code, label=dict(reason.label)) for reason in cancel_reasons.of_store(store)],
        own_cancel_reasons=store.cancel_reasons is not None,
        portal_url=call.runtime.origin + base_path(store.slug, call.scope.environment),
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/portal-configuration",
        name="get_portal_configuration",
        tag="Portal configuration",
        summary="Get the portal's configuration",
        description="How the portal looks, where it may lead back to, and what buyers may say when they leave.",
        handler=get_portal_configuration,
        answer=PortalConfiguration,
    ),
    Operation(
        method="PATCH",
        path="/v1/portal-configuration",
        name="update_portal_configuration",
        tag="Portal configuration",
        summary="Change the portal's configuration",
        description="Changes what is sent, all of it or nothing. It holds for both environments of the store, so it takes a key of prod.",
        handler=update_portal_configuration,
        answer=PortalConfiguration,
        body=PortalConfigurationChanges,
        errors=("prod_key_needed",),
        example=_EXAMPLE,
    ),
)
