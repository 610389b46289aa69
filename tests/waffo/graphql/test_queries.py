"""Every query that clients are known to send, in both dialects, and what each field of the answers says."""

import re
from typing import Any

import pytest
from graphql import GraphQLObjectType

from portico.api.waffo.graphql import limits
from portico.api.waffo.graphql.schema import FIELDS, RELATIONS, schema
from portico.domain.event import Event
from portico.domain.ids import decode
from portico.domain.money import currencies
from portico.domain.webhook import Attempt, Delivery, Endpoint
from portico.storage import event as events
from portico.storage import exchange_rate, webhook_delivery, webhook_endpoint
from tests.architecture import source
from tests.waffo.graphql.conftest import Shop

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

_PRICE = "subtotal taxAmount total taxCategory"
# The hooks of the Next.js package ask exactly these.
HOOKS = (
    """query { onetimeOrders(limit: 50) { id status currency buyerEmail createdAt product{id name}
         payments{id status snapshotDisplayAmount snapshotDisplayCurrency createdAt} }
       subscriptionOrders(limit: 50) { id status currency buyerEmail currentPeriodStart currentPeriodEnd cancelAt createdAt
         product{id name billingPeriod} payments{id status snapshotDisplayAmount snapshotDisplayCurrency createdAt} } }""",
    "query { payments(limit: 50) { id orderId status snapshotDisplayAmount snapshotDisplayCurrency failureReason createdAt } }",
    "query { refundTickets(limit: 50) { id status versionNumber versionData{reason requestedAmount{amount currency}} createdAt } }",
)
# What the guide of the SDK has examples of.
GUIDE = (
    "query { stores { id name slug status supportEmail createdAt } }",
    "query ($id: ID!) { store(id: $id) { id name slug status storeWebhooks { id url events testMode channel } } }",
    """query ($storeId: String!) { onetimeProducts(storeId: $storeId, filter: {status: {eq: "active"}})
         { id name status prices { currency priceInfo { amount taxCategory trialAmount } } hasProdVersion } }""",
    "query ($storeId: String!) { subscriptionProducts(storeId: $storeId) { id name billingPeriod status prices { currency } } }",
    f"""query ($storeId: String!) {{ onetimeOrders(storeId: $storeId) {{ id buyerEmail currency status priceSnapshot {{ currency {_PRICE} }}
         onetimeProduct {{ name }} createdAt }} }}""",
    f"""query ($storeId: String!) {{ subscriptionOrders(storeId: $storeId) {{ id buyerEmail status billingPeriod priceSnapshot {{ currency
         regularPhase {{ {_PRICE} }} specialPhase {{ {_PRICE} }} specialPhaseDays }} currentPeriodEnd canceledAt }} }}""",
    f"""query ($order: ID!) {{ onetimeOrder(id: $order) {{ id buyerEmail currency status testMode priceSnapshot {{ currency {_PRICE} }}
         billingDetail {{ country isBusiness postcode state businessName taxId }} onetimeProduct {{ id name }}
         productVersion {{ id versionNumber name }} payments {{ id status refundStatus
           snapshotAmountDetails {{ currency {_PRICE} phase }} cardInfo {{ brand last4 expMonth expYear }} failureReason createdAt
           refunds {{ id status requestedAmountDetails {{ currency amount }} createdAt }} }} createdAt updatedAt }} }}""",
    """query ($trial: ID!) { subscriptionOrder(id: $trial) { id billingDetail { country isBusiness } currentPeriodStart currentPeriodEnd
         canceledAt subscriptionProduct { id name } productVersion { id versionNumber name } payments { id } createdAt } }""",
    """query { payments(filter: {status: {eq: "succeeded"}}) { id onetimeOrder { id } subscriptionOrder { id } status
         cardInfo { brand last4 } createdAt } }""",
    """query { refundTickets(limit: 20, filter: {status: {eq: "pending"}}) { id status reason requestedAmountDetails { currency amount }
         payment { id status snapshotAmountDetails { currency } onetimeOrder { id buyerEmail store { name } }
           subscriptionOrder { id buyerEmail store { name } } } createdAt updatedAt }
       refundTicketsCount(filter: {status: {eq: "pending"}}) }""",
    """query ($ref: String!) { payments(filter: {orderMerchantExternalId: {eq: $ref}}) { id orderId status orderMerchantExternalId } }""",
    """query ($ref: String!) { refundTickets(filter: {refundTicketMerchantExternalId: {eq: $ref}}) { id refundTicketMerchantExternalId }
       refunds(filter: {refundTicketMerchantExternalId: {eq: $ref}}) { id status orderMerchantExternalId refundTicketMerchantExternalId
         pspAmountDetails { amount currency } } }""",
    """query ($merchant: ID!) { merchant(id: $merchant) { id email name status storeMerchants { role store { id name slug status } }
         apiKeys { id nickname environment recentlyUsed createdAt } } }""",
    """query ($productId: String!) { onetimeProductVersions(productId: $productId) { id versionNumber name description
         prices { currency priceInfo { amount taxCategory } } media { type url alt thumbnail } metadata isTestVersion isProdVersion
         createdAt } }""",
    """query ($planId: String!) { subscriptionProductVersions(productId: $planId) { id versionNumber billingPeriod metadata
         isTestVersion isProdVersion createdAt } }""",
    """query ($storeId: String!) { subscriptionProductGroups(storeId: $storeId) { id name description
         rules { sharedTrial selfServicePlanChange } environment productIds
         products { id name billingPeriod prices { currency priceInfo { amount taxCategory } } } } }""",
    "query { rate(fromCurrency: USD, toCurrency: EUR) { fromCurrency toCurrency standardRate rateRefId expiryTime } }",
    """query ($storeId: String!) { webhookDeliveries(storeId: $storeId, limit: 20, filter: {status: {eq: "failed"}}) { id storeId eventType
         eventId payload webhookUrl status httpStatus responseBody attemptCount lastAttemptedAt createdAt }
       webhookDeliveriesCount(storeId: $storeId, filter: {status: {eq: "failed"}}) }""",
    """query Dashboard($storeId: String!) { store(id: $storeId) { name slug status } onetimeOrdersCount(storeId: $storeId)
         subscriptionOrdersCount(storeId: $storeId) onetimeOrders(storeId: $storeId, limit: 5, filter: {status: {eq: "pending"}})
         { id priceSnapshot { currency total } } onetimeProductsCount(storeId: $storeId) subscriptionProductsCount(storeId: $storeId) }""",
    """query ($storeId: String!) { storesCount storeMerchantsCount apiKeysCount onetimeProductsCount(storeId: $storeId)
         subscriptionProductsCount(storeId: $storeId) subscriptionProductGroupsCount(storeId: $storeId)
         onetimeOrdersCount(storeId: $storeId) subscriptionOrdersCount(storeId: $storeId) paymentsCount refundsCount refundTicketsCount
         webhookDeliveriesCount(storeId: $storeId) }""",
    '{ __type(name: "OnetimeOrderFilter") { fields { name } inputFields { name type { name } } } }',
    "{ __schema { queryType { fields { name description args { name type { name kind ofType { name } } } } } } }",
)


