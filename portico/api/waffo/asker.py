"""Who asks on the Waffo surface, as one of its three kinds of credential proved it."""

from dataclasses import dataclass
from typing import Literal

from portico.domain.scope import BuyerScope, Environment, StoreScope

Role = Literal["merchant", "customer", "visitor"]


@dataclass(frozen=True, slots=True)
class Asker:
    """Made by the door, and only there; nothing that a request says widens it.

    merchant: signed by one of the merchant's keys. It reaches every store of `merchant_id` in the key's environment; `scope` is None.
    customer: a session token. It reaches the buyer `buyer` of the store of `scope`; `buyer` is None while nobody with the token's
    `identity` has bought anything there.
    visitor: whoever names a store. It reaches what the store of `scope` shows to everybody.
    """

    role: Role
    merchant_id: str
    environment: Environment
    scope: StoreScope | None = None
    buyer: BuyerScope | None = None
    identity: str = ""
    actor: str = ""  # as histories and audits name it: "key:KEY_...", "buyer", ...
