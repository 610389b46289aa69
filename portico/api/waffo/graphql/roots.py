"""What a query may begin with: lists, single things and counts, and who may ask for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql import GraphQLError

from portico.api.waffo.envelope import Notice
from portico.api.waffo.graphql import bought, filters, sold
from portico.api.waffo.graphql.limits import REDUCE, SHOWN, SHOWN_MOST
from portico.api.waffo.graphql.nodes import Info, Node, Reading, Row
from portico.domain.ids import encode
from portico.storage import exchange_rate, graphql_catalog, graphql_rows
from portico.storage.graphql_catalog import DELIVERIES, GROUPS, PRODUCTS, STORES
from portico.storage.graphql_orders import ORDERS, PAYMENTS, REFUND_TICKETS, REFUNDS
from portico.storage.graphql_rows import Condition, Reach, Source

Resolver = Callable[..., Any]
NOT_A_BUYER = "Missing X-Context-Buyer-Identity header"
NOT_A_MERCHANT = "Missing X-Context-Merchant-Id header"


@dataclass(frozen=True, slots=True)
class List:
    """A list of the root. `always` is met by all of its rows; `for_others` besides by those that somebody else than the merchant sees.
    Who sees nothing of it at all is told `lacking`."""

    source: Source
    kind: Callable[[Row, Reading], str | None]
    filter: str = ""
    always: tuple[Condition, ...] = ()
    for_others: tuple[Condition, ...] = ()
    lacking: str = NOT_A_BUYER

    def admitted(self, reading: Reading) -> None:
        """Raises GraphQLError for those who cannot have a row of it."""
        role = reading.asker.role
        if not self.source.public and (role == "visitor" or (role == "customer" and self.source.buyer is None)):
            raise GraphQLError(self.lacking)

    def conditions(self, reading: Reading, given: Mapping[str, Any]) -> list[Condition]:
        asked = filters.conditions(self.filter, given.get("filter"))
        return [*self.always, *(() if reading.is_merchant else self.for_others), *asked]


def _is(kind: str) -> Callable[[Row, Reading], str]:
    return lambda row, reading: kind


_ONE_TIME, _RECURRING = Condition("kind", "eq", "one_time"), Condition("kind", "eq", "subscription")
_ON_SALE = Condition("active", "eq", True)
LISTS: Mapping[str, List] = {
    "orders": List(ORDERS, bought.order_kind, "OrderFilter"),
    "onetimeOrders": List(ORDERS, _is("OnetimeOrder"), "OnetimeOrderFilter", (_ONE_TIME,)),
    "subscriptionOrders": List(ORDERS, _is("SubscriptionOrder"), "SubscriptionOrderFilter", (_RECURRING,)),
    "payments": List(PAYMENTS, _is("Payment"), "PaymentFilter"),
    "refunds": List(REFUNDS, _is("Refund"), "RefundFilter"),
    "refundTickets": List(REFUND_TICKETS, _is("RefundTicket"), "RefundTicketFilter"),
    "stores": List(STORES, _is("Store"), "StoreFilter"),
    "onetimeProducts": List(PRODUCTS, _is("OnetimeProduct"), "OnetimeProductFilter", (_ONE_TIME,), (_ON_SALE,)),
    "subscriptionProducts": List(PRODUCTS, _is("SubscriptionProduct"), "SubscriptionProductFilter", (_RECURRING,), (_ON_SALE,)),
    "subscriptionProductGroups": List(GROUPS, _is("SubscriptionProductGroup"), "SubscriptionProductGroupFilter"),
    "webhookDeliveries": List(DELIVERIES, _is("WebhookDelivery"), "WebhookDeliveryFilter", lacking=NOT_A_MERCHANT),
}
_SINGULAR = {
    "order": "orders", "onetimeOrder": "onetimeOrders", "subscriptionOrder": "subscriptionOrders", "payment": "payments",
    "refund": "refunds", "refundTicket": "refundTickets", "store": "stores", "onetimeProduct": "onetimeProducts",
    "subscriptionProduct": "subscriptionProducts",
    "subscriptionProductGroup": "subscriptionProductGroups",
}  # fmt: skip


def _rows(listed: List, info: Info, reach: Reach, conditions: list[Condition], *, limit: int, offset: int = 0) -> list[Node]:
    """Some rows, with all that is selected within them."""
    reading = info.context
    rows = graphql_rows.page(reading.connection, reach, listed.source, conditions, limit=limit, offset=offset)
    nodes = [Node(kind, row) for row in rows if (kind := listed.kind(row, reading)) is not None]
    reading.ahead(info, reach, nodes)
    return nodes


def _shown(reading: Reading, given: Mapping[str, Any]) -> dict[str, int]:
    """How many rows, and after how many. More than are shown at once are said not to be there."""
    limit, offset = given.get("limit"), given.get("offset") or 0
    limit = SHOWN if limit is None else limit
    if limit < 0 or offset < 0:
        raise GraphQLError("limit and offset must not be negative")
    if limit > SHOWN_MOST:
        reading.warn(Notice(f"limit was lowered from {limit} to {SHOWN_MOST}: read on with offset", "graphql", REDUCE))
    return {"limit": min(limit, SHOWN_MOST), "offset": offset}


def _list(listed: List) -> Resolver:
    def resolve(_: Any, info: Info, **given: Any) -> list[Node]:
        listed.admitted(info.context)
        shown, reach = _shown(info.context, given), info.context.reach(given.get("storeId"))
        return _rows(listed, info, reach, listed.conditions(info.context, given), **shown)

    return resolve


def _count(listed: List) -> Resolver:
    def resolve(_: Any, info: Info, **given: Any) -> int:
        reading = info.context
        listed.admitted(reading)
        return graphql_rows.count(reading.connection, reading.reach(given.get("storeId")), listed.source, listed.conditions(reading, given))

    return resolve


def _one(listed: List) -> Resolver:
    def resolve(_: Any, info: Info, **given: Any) -> Node | None:
        listed.admitted(info.context)
        text = _own_id(listed, filters.readable("id", given["id"]))
        own = [*listed.conditions(info.context, {}), Condition("id", "eq", text)]
        found = _rows(listed, info, info.context.reach(None), own, limit=1)
        return found[0] if found else None

    return resolve


def _own_id(listed: List, text: str) -> str:
    """Groups go by a UUID on the wire. What is none leads nowhere, like any id that there is not."""
    if listed.source is not GROUPS:
        return text
    try:
        return encode("GRP", UUID(text))
    except ValueError:
        return ""


def _versions(kind: str, of: List) -> Resolver:
    """The one version of a product that is kept."""
    listed = List(of.source, _is(kind), of.filter, of.always, of.for_others)

    def resolve(_: Any, info: Info, **given: Any) -> list[Node]:
        own = [*listed.conditions(info.context, {}), Condition("id", "eq", filters.readable("productId", given["productId"]))]
        return _rows(listed, info, info.context.reach(None), own, **_shown(info.context, given))

    return resolve


@dataclass(frozen=True, slots=True)
class Membership:
    """A store of the merchant's."""

    store_id: str