def test_the_hooks_of_the_nextjs_package(shop: Shop) -> None:
    ids = shop.ids
    orders = shop.ask(HOOKS[0], asker=shop.of(shop.ada))
    (one_time,) = orders["onetimeOrders"]
    assert {k: v for k, v in one_time.items() if k not in ("payments", "createdAt")} == {
        "id": ids["order"], "status": "completed", "currency": "EUR", "buyerEmail": "ada@example.com",
        "product": {"id": ids["atlas"], "name": "Atlas"},
    }  # fmt: skip
    assert [each["id"] for each in one_time["payments"]] == [ids["failed"], ids["payment"]]
    assert one_time["payments"][1] == {
        "id": ids["payment"], "status": "succeeded", "snapshotDisplayAmount": "34.51", "snapshotDisplayCurrency": "EUR",
        "createdAt": "2026-03-11T09:26:53.589Z",
    }  # fmt: skip
    plans = {each["id"]: each for each in orders["subscriptionOrders"]}
    assert plans[ids["trial"]]["status"] == "active"
    assert plans[ids["leaving"]]["cancelAt"] == "2026-04-14T09:26:53.589Z"
    assert plans[ids["leaving"]]["product"] == {"id": ids["pro"], "name": "Pro", "billingPeriod": "monthly"}
    payments = {each["id"]: each for each in shop.ask(HOOKS[1], asker=shop.of(shop.ada))["payments"]}
    assert payments[ids["failed"]]["failureReason"] == "card_declined"
    assert payments[ids["payment"]]["failureReason"] is None
    (ticket,) = shop.ask(HOOKS[2], asker=shop.of(shop.ada))["refundTickets"]
    assert (ticket["versionNumber"], ticket["versionData"]) == (
        2, {"reason": "bought twice", "requestedAmount": {"amount": "10.00", "currency": "EUR"}},
    )  # fmt: skip


