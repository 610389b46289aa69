"""Every operation of the API as a method. Written by tools/make_client.py from the OpenAPI document: do not edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from portico_client import types
from portico_client.transport import UNSET, File, Transport, Unset, segment


class Portico(Transport):
    """The API with one key, of one environment of one store. What is left UNSET is not sent; None is null."""

    def create_portal_session(
        self,
        *,
        buyer: types.BuyerReference,
        flow: Literal["billing_details", "invoice", "overview", "payment_method", "subscription_cancel", "subscription_change"]
        | Unset = UNSET,
        subscription_id: str | Unset | None = UNSET,
        document_id: str | Unset | None = UNSET,
        product_id: str | Unset | None = UNSET,
        return_url: str | Unset | None = UNSET,
        locale: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> types.PortalSession:
        """Answers a one-time link, good for five minutes. Whoever follows it is asked whether to continue as this
        buyer, and is in for 30 minutes, on the page of the flow. When what the flow is for is done, he goes back to
        `return_url`, with `portal_session` and `result` in its query."""
        return self.send(
            "POST",
            "/v1/portal-sessions",
            body={
                "buyer": buyer,
                "flow": flow,
                "subscription_id": subscription_id,
                "document_id": document_id,
                "product_id": product_id,
                "return_url": return_url,
                "locale": locale,
            },
            idempotency_key=idempotency_key,
        )

    def get_portal_configuration(self) -> types.PortalConfiguration:
        """How the portal looks, where it may lead back to, and what buyers may say when they leave."""
        return self.send("GET", "/v1/portal-configuration")

    def update_portal_configuration(
        self,
        *,
        name: str | Unset = UNSET,
        support_email: str | Unset = UNSET,
        accent_color: str | Unset = UNSET,
        return_origins: list[str] | Unset = UNSET,
        cancel_reasons: list[types.CancelReason] | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> types.PortalConfiguration:
        """Changes what is sent, all of it or nothing. It holds for both environments of the store, so it takes a key
        of prod."""
        return self.send(
            "PATCH",
            "/v1/portal-configuration",
            body={
                "name": name,
                "support_email": support_email,
                "accent_color": accent_color,
                "return_origins": return_origins,
                "cancel_reasons": cancel_reasons,
            },
            idempotency_key=idempotency_key,
        )

    def list_buyers(
        self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET, email: str | Unset = UNSET, external_id: str | Unset = UNSET
    ) -> types.BuyerList:
        """All buyers, newest first, or the one with an e-mail address or an id of yours."""
        return self.send("GET", "/v1/buyers", query={"limit": limit, "cursor": cursor, "email": email, "external_id": external_id})

    def all_buyers(
        self, *, limit: int | Unset = UNSET, email: str | Unset = UNSET, external_id: str | Unset = UNSET
    ) -> Iterator[types.Buyer]:
        """Everything that `list_buyers` lists, page after page."""
        return self.pages("/v1/buyers", {"limit": limit, "email": email, "external_id": external_id})

    def create_buyer(
        self,
        *,
        email: str,
        external_id: str | Unset | None = UNSET,
        name: str | Unset = UNSET,
        locale: str | Unset | None = UNSET,
        billing_detail: types.BillingDetailInput | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> types.Buyer:
        """Two buyers never share an e-mail address or an `external_id`."""
        return self.send(
            "POST",
            "/v1/buyers",
            body={"email": email, "external_id": external_id, "name": name, "locale": locale, "billing_detail": billing_detail},
            idempotency_key=idempotency_key,
        )

    def get_buyer(self, id: str) -> types.Buyer:
        """One buyer."""
        return self.send("GET", f"/v1/buyers/{segment(id)}")

    def update_buyer(
        self,
        id: str,
        *,
        email: str | Unset = UNSET,
        external_id: str | Unset | None = UNSET,
        name: str | Unset = UNSET,
        locale: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> types.Buyer:
        """With another e-mail address all of the buyer's sessions end, and every sign-in link that is under way."""
        return self.send(
            "PATCH",
            f"/v1/buyers/{segment(id)}",
            body={"email": email, "external_id": external_id, "name": name, "locale": locale},
            idempotency_key=idempotency_key,
        )

    def sign_out_buyer(self, id: str, *, idempotency_key: str | None = None) -> None:
        """Ends every session of the buyer, and every sign-in link and code that is under way."""
        return self.send("POST", f"/v1/buyers/{segment(id)}/sign-out", idempotency_key=idempotency_key)

    def get_billing_detail(self, id: str) -> types.BuyerBillingDetail:
        """What the buyer's next documents print. Each order keeps a copy of its own."""
        return self.send("GET", f"/v1/buyers/{segment(id)}/billing-detail")

    def update_billing_detail(
        self, id: str, *, billing_detail: types.BillingDetailInput, version: int | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> types.BuyerBillingDetail:
        """Checked by the rules of the country's addresses and tax ids. The next charges are taxed by them; documents
        that are issued stay as they are."""
        return self.send(
            "PATCH",
            f"/v1/buyers/{segment(id)}/billing-detail",
            body={"billing_detail": billing_detail, "version": version},
            idempotency_key=idempotency_key,
        )

    def list_products(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        kind: Literal["one_time", "subscription"] | Unset = UNSET,
        active: bool | Unset = UNSET,
        group_id: str | Unset = UNSET,
    ) -> types.ProductList:
        """Everything the store sells or sold, newest first; by kind, by whether it is on sale, or of one group."""
        return self.send(
            "GET", "/v1/products", query={"limit": limit, "cursor": cursor, "kind": kind, "active": active, "group_id": group_id}
        )

    def all_products(
        self,
        *,
        limit: int | Unset = UNSET,
        kind: Literal["one_time", "subscription"] | Unset = UNSET,
        active: bool | Unset = UNSET,
        group_id: str | Unset = UNSET,
    ) -> Iterator[types.Product]:
        """Everything that `list_products` lists, page after page."""
        return self.pages("/v1/products", {"limit": limit, "kind": kind, "active": active, "group_id": group_id})

    def create_product(
        self,
        *,
        name: str,
        kind: Literal["one_time", "subscription"],
        prices: list[types.PriceInput],
        interval: Literal["month", "quarter", "week", "year"] | Unset | None = UNSET,
        external_id: str | Unset | None = UNSET,
        description: str | Unset = UNSET,
        group_id: str | Unset | None = UNSET,
        tax_category: str | Unset = UNSET,
        active: bool | Unset = UNSET,
        quantity_min: int | Unset = UNSET,
        quantity_max: int | Unset = UNSET,
        pause_periods_max: int | Unset = UNSET,
        trial_days: int | Unset = UNSET,
        metadata: dict[str, str] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.Product:
        """A product with a price in each currency it is sold in. Prices are tax-exclusive."""
        return self.send(
            "POST",
            "/v1/products",
            body={
                "name": name,
                "kind": kind,
                "prices": prices,
                "interval": interval,
                "external_id": external_id,
                "description": description,
                "group_id": group_id,
                "tax_category": tax_category,
                "active": active,
                "quantity_min": quantity_min,
                "quantity_max": quantity_max,
                "pause_periods_max": pause_periods_max,
                "trial_days": trial_days,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
        )

    def get_product(self, id: str) -> types.Product:
        """One product with its prices."""
        return self.send("GET", f"/v1/products/{segment(id)}")

    def update_product(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        prices: list[types.PriceInput] | Unset = UNSET,
        external_id: str | Unset = UNSET,
        description: str | Unset = UNSET,
        group_id: str | Unset | None = UNSET,
        tax_category: str | Unset = UNSET,
        active: bool | Unset = UNSET,
        quantity_min: int | Unset = UNSET,
        quantity_max: int | Unset = UNSET,
        pause_periods_max: int | Unset = UNSET,
        trial_days: int | Unset = UNSET,
        metadata: dict[str, str] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.Product:
        """Whoever has bought keeps what he bought, at its price. Kind and interval cannot change: make another
        product."""
        return self.send(
            "PATCH",
            f"/v1/products/{segment(id)}",
            body={
                "name": name,
                "prices": prices,
                "external_id": external_id,
                "description": description,
                "group_id": group_id,
                "tax_category": tax_category,
                "active": active,
                "quantity_min": quantity_min,
                "quantity_max": quantity_max,
                "pause_periods_max": pause_periods_max,
                "trial_days": trial_days,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
        )

    def list_product_groups(self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET) -> types.ProductGroupList:
        """All groups with the ids of their products, newest first."""
        return self.send("GET", "/v1/product-groups", query={"limit": limit, "cursor": cursor})

    def all_product_groups(self, *, limit: int | Unset = UNSET) -> Iterator[types.ProductGroup]:
        """Everything that `list_product_groups` lists, page after page."""
        return self.pages("/v1/product-groups", {"limit": limit})

    def create_product_group(
        self,
        *,
        name: str,
        external_id: str | Unset | None = UNSET,
        description: str | Unset = UNSET,
        self_service: bool | Unset = UNSET,
        shared_trial: bool | Unset = UNSET,
        product_ids: list[str] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.ProductGroup:
        """A group of plans, with or without its products."""
        return self.send(
            "POST",
            "/v1/product-groups",
            body={
                "name": name,
                "external_id": external_id,
                "description": description,
                "self_service": self_service,
                "shared_trial": shared_trial,
                "product_ids": product_ids,
            },
            idempotency_key=idempotency_key,
        )

    def get_product_group(self, id: str) -> types.ProductGroup:
        """One group with the ids of its products."""
        return self.send("GET", f"/v1/product-groups/{segment(id)}")

    def update_product_group(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        external_id: str | Unset = UNSET,
        description: str | Unset = UNSET,
        self_service: bool | Unset = UNSET,
        shared_trial: bool | Unset = UNSET,
        product_ids: list[str] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.ProductGroup:
        """Its name, its rules, and which products are in it."""
        return self.send(
            "PATCH",
            f"/v1/product-groups/{segment(id)}",
            body={
                "name": name,
                "external_id": external_id,
                "description": description,
                "self_service": self_service,
                "shared_trial": shared_trial,
                "product_ids": product_ids,
            },
            idempotency_key=idempotency_key,
        )

    def delete_product_group(self, id: str, *, idempotency_key: str | None = None) -> None:
        """Only one without products."""
        return self.send("DELETE", f"/v1/product-groups/{segment(id)}", idempotency_key=idempotency_key)

    def list_checkout_sessions(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        status: Literal["completed", "expired", "open", "placed"] | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
    ) -> types.CheckoutSessionList:
        """Checkout sessions, newest first; by how they stand, or of a buyer."""
        return self.send("GET", "/v1/checkout-sessions", query={"limit": limit, "cursor": cursor, "status": status, "buyer_id": buyer_id})

    def all_checkout_sessions(
        self,
        *,
        limit: int | Unset = UNSET,
        status: Literal["completed", "expired", "open", "placed"] | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
    ) -> Iterator[types.CheckoutSession]:
        """Everything that `list_checkout_sessions` lists, page after page."""
        return self.pages("/v1/checkout-sessions", {"limit": limit, "status": status, "buyer_id": buyer_id})

    def create_checkout_session(
        self,
        *,
        product_id: str,
        currency: str,
        quantity: int | Unset | None = UNSET,
        unit_amount: str | Unset | None = UNSET,
        trial: bool | Unset = UNSET,
        buyer_id: str | Unset | None = UNSET,
        buyer_external_id: str | Unset | None = UNSET,
        email: str | Unset | None = UNSET,
        billing_detail: types.BillingDetailInput | Unset | None = UNSET,
        locale: str | Unset | None = UNSET,
        theme: Literal["dark", "light"] | Unset | None = UNSET,
        success_url: str | Unset | None = UNSET,
        cancel_url: str | Unset | None = UNSET,
        order_external_id: str | Unset | None = UNSET,
        expires_in_seconds: int | Unset = UNSET,
        metadata: dict[str, str] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.CheckoutSession:
        """Offers a product for 45 minutes, or as long as you say, up to a week. Send the buyer to `url`: the page
        asks for billing details, shows the price with its tax, and leads to the payment provider for the card. Order,
        subscription, invoice, receipt and mails follow by themselves."""
        return self.send(
            "POST",
            "/v1/checkout-sessions",
            body={
                "product_id": product_id,
                "currency": currency,
                "quantity": quantity,
                "unit_amount": unit_amount,
                "trial": trial,
                "buyer_id": buyer_id,
                "buyer_external_id": buyer_external_id,
                "email": email,
                "billing_detail": billing_detail,
                "locale": locale,
                "theme": theme,
                "success_url": success_url,
                "cancel_url": cancel_url,
                "order_external_id": order_external_id,
                "expires_in_seconds": expires_in_seconds,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
        )

    def get_checkout_session(self, id: str) -> types.CheckoutSession:
        """One checkout session. Grant what was bought when `checkout.completed` tells so, or its status here; never
        because a browser came back."""
        return self.send("GET", f"/v1/checkout-sessions/{segment(id)}")

    def expire_checkout_session(
        self, id: str, *, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.CheckoutSession | types.DryRun:
        """Ends a checkout session before its time, and cancels what was ordered with it and not paid for. Again does
        nothing."""
        return self.send("POST", f"/v1/checkout-sessions/{segment(id)}/expire", query={"dry_run": dry_run}, idempotency_key=idempotency_key)

    def list_orders(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        status: Literal[
            "active",
            "canceled",
            "canceling",
            "closed",
            "completed",
            "expired",
            "partially_refunded",
            "past_due",
            "paused",
            "pending",
            "refunded",
            "trialing",
        ]
        | Unset = UNSET,
        product_id: str | Unset = UNSET,
        kind: Literal["one_time", "subscription"] | Unset = UNSET,
        external_id: str | Unset = UNSET,
        created_from: str | Unset = UNSET,
        created_until: str | Unset = UNSET,
    ) -> types.OrderList:
        """Orders with their payments, newest first; of a buyer or a product, by status, or from a span of time."""
        return self.send(
            "GET",
            "/v1/orders",
            query={
                "limit": limit,
                "cursor": cursor,
                "buyer_id": buyer_id,
                "status": status,
                "product_id": product_id,
                "kind": kind,
                "external_id": external_id,
                "created_from": created_from,
                "created_until": created_until,
            },
        )

    def all_orders(
        self,
        *,
        limit: int | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        status: Literal[
            "active",
            "canceled",
            "canceling",
            "closed",
            "completed",
            "expired",
            "partially_refunded",
            "past_due",
            "paused",
            "pending",
            "refunded",
            "trialing",
        ]
        | Unset = UNSET,
        product_id: str | Unset = UNSET,
        kind: Literal["one_time", "subscription"] | Unset = UNSET,
        external_id: str | Unset = UNSET,
        created_from: str | Unset = UNSET,
        created_until: str | Unset = UNSET,
    ) -> Iterator[types.Order]:
        """Everything that `list_orders` lists, page after page."""
        return self.pages(
            "/v1/orders",
            {
                "limit": limit,
                "buyer_id": buyer_id,
                "status": status,
                "product_id": product_id,
                "kind": kind,
                "external_id": external_id,
                "created_from": created_from,
                "created_until": created_until,
            },
        )

    def get_order(self, id: str) -> types.Order:
        """One order with its payments, their tries and refunds."""
        return self.send("GET", f"/v1/orders/{segment(id)}")

    def cancel_order(self, id: str, *, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None) -> types.Order | types.DryRun:
        """Calls off something bought once that is not paid for yet; its checkout session is over with it. What is
        paid for is given back by a refund, and a subscription has a cancel of its own."""
        return self.send("POST", f"/v1/orders/{segment(id)}/cancel", query={"dry_run": dry_run}, idempotency_key=idempotency_key)

    def list_subscriptions(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        status: Literal["active", "canceled", "canceling", "closed", "expired", "past_due", "paused", "pending", "trialing"]
        | Unset = UNSET,
        product_id: str | Unset = UNSET,
    ) -> types.SubscriptionList:
        """The subscriptions of the store, newest first; of one buyer, in one state, or on one product if you say
        so."""
        return self.send(
            "GET",
            "/v1/subscriptions",
            query={"limit": limit, "cursor": cursor, "buyer_id": buyer_id, "status": status, "product_id": product_id},
        )

    def all_subscriptions(
        self,
        *,
        limit: int | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        status: Literal["active", "canceled", "canceling", "closed", "expired", "past_due", "paused", "pending", "trialing"]
        | Unset = UNSET,
        product_id: str | Unset = UNSET,
    ) -> Iterator[types.Subscription]:
        """Everything that `list_subscriptions` lists, page after page."""
        return self.pages("/v1/subscriptions", {"limit": limit, "buyer_id": buyer_id, "status": status, "product_id": product_id})

    def get_subscription(self, id: str) -> types.SubscriptionDetail:
        """How it stands: the change that is planned, the next charge, a payment that is open, why it is given up, and
        each action with whether it is possible now, and why not."""
        return self.send("GET", f"/v1/subscriptions/{segment(id)}")

    def cancel_subscription(
        self,
        id: str,
        *,
        reason: str | Unset | None = UNSET,
        comment: str | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.Acted | types.ActionPreview:
        """Ends it with the time that is paid for, or the trial; until then it can be resumed. One that is not paid
        for ends at once, and what was owed for it is owed no more. The reason and the comment are kept for `GET
        /v1/cancellations`."""
        return self.send(
            "POST",
            f"/v1/subscriptions/{segment(id)}/cancel",
            query={"dry_run": dry_run},
            body={"reason": reason, "comment": comment},
            idempotency_key=idempotency_key,
        )

    def resume_subscription(
        self, id: str, *, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.Acted | types.ActionPreview:
        """Takes a cancellation back before it is effective. Everything is as it was before, a change or a pause that
        was planned too."""
        return self.send("POST", f"/v1/subscriptions/{segment(id)}/resume", query={"dry_run": dry_run}, idempotency_key=idempotency_key)

    def change_subscription(
        self,
        id: str,
        *,
        product_id: str,
        quantity: int | Unset | None = UNSET,
        quote: str | Unset | None = UNSET,
        on_session: bool | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.Acted | types.ChangePreview:
        """Dearer per unit of time is charged at once, for the difference, and takes effect when the charge is
        captured. Cheaper or as dear waits for the end of the period and costs nothing today. A dry run answers the
        amounts with a `quote`, which holds for 10 minutes. `result` says what became of it: `done`; `failed` when the
        card was declined, and nothing is changed; `processing` while the payment provider has not told yet (an event
        will); `requires_action` when the buyer has to confirm the charge with his bank at `action_url`, which is
        asked for with `on_session` alone."""
        return self.send(
            "POST",
            f"/v1/subscriptions/{segment(id)}/change",
            query={"dry_run": dry_run},
            body={"product_id": product_id, "quantity": quantity, "quote": quote, "on_session": on_session},
            idempotency_key=idempotency_key,
        )

    def keep_subscription(
        self, id: str, *, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.Acted | types.ActionPreview:
        """Keeps the present plan: the change that waits for the end of the period will not happen."""
        return self.send("POST", f"/v1/subscriptions/{segment(id)}/keep", query={"dry_run": dry_run}, idempotency_key=idempotency_key)

    def pause_subscription(
        self, id: str, *, periods: int, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.Acted | types.ActionPreview:
        """Leaves out so many whole periods after the present one, without access and without charges. What follows is
        charged on the same calendar."""
        return self.send(
            "POST",
            f"/v1/subscriptions/{segment(id)}/pause",
            query={"dry_run": dry_run},
            body={"periods": periods},
            idempotency_key=idempotency_key,
        )

    def cancel_pause(
        self, id: str, *, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.Acted | types.ActionPreview:
        """Until the pause begins it can be called off; afterwards see `unpause`."""
        return self.send(
            "POST", f"/v1/subscriptions/{segment(id)}/cancel-pause", query={"dry_run": dry_run}, idempotency_key=idempotency_key
        )

    def unpause_subscription(
        self, id: str, *, on_session: bool | Unset = UNSET, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.Acted | types.ActionPreview:
        """A new period begins at once and is charged. `result` says what became of it: `done`; `failed` when the card
        was declined, and nothing is changed; `processing` while the payment provider has not told yet (an event
        will); `requires_action` when the buyer has to confirm the charge with his bank at `action_url`, which is
        asked for with `on_session` alone. The subscription is past due then."""
        return self.send(
            "POST",
            f"/v1/subscriptions/{segment(id)}/unpause",
            query={"dry_run": dry_run},
            body={"on_session": on_session},
            idempotency_key=idempotency_key,
        )

    def pay_subscription(
        self, id: str, *, on_session: bool | Unset = UNSET, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.Acted | types.ActionPreview:
        """Charges the card on file for the payment that failed. `result` says what became of it: `done`; `failed`
        when the card was declined, and nothing is changed; `processing` while the payment provider has not told yet
        (an event will); `requires_action` when the buyer has to confirm the charge with his bank at `action_url`,
        which is asked for with `on_session` alone. A try by hand is no step of the ladder of retries."""
        return self.send(
            "POST",
            f"/v1/subscriptions/{segment(id)}/pay",
            query={"dry_run": dry_run},
            body={"on_session": on_session},
            idempotency_key=idempotency_key,
        )

    def list_cancellations(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        reason: str | Unset = UNSET,
        product_id: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        subscription_id: str | Unset = UNSET,
        since: str | Unset = UNSET,
        until: str | Unset = UNSET,
    ) -> types.CancellationList | File:
        """Why subscriptions were given up, with reason and comment, newest first. With `Accept: text/csv` all of
        them, without pages, as a table for spreadsheets."""
        return self.send(
            "GET",
            "/v1/cancellations",
            query={
                "limit": limit,
                "cursor": cursor,
                "reason": reason,
                "product_id": product_id,
                "buyer_id": buyer_id,
                "subscription_id": subscription_id,
                "since": since,
                "until": until,
            },
        )

    def all_cancellations(
        self,
        *,
        limit: int | Unset = UNSET,
        reason: str | Unset = UNSET,
        product_id: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        subscription_id: str | Unset = UNSET,
        since: str | Unset = UNSET,
        until: str | Unset = UNSET,
    ) -> Iterator[types.Cancellation]:
        """Everything that `list_cancellations` lists, page after page."""
        return self.pages(
            "/v1/cancellations",
            {
                "limit": limit,
                "reason": reason,
                "product_id": product_id,
                "buyer_id": buyer_id,
                "subscription_id": subscription_id,
                "since": since,
                "until": until,
            },
        )

    def export_cancellations(
        self,
        *,
        reason: str | Unset = UNSET,
        product_id: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        subscription_id: str | Unset = UNSET,
        since: str | Unset = UNSET,
        until: str | Unset = UNSET,
    ) -> File:
        """All cancellations as a table for spreadsheets, newest first. No text in it is taken for a formula."""
        return self.send(
            "GET",
            "/v1/cancellations.csv",
            query={
                "reason": reason,
                "product_id": product_id,
                "buyer_id": buyer_id,
                "subscription_id": subscription_id,
                "since": since,
                "until": until,
            },
        )

    def summarize_cancellations(
        self, *, by: Literal["month", "product", "reason"] | Unset = UNSET, since: str | Unset = UNSET, until: str | Unset = UNSET
    ) -> types.CancellationSummary | File:
        """By reason, product or month: how many were asked for, how many were taken back, and the money per month
        that is lost, in each currency. With `Accept: text/csv` as a table for spreadsheets."""
        return self.send("GET", "/v1/cancellations/summary", query={"by": by, "since": since, "until": until})

    def export_cancellation_summary(
        self, *, by: Literal["month", "product", "reason"] | Unset = UNSET, since: str | Unset = UNSET, until: str | Unset = UNSET
    ) -> File:
        """The summary as a table for spreadsheets: a line for each key and currency."""
        return self.send("GET", "/v1/cancellations/summary.csv", query={"by": by, "since": since, "until": until})

    def get_cancellation(self, id: str) -> types.Cancellation:
        """One cancellation with its reason and comment."""
        return self.send("GET", f"/v1/cancellations/{segment(id)}")

    def list_payments(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        order_id: str | Unset = UNSET,
        subscription_id: str | Unset = UNSET,
        status: Literal["canceled", "failed", "pending", "succeeded", "unknown"] | Unset = UNSET,
    ) -> types.PaymentList:
        """Payments with their tries and refunds, newest first; of a buyer, an order or a subscription, or by how they
        stand."""
        return self.send(
            "GET",
            "/v1/payments",
            query={
                "limit": limit,
                "cursor": cursor,
                "buyer_id": buyer_id,
                "order_id": order_id,
                "subscription_id": subscription_id,
                "status": status,
            },
        )

    def all_payments(
        self,
        *,
        limit: int | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        order_id: str | Unset = UNSET,
        subscription_id: str | Unset = UNSET,
        status: Literal["canceled", "failed", "pending", "succeeded", "unknown"] | Unset = UNSET,
    ) -> Iterator[types.Payment]:
        """Everything that `list_payments` lists, page after page."""
        return self.pages(
            "/v1/payments",
            {"limit": limit, "buyer_id": buyer_id, "order_id": order_id, "subscription_id": subscription_id, "status": status},
        )

    def get_payment(self, id: str) -> types.Payment:
        """One payment with its tries and refunds."""
        return self.send("GET", f"/v1/payments/{segment(id)}")

    def list_refunds(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        payment_id: str | Unset = UNSET,
        order_id: str | Unset = UNSET,
        status: Literal["failed", "pending", "succeeded"] | Unset = UNSET,
    ) -> types.RefundList:
        """Refunds, newest first; of a buyer, a payment or an order, or by how they stand."""
        return self.send(
            "GET",
            "/v1/refunds",
            query={
                "limit": limit,
                "cursor": cursor,
                "buyer_id": buyer_id,
                "payment_id": payment_id,
                "order_id": order_id,
                "status": status,
            },
        )

    def all_refunds(
        self,
        *,
        limit: int | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        payment_id: str | Unset = UNSET,
        order_id: str | Unset = UNSET,
        status: Literal["failed", "pending", "succeeded"] | Unset = UNSET,
    ) -> Iterator[types.Refund]:
        """Everything that `list_refunds` lists, page after page."""
        return self.pages(
            "/v1/refunds", {"limit": limit, "buyer_id": buyer_id, "payment_id": payment_id, "order_id": order_id, "status": status}
        )

    def create_refund(
        self,
        *,
        payment_id: str,
        amount: str | Unset | None = UNSET,
        reason: str | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.Refund | types.RefundPreview:
        """Gives part or all of a payment back, the way it came. The answer is `pending`: a worker has the payment
        provider do it, and `refund.succeeded` tells when it is done; the buyer is mailed, and gets a credit note. An
        Idempotency-Key gives money back once, for ever."""
        return self.send(
            "POST",
            "/v1/refunds",
            query={"dry_run": dry_run},
            body={"payment_id": payment_id, "amount": amount, "reason": reason},
            idempotency_key=idempotency_key,
        )

    def get_refund(self, id: str) -> types.Refund:
        """One refund."""
        return self.send("GET", f"/v1/refunds/{segment(id)}")

    def list_refund_tickets(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        payment_id: str | Unset = UNSET,
        status: Literal["approved", "failed", "pending", "rejected", "succeeded"] | Unset = UNSET,
        external_id: str | Unset = UNSET,
    ) -> types.RefundTicketList:
        """What buyers ask back, newest first; `?status=pending` is what waits for an answer."""
        return self.send(
            "GET",
            "/v1/refund-tickets",
            query={
                "limit": limit,
                "cursor": cursor,
                "buyer_id": buyer_id,
                "payment_id": payment_id,
                "status": status,
                "external_id": external_id,
            },
        )

    def all_refund_tickets(
        self,
        *,
        limit: int | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        payment_id: str | Unset = UNSET,
        status: Literal["approved", "failed", "pending", "rejected", "succeeded"] | Unset = UNSET,
        external_id: str | Unset = UNSET,
    ) -> Iterator[types.RefundTicket]:
        """Everything that `list_refund_tickets` lists, page after page."""
        return self.pages(
            "/v1/refund-tickets",
            {"limit": limit, "buyer_id": buyer_id, "payment_id": payment_id, "status": status, "external_id": external_id},
        )

    def create_refund_ticket(
        self,
        *,
        reason: str,
        payment_id: str,
        amount: str | Unset | None = UNSET,
        external_id: str | Unset | None = UNSET,
        metadata: dict[str, str] | Unset = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.RefundTicket | types.TicketPreview:
        """As the buyer could in the portal. One request about a payment is open at a time; the buyer is mailed that
        it came in."""
        return self.send(
            "POST",
            "/v1/refund-tickets",
            query={"dry_run": dry_run},
            body={"reason": reason, "amount": amount, "payment_id": payment_id, "external_id": external_id, "metadata": metadata},
            idempotency_key=idempotency_key,
        )

    def get_refund_ticket(self, id: str) -> types.RefundTicket:
        """One request."""
        return self.send("GET", f"/v1/refund-tickets/{segment(id)}")

    def resubmit_refund_ticket(
        self, id: str, *, reason: str, amount: str | Unset | None = UNSET, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.RefundTicket | types.TicketPreview:
        """Makes a request that was rejected again, as its next version."""
        return self.send(
            "POST",
            f"/v1/refund-tickets/{segment(id)}/resubmit",
            query={"dry_run": dry_run},
            body={"reason": reason, "amount": amount},
            idempotency_key=idempotency_key,
        )

    def approve_refund_ticket(
        self, id: str, *, note: str | Unset = UNSET, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.ApprovedTicket | types.TicketPreview:
        """The money is on its way back when this answers, and the buyer gets a credit note when it is done."""
        return self.send(
            "POST",
            f"/v1/refund-tickets/{segment(id)}/approve",
            query={"dry_run": dry_run},
            body={"note": note},
            idempotency_key=idempotency_key,
        )

    def reject_refund_ticket(
        self, id: str, *, note: str | Unset = UNSET, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.RefundTicket | types.TicketPreview:
        """The buyer is mailed the note, and may ask again."""
        return self.send(
            "POST",
            f"/v1/refund-tickets/{segment(id)}/reject",
            query={"dry_run": dry_run},
            body={"note": note},
            idempotency_key=idempotency_key,
        )

    def list_documents(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        kind: Literal["credit_note", "invoice", "receipt"] | Unset = UNSET,
        order_id: str | Unset = UNSET,
        payment_id: str | Unset = UNSET,
        refund_id: str | Unset = UNSET,
        number: str | Unset = UNSET,
    ) -> types.DocumentList:
        """Invoices, receipts and credit notes, newest first; of a buyer, an order, a payment or a refund, or by
        number."""
        return self.send(
            "GET",
            "/v1/documents",
            query={
                "limit": limit,
                "cursor": cursor,
                "buyer_id": buyer_id,
                "kind": kind,
                "order_id": order_id,
                "payment_id": payment_id,
                "refund_id": refund_id,
                "number": number,
            },
        )

    def all_documents(
        self,
        *,
        limit: int | Unset = UNSET,
        buyer_id: str | Unset = UNSET,
        kind: Literal["credit_note", "invoice", "receipt"] | Unset = UNSET,
        order_id: str | Unset = UNSET,
        payment_id: str | Unset = UNSET,
        refund_id: str | Unset = UNSET,
        number: str | Unset = UNSET,
    ) -> Iterator[types.Document]:
        """Everything that `list_documents` lists, page after page."""
        return self.pages(
            "/v1/documents",
            {
                "limit": limit,
                "buyer_id": buyer_id,
                "kind": kind,
                "order_id": order_id,
                "payment_id": payment_id,
                "refund_id": refund_id,
                "number": number,
            },
        )

    def get_document(self, id: str) -> types.DocumentWithContent:
        """One document with everything it prints."""
        return self.send("GET", f"/v1/documents/{segment(id)}")

    def get_document_pdf(self, id: str, *, language: str | Unset = UNSET) -> File:
        """PDF/A-3 with the e-invoice inside, in its own language, or a copy in another. The same bytes every time."""
        return self.send("GET", f"/v1/documents/{segment(id)}/pdf", query={"language": language})

    def get_document_xml(self, id: str, *, syntax: Literal["cii", "ubl"] | Unset = UNSET) -> File:
        """EN 16931 as XML. Receipts have none, and neither has what the standard has no words for."""
        return self.send("GET", f"/v1/documents/{segment(id)}/xml", query={"syntax": syntax})

    def list_events(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        type: Literal[
            "billing_detail.updated",
            "buyer.created",
            "buyer.updated",
            "checkout.completed",
            "checkout.expired",
            "document.issued",
            "order.canceled",
            "order.completed",
            "payment.dispute_closed",
            "payment.disputed",
            "payment.failed",
            "payment.succeeded",
            "payment_method.updated",
            "refund.failed",
            "refund.succeeded",
            "refund_ticket.approved",
            "refund_ticket.created",
            "refund_ticket.rejected",
            "subscription.activated",
            "subscription.cancel_requested",
            "subscription.canceled",
            "subscription.closed",
            "subscription.expired",
            "subscription.past_due",
            "subscription.pause_scheduled",
            "subscription.pause_withdrawn",
            "subscription.paused",
            "subscription.plan_change_failed",
            "subscription.plan_change_scheduled",
            "subscription.plan_change_withdrawn",
            "subscription.plan_changed",
            "subscription.recovered",
            "subscription.renewed",
            "subscription.resumed",
            "subscription.trial_started",
            "subscription.unpaused",
            "webhook.test",
        ]
        | Unset = UNSET,
        subject_id: str | Unset = UNSET,
        since: str | Unset = UNSET,
    ) -> types.EventList:
        """What happened within the last 90 days, newest first: all of it, or of one type, or about one thing."""
        return self.send(
            "GET", "/v1/events", query={"limit": limit, "cursor": cursor, "type": type, "subject_id": subject_id, "since": since}
        )

    def all_events(
        self,
        *,
        limit: int | Unset = UNSET,
        type: Literal[
            "billing_detail.updated",
            "buyer.created",
            "buyer.updated",
            "checkout.completed",
            "checkout.expired",
            "document.issued",
            "order.canceled",
            "order.completed",
            "payment.dispute_closed",
            "payment.disputed",
            "payment.failed",
            "payment.succeeded",
            "payment_method.updated",
            "refund.failed",
            "refund.succeeded",
            "refund_ticket.approved",
            "refund_ticket.created",
            "refund_ticket.rejected",
            "subscription.activated",
            "subscription.cancel_requested",
            "subscription.canceled",
            "subscription.closed",
            "subscription.expired",
            "subscription.past_due",
            "subscription.pause_scheduled",
            "subscription.pause_withdrawn",
            "subscription.paused",
            "subscription.plan_change_failed",
            "subscription.plan_change_scheduled",
            "subscription.plan_change_withdrawn",
            "subscription.plan_changed",
            "subscription.recovered",
            "subscription.renewed",
            "subscription.resumed",
            "subscription.trial_started",
            "subscription.unpaused",
            "webhook.test",
        ]
        | Unset = UNSET,
        subject_id: str | Unset = UNSET,
        since: str | Unset = UNSET,
    ) -> Iterator[types.Event]:
        """Everything that `list_events` lists, page after page."""
        return self.pages("/v1/events", {"limit": limit, "type": type, "subject_id": subject_id, "since": since})

    def get_event(self, id: str) -> types.Event:
        """One event."""
        return self.send("GET", f"/v1/events/{segment(id)}")

    def list_webhook_endpoints(self, *, limit: int | Unset = UNSET, cursor: str | Unset = UNSET) -> types.WebhookEndpointList:
        """All endpoints of this environment, newest first."""
        return self.send("GET", "/v1/webhook-endpoints", query={"limit": limit, "cursor": cursor})

    def all_webhook_endpoints(self, *, limit: int | Unset = UNSET) -> Iterator[types.WebhookEndpoint]:
        """Everything that `list_webhook_endpoints` lists, page after page."""
        return self.pages("/v1/webhook-endpoints", {"limit": limit})

    def create_webhook_endpoint(
        self,
        *,
        url: str,
        description: str | Unset = UNSET,
        event_types: list[
            Literal[
                "billing_detail.updated",
                "buyer.created",
                "buyer.updated",
                "checkout.completed",
                "checkout.expired",
                "document.issued",
                "order.canceled",
                "order.completed",
                "payment.dispute_closed",
                "payment.disputed",
                "payment.failed",
                "payment.succeeded",
                "payment_method.updated",
                "refund.failed",
                "refund.succeeded",
                "refund_ticket.approved",
                "refund_ticket.created",
                "refund_ticket.rejected",
                "subscription.activated",
                "subscription.cancel_requested",
                "subscription.canceled",
                "subscription.closed",
                "subscription.expired",
                "subscription.past_due",
                "subscription.pause_scheduled",
                "subscription.pause_withdrawn",
                "subscription.paused",
                "subscription.plan_change_failed",
                "subscription.plan_change_scheduled",
                "subscription.plan_change_withdrawn",
                "subscription.plan_changed",
                "subscription.recovered",
                "subscription.renewed",
                "subscription.resumed",
                "subscription.trial_started",
                "subscription.unpaused",
                "webhook.test",
            ]
        ]
        | Unset = UNSET,
        format: Literal["standard", "waffo"] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.NewWebhookEndpoint:
        """From now on it is told what happens, signed with its secret. 20 at most in an environment."""
        return self.send(
            "POST",
            "/v1/webhook-endpoints",
            body={"url": url, "description": description, "event_types": event_types, "format": format},
            idempotency_key=idempotency_key,
        )

    def get_webhook_endpoint(self, id: str) -> types.WebhookEndpoint:
        """One endpoint, without its secret."""
        return self.send("GET", f"/v1/webhook-endpoints/{segment(id)}")

    def update_webhook_endpoint(
        self,
        id: str,
        *,
        url: str | Unset = UNSET,
        description: str | Unset = UNSET,
        event_types: list[
            Literal[
                "billing_detail.updated",
                "buyer.created",
                "buyer.updated",
                "checkout.completed",
                "checkout.expired",
                "document.issued",
                "order.canceled",
                "order.completed",
                "payment.dispute_closed",
                "payment.disputed",
                "payment.failed",
                "payment.succeeded",
                "payment_method.updated",
                "refund.failed",
                "refund.succeeded",
                "refund_ticket.approved",
                "refund_ticket.created",
                "refund_ticket.rejected",
                "subscription.activated",
                "subscription.cancel_requested",
                "subscription.canceled",
                "subscription.closed",
                "subscription.expired",
                "subscription.past_due",
                "subscription.pause_scheduled",
                "subscription.pause_withdrawn",
                "subscription.paused",
                "subscription.plan_change_failed",
                "subscription.plan_change_scheduled",
                "subscription.plan_change_withdrawn",
                "subscription.plan_changed",
                "subscription.recovered",
                "subscription.renewed",
                "subscription.resumed",
                "subscription.trial_started",
                "subscription.unpaused",
                "webhook.test",
            ]
        ]
        | Unset = UNSET,
        status: Literal["disabled", "enabled"] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> types.WebhookEndpoint:
        """Its address, its types, or whether it is told anything. What is due while it is disabled is given up."""
        return self.send(
            "PATCH",
            f"/v1/webhook-endpoints/{segment(id)}",
            body={"url": url, "description": description, "event_types": event_types, "status": status},
            idempotency_key=idempotency_key,
        )

    def delete_webhook_endpoint(self, id: str, *, idempotency_key: str | None = None) -> None:
        """With its deliveries; nothing more is sent."""
        return self.send("DELETE", f"/v1/webhook-endpoints/{segment(id)}", idempotency_key=idempotency_key)

    def get_webhook_secret(self, id: str) -> types.WebhookSecret:
        """The secret that signs, and for a day after a rotation the one before it."""
        return self.send("GET", f"/v1/webhook-endpoints/{segment(id)}/secret")

    def rotate_webhook_secret(
        self, id: str, *, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.NewWebhookEndpoint | types.DryRun:
        """For a day both sign, so that receivers can change theirs in peace."""
        return self.send(
            "POST", f"/v1/webhook-endpoints/{segment(id)}/rotate-secret", query={"dry_run": dry_run}, idempotency_key=idempotency_key
        )

    def test_webhook_endpoint(
        self, id: str, *, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.WebhookDeliveryDetail | types.DryRun:
        """Sends a `webhook.test` at once, and answers how that went. If it failed it is tried again like any other.
        While four tests are waited for, another is sent without waiting: it answers `pending`, with no attempt
        yet."""
        return self.send("POST", f"/v1/webhook-endpoints/{segment(id)}/test", query={"dry_run": dry_run}, idempotency_key=idempotency_key)

    def list_webhook_deliveries(
        self,
        id: str,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        status: Literal["failed", "pending", "succeeded"] | Unset = UNSET,
    ) -> types.WebhookDeliveryList:
        """What an endpoint was sent, or is to be sent, with every attempt; newest first."""
        return self.send(
            "GET", f"/v1/webhook-endpoints/{segment(id)}/deliveries", query={"limit": limit, "cursor": cursor, "status": status}
        )

    def all_webhook_deliveries(
        self, id: str, *, limit: int | Unset = UNSET, status: Literal["failed", "pending", "succeeded"] | Unset = UNSET
    ) -> Iterator[types.WebhookDelivery]:
        """Everything that `list_webhook_deliveries` lists, page after page."""
        return self.pages(f"/v1/webhook-endpoints/{segment(id)}/deliveries", {"limit": limit, "status": status})

    def get_webhook_delivery(self, id: str, delivery_id: str) -> types.WebhookDeliveryDetail:
        """One delivery with its body."""
        return self.send("GET", f"/v1/webhook-endpoints/{segment(id)}/deliveries/{segment(delivery_id)}")

    def replay_webhook_delivery(
        self, id: str, delivery_id: str, *, dry_run: bool | Unset = UNSET, idempotency_key: str | None = None
    ) -> types.WebhookDeliveryDetail | types.DryRun:
        """A new delivery of the same event, with the same `webhook-id`, so that receivers that have it know."""
        return self.send(
            "POST",
            f"/v1/webhook-endpoints/{segment(id)}/deliveries/{segment(delivery_id)}/replay",
            query={"dry_run": dry_run},
            idempotency_key=idempotency_key,
        )
