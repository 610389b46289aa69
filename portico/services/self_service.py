"""Which plans a buyer may switch to: those of a group that is for self-service, and in any group what the store's own link sent him
to choose."""

from dataclasses import dataclass

import sqlalchemy as sa

from portico.domain.catalog import Product
from portico.storage import portal_session, product_group
from portico.storage.session import SessionRow


@dataclass(frozen=True, slots=True)
class Choice:
    """`plans` are the ids of the products he may switch to; None: all of the group."""

    plans: frozenset[str] | None

    def has(self, product_id: str) -> bool:
        return self.plans is None or product_id in self.plans


_ALL, _NONE = Choice(None), Choice(frozenset())


def of(tx: sa.Connection, session: SessionRow, subscription_id: str, product: Product) -> Choice:
    """What the buyer of this session may switch a subscription of his to, which has this product now."""
    if product.group_id is None or product_group.get(tx, session.scope, product.group_id).self_service:
        return _ALL
    if session.flow != "subscription_change" or session.portal_session_id is None:
        return _NONE
    sent = portal_session.get(tx, session.scope, session.portal_session_id)
    if sent.subject_id != subscription_id:
        return _NONE
    return _ALL if sent.product_id is None else Choice(frozenset({sent.product_id}))