@pytest.mark.parametrize("query", GUIDE)
def test_the_queries_of_the_guide(shop: Shop, query: str) -> None:
    named = {
        "id": "store",
        "storeId": "store",
        "order": "order",
        "trial": "trial",
        "merchant": "merchant",
        "productId": "atlas",
        "planId": "pro",
    }
    values = {name: shop.ids[of] for name, of in named.items()} | {"ref": "REF-1"}
    data = shop.ask(query, **{name: value for name, value in values.items() if f"${name}:" in query})
    assert all(value is not None for name, value in data.items() if name != "rate")


def test_an_order_in_full(shop: Shop) -> None:
    order = shop.ask(
        """query ($id: ID!) { onetimeOrder(id: $id) { status testMode merchantProvidedBuyerIdentity orderMerchantExternalId metadata storeId
             priceSnapshot { currency subtotal taxAmount total taxCategory } updatedAt productVersion { id versionNumber name }
             billingDetail { country isBusiness postcode postalCode state businessName taxId } onetimeProduct { metadata } store { slug }
             payments { id refundStatus snapshotAmountDetails { phase total } cardInfo { brand last4 expMonth expYear }
               refunds { id requestedAmountDetails { amount currency } pspAmountDetails { amount } payment { id } }
               refundTickets { status rejectReason reviewNote metadata subjectId submitterId } } } }""",
        id=shop.ids["order"],
    )["onetimeOrder"]  # fmt: skip
    paid = order.pop("payments")[1]
    assert order == {
        "status": "completed", "testMode": True, "merchantProvidedBuyerIdentity": "user-1", "orderMerchantExternalId": "ORDER-1",
        "metadata": {"ref": "x"}, "storeId": shop.ids["store"], "updatedAt": "2026-03-13T09:26:53.589Z",
        "priceSnapshot": {"currency": "EUR", "subtotal": "29.00", "taxAmount": "5.51", "total": "34.51", "taxCategory": "saas"},
        "productVersion": {"id": f"{shop.ids['atlas']}.1", "versionNumber": 1, "name": "Atlas"},
        "billingDetail": {
            "country": "DE", "isBusiness": False, "postcode": "10117", "postalCode": "10117", "state": None, "businessName": None,
            "taxId": None,
        },
        "onetimeProduct": {"metadata": {"shelf": "3"}}, "store": {"slug": "nordlicht-1"},
    }  # fmt: skip
    assert paid["refundStatus"] == "refunded"
    assert paid["snapshotAmountDetails"] == {"phase": None, "total": "34.51"}
    assert paid["cardInfo"] == {"brand": "visa", "last4": "4242", "expMonth": 12, "expYear": 2029}
    assert paid["refunds"] == [
        {
            "id": shop.ids["refund"], "requestedAmountDetails": {"amount": "10.00", "currency": "EUR"},
            "pspAmountDetails": {"amount": "10.00"},
            "payment": {"id": shop.ids["payment"]},
        }
    ]  # fmt: skip
    assert paid["refundTickets"] == [
        {
            "status": "rejected", "rejectReason": "too late", "reviewNote": "too late", "metadata": {"case": "7"},
            "subjectId": shop.ids["payment"], "submitterId": "ada@example.com",
        }
    ]  # fmt: skip