def _memberships(_: Any, info: Info) -> list[Node]:
    """One row for each store, read ahead like any other."""
    reading = info.context
    _only_merchants(reading)
    reach = reading.reach(None)
    nodes = [Node("StoreMerchant", Membership(store_id)) for store_id in reach.store_ids]
    reading.ahead(info, reach, nodes)
    return nodes


def _keys(_: Any, info: Info) -> list[Node]:
    """The merchant's live keys of the environment that is asked about."""
    reading = info.context
    _only_merchants(reading)
    rows = graphql_catalog.keys_of(reading.connection, reading.asker.merchant_id)
    return [Node("ApiKey", row) for row in rows if row.environment == reading.asker.environment]


def _count_of(resolve: Callable[[Any, Info], list[Node]]) -> Resolver:
    def count(root: Any, info: Info) -> int:
        return len(resolve(root, info))

    return count


def _merchant(_: Any, info: Info, **given: Any) -> Node | None:
    reading = info.context
    _only_merchants(reading)
    if given["id"] != reading.asker.merchant_id:
        return None
    return Node("Merchant", graphql_catalog.merchant_of(reading.connection, reading.asker.merchant_id))


def _only_merchants(reading: Reading) -> None:
    if not reading.is_merchant:
        raise GraphQLError(NOT_A_MERCHANT)


def _rate(_: Any, info: Info, **given: Any) -> dict[str, Any] | None:
    """The newest rate that the store, or the merchant's first one, has of these currencies."""
    reading, source, target = info.context, given["fromCurrency"], given["toCurrency"]
    stores, today = reading.reach(None).store_ids, reading.now.date()
    found = exchange_rate.newest(reading.connection, stores[0], source, target, today) if stores else None
    if source == target:
        found = ("1", today)
    if found is None:
        return None
    rate, day = found
    return {"fromCurrency": source, "toCurrency": target, "standardRate": rate, "rateRefId": f"{source}-{target}-{day}", "expiryTime": None}


def _not_served(*_: Any, **__: Any) -> Any:
    raise GraphQLError("Not implemented", extensions={"aiHint": "Mails are not kept once they are sent."})


ROOTS: Mapping[str, Resolver] = {
    **{name: _list(listed) for name, listed in LISTS.items()},
    **{f"{name}Count": _count(listed) for name, listed in LISTS.items()},
    **{name: _one(LISTS[plural]) for name, plural in _SINGULAR.items()},
    "onetimeProductVersions": _versions("OnetimeProductVersion", LISTS["onetimeProducts"]),
    "subscriptionProductVersions": _versions("SubscriptionProductVersion", LISTS["subscriptionProducts"]),
    "emailDeliveries": _not_served,
    "emailDeliveriesCount": _not_served,
    "merchant": _merchant,
    "storeMerchants": _memberships,
    "storeMerchantsCount": _count_of(_memberships),
    "apiKeys": _keys,
    "apiKeysCount": _count_of(_keys),
    "rate": _rate,
}
# Whose fields ask for more rows, rather than that these are read ahead: a merchant is one.
OF_MERCHANT: Mapping[str, Resolver] = {"storeMerchants": _memberships, "apiKeys": _keys}
FIELDS: Mapping[str, sold.Fields] = {
    "Merchant": {
        "id": lambda row: row.id,
        "email": lambda row: None,
        "name": lambda row: row.name,
        "status": lambda row: "active",
        "createdAt": lambda row: sold.moment(row.created_at),
    },
    "StoreMerchant": {"role": lambda row: "owner"},
    "ApiKey": {
        "id": lambda row: row.id,
        "nickname": lambda row: row.name,
        "environment": lambda row: row.environment,
        "recentlyUsed": lambda row: sold.moment(row.last_used_at),
        "createdAt": lambda row: sold.moment(row.created_at),
    },
}