def test_subscriptions_in_waffos_words(shop: Shop) -> None:
    query = """{ subscriptionOrders { id status isInTrial billingPeriod currentPeriodStart currentPeriodEnd cancelAt canceledAt
        priceSnapshot { specialPhaseDays specialPhase { total } regularPhase { subtotal total } } } }"""
    found = {each["id"]: each for each in shop.ask(query)["subscriptionOrders"]}
    trial, leaving = found[shop.ids["trial"]], found[shop.ids["leaving"]]
    assert (trial["status"], trial["isInTrial"], trial["billingPeriod"]) == ("active", True, "monthly")
    assert trial["currentPeriodEnd"] == "2026-03-28T09:26:53.589Z"
    assert trial["priceSnapshot"] == {
        "specialPhaseDays": 14, "specialPhase": {"total": "0.00"}, "regularPhase": {"subtotal": "10.00", "total": "11.90"},
    }  # fmt: skip
    assert (leaving["status"], leaving["isInTrial"]) == ("canceling", False)
    assert (leaving["cancelAt"], leaving["canceledAt"]) == ("2026-04-14T09:26:53.589Z", "2026-03-13T09:26:53.589Z")
    assert leaving["priceSnapshot"]["specialPhase"] is None


def test_what_is_under_way_counts_before_what_is_done(shop: Shop) -> None:
    query = "query ($id: ID!) { payment(id: $id) { status refundStatus } }"
    assert shop.ask(query, id=shop.ids["paid"])["payment"] == {"status": "succeeded", "refundStatus": "none"}
    assert shop.ask(query, id=shop.ids["other_payment"])["payment"] == {"status": "pending", "refundStatus": "none"}
    shop.factory.refund(shop.ada, shop.ids["paid"], status="failed")
    assert shop.ask(query, id=shop.ids["paid"])["payment"]["refundStatus"] == "failed"
    shop.factory.refund(shop.ada, shop.ids["payment"], status="pending")
    assert shop.ask(query, id=shop.ids["payment"])["payment"]["refundStatus"] == "pending"


def test_groups_and_their_plans(shop: Shop) -> None:
    query = """query ($id: ID!) { subscriptionProductGroup(id: $id) { id rules { sharedTrial selfServicePlanChange }
        productIds products { name } } }"""
    group_id = str(decode(shop.ids["group"]))
    group = shop.ask(query, id=group_id)["subscriptionProductGroup"]
    assert group["id"] == group_id
    assert group["rules"] == {"sharedTrial": True, "selfServicePlanChange": False}
    assert set(group["productIds"]) == {shop.ids["starter"], shop.ids["pro"]}
    assert shop.ask(query, id=shop.ids["group"])["subscriptionProductGroup"] is None


def test_what_is_published_goes_by_the_id_it_has_in_test(shop: Shop) -> None:
    prod = type(shop.store)(shop.store.store_id, "prod")
    copy = shop.factory.product(prod, name="Atlas", external_id=shop.ids["atlas"])
    asker = type(shop.merchant)("merchant", shop.merchant.merchant_id, "prod")
    query = "query ($id: ID!) { onetimeProduct(id: $id) { id hasProdVersion testMode } }"
    seen = shop.ask(query, asker=asker, id=shop.ids["atlas"])["onetimeProduct"]
    assert seen == {"id": shop.ids["atlas"], "hasProdVersion": True, "testMode": False}
    assert shop.ask(query, id=shop.ids["atlas"])["onetimeProduct"] == {"id": shop.ids["atlas"], "hasProdVersion": True, "testMode": True}
    assert shop.ask(query, id=shop.ids["gone"])["onetimeProduct"]["hasProdVersion"] is False
    assert shop.ask(query, id=copy)["onetimeProduct"] is None


def test_both_kinds_of_order_in_one_list(shop: Shop) -> None:
    query = """{ orders { __typename id status createdAt ... on SubscriptionOrder { product { name } } ...paid } }
        fragment paid on OnetimeOrder { payments { id } }"""
    orders = {each["id"]: each for each in shop.ask(query)["orders"]}
    assert orders[shop.ids["trial"]]["product"] == {"name": "Starter"}
    assert "payments" not in orders[shop.ids["trial"]]
    assert len(orders[shop.ids["order"]]["payments"]) == 2


def test_the_newest_rate_there_is(shop: Shop) -> None:
    query = """{ rate(fromCurrency: USD, toCurrency: EUR) { standardRate rateRefId }
        same: rate(fromCurrency: EUR, toCurrency: EUR) { standardRate } }"""
    assert shop.ask(query) == {"rate": None, "same": {"standardRate": "1"}}
    today = shop.runtime.clock().date()
    with shop.runtime.database.transaction() as tx:
        exchange_rate.replace(tx, shop.store.store_id, [("USD", "EUR", today, "0.92")])
    assert shop.ask(query)["rate"] == {"standardRate": "0.92", "rateRefId": f"USD-EUR-{today}"}


def test_webhooks_and_what_became_of_them(shop: Shop) -> None:
    at = shop.runtime.clock()
    told = Endpoint(
        shop.factory.new_id("WHE"), "https://shop.example/waffo", "", "waffo", ("payment.succeeded",), "enabled", None, 1, None, at
    )
    happened = Event(shop.factory.new_id("EVT"), "payment.succeeded", shop.ids["paid"], shop.ada.buyer_id, at, {})
    sent = Delivery(shop.factory.new_id("WHD"), told.id, happened.id, happened.type, None, "pending", 0, at, at, None)
    with shop.runtime.database.transaction() as tx:
        webhook_endpoint.create(tx, shop.store, told)
        events.insert_dispatched(tx, shop.store, happened, at)
        webhook_delivery.create(tx, [(shop.store, sent, '{"eventId": "PAY_1", "data": {"amount": "29.75"}}')])
        for attempt, status in ((Attempt(1, at, None, "timeout", 9), "pending"), (Attempt(2, at, 204, None, 9), "succeeded")):
            next_at = at if status == "pending" else None
            assert webhook_delivery.attempt(tx, sent.id, attempt, status=status, next_at=next_at, now=at)  # type: ignore[arg-type]
    query = """{ stores { storeWebhooks { id url events status channel testMode secret } }
        webhookDeliveries(filter: {status: {eq: "success"}, eventType: {eq: "subscription.payment_succeeded"}, httpStatus: {lt: 300}}) {
          id storeId eventType eventId payload webhookUrl status httpStatus responseBody errorMessage attemptCount lastAttemptedAt } }"""
    found = shop.ask(query)
    assert found["stores"][0]["storeWebhooks"] == [
        {
            "id": str(decode(told.id)), "url": told.url, "events": ["subscription.payment_succeeded"], "status": "enabled",
            "channel": "http", "testMode": True, "secret": None,
        }
    ]  # fmt: skip
    assert found["webhookDeliveries"] == [
        {
            "id": str(decode(sent.id)), "storeId": shop.ids["store"], "eventType": "subscription.payment_succeeded", "eventId": "PAY_1",
            "payload": {"eventId": "PAY_1", "data": {"amount": "29.75"}}, "webhookUrl": told.url, "status": "success", "httpStatus": 204,
            "responseBody": None, "errorMessage": None, "attemptCount": 2, "lastAttemptedAt": "2026-03-14T09:26:53.589Z",
        }
    ]  # fmt: skip
    assert shop.ask("{ stores { storeWebhooks { id } } }", asker=shop.of(shop.ada))["stores"] == [{"storeWebhooks": None}]


def test_what_is_not_served_says_so(shop: Shop) -> None:
    status, envelope = shop.respond("{ storesCount emailDeliveries { id } }")
    assert (status, envelope["data"]) == (200, {"storesCount": 1, "emailDeliveries": None})
    assert envelope["errors"][0] | {"locations": 0, "aiHint": 0} == {
        "message": "Not implemented", "layer": "graphql", "path": ["emailDeliveries"], "locations": 0, "aiHint": 0,
    }  # fmt: skip
    status, envelope = shop.respond("{ orderStatistics(storeId: 1) { totalCount } }")
    assert (status, envelope["data"], envelope["errors"][0]["message"]) == (501, None, "Not implemented")


def test_every_field_of_every_type_is_answered(shop: Shop) -> None:
    """Each object that is made out of a row has a source for each of its fields; the others are made whole by a field of theirs."""
    built = schema()
    told = {name: set(fields) | {field for each in RELATIONS.get(name, ()) for field in each.fields} for name, fields in FIELDS.items()}
    told["Merchant"] |= {"storeMerchants", "apiKeys"}
    for name, fields in told.items():
        kind = built.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        assert set(kind.fields) <= fields, name
    assert all(field.resolve is not None for field in built.type_map["Query"].fields.values())  # type: ignore[attr-defined]
    assert {"values": sorted(built.type_map["CurrencyCode"].values)} == {"values": list(currencies())}  # type: ignore[attr-defined]


def test_every_field_of_what_there_is(shop: Shop) -> None:
    """Asks for all fields that need no more rows of every list at once: none is null that must not be."""
    built: Any = schema()
    for name, root in built.query_type.fields.items():
        kind = getattr(root.type, "of_type", root.type)
        kind = getattr(kind, "of_type", kind)
        if "limit" in root.args and "productId" not in root.args and isinstance(kind, GraphQLObjectType) and name != "emailDeliveries":
            assert isinstance(shop.ask(f"{{ {name} {{ {_all(kind)} }} }}")[name], list)


def _all(kind: Any, depth: int = 0) -> str:
    parts: list[str] = []
    for name, field in kind.fields.items():
        inner = field.type
        while hasattr(inner, "of_type"):
            inner = inner.of_type
        if not isinstance(inner, GraphQLObjectType):
            parts.append(name)
        elif depth < 2:
            parts.append(f"{name} {{ {_all(inner, depth + 1)} }}" if depth < 1 or not RELATIONS.get(inner.name) else f"{name} {{ id }}")
    return " ".join(parts) or "__typename"


def test_the_query_of_the_documentation(shop: Shop) -> None:
    text = (source.ROOT / "docs" / "waffo-graphql.md").read_text(encoding="utf-8")
    (query,) = re.findall(r"```graphql\n(.*?)```", text, flags=re.DOTALL)
    assert [each["id"] for each in shop.ask(query, storeId=shop.ids["store"])["subscriptionOrders"]] == [shop.ids["trial"]]
    roots = {name for name in schema().type_map["Query"].fields if not name.endswith("Count")}  # type: ignore[attr-defined]
    assert not [name for name in roots if f"`{name}" not in text]
    for figure in (
        limits.DEEPEST,
        f"{limits.COST_TOLD:,}",
        f"{limits.MOST_COST:,}",
        f"{limits.LONGEST_QUERY:,}",
        f"{limits.MOST_TOKENS:,}",
    ):
        assert str(figure) in text
