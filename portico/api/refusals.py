"""Why an action is refused, for the one who writes a program: each code with what to do about it. All of them are a 409.

The words that buyers get for the same codes are in i18n/why_not_words.py.
"""

REFUSALS: dict[str, str] = {
    # What stands against an action on a subscription (domain.why_not)
    "over": "The subscription has ended, or the time in which its cancellation could be taken back. Sell a new one by a checkout session.",
    "billed_elsewhere": "It was imported, and is billed by somebody else than Portico. Change it, or give money back, there.",
    "held": "It was set aside, since working on it failed. `portico subscription show` says why, `portico subscription release` ends that.",
    "no_gateway": "This environment has no payment provider. Set PORTICO_TEST_GATEWAY or PORTICO_PROD_GATEWAY.",
    "too_many_charges": "Its bound is reached: 3 captured payments, 20 documents, or 20 tries within 24 hours. Wait, and look for a loop.",
    "payment_open": "A payment of it is being confirmed. Wait for payment.succeeded or payment.failed, then read it again.",
    "renewing": "Its period is over, and the next one is about to be billed. Ask again in a few minutes.",
    "not_started": "Its first payment has not been captured yet.",
    "in_trial": "It is in its trial, which cannot be paused. It can be canceled at any time.",
    "past_due_pay_first": "A payment is overdue. Have it paid: `POST /v1/subscriptions/{id}/pay`, or another card given in the portal.",
    "canceling_resume_first": "It is canceled. Take that back first: `POST /v1/subscriptions/{id}/resume`.",
    "already_canceling": "It is canceled already; access stays until the end of what is paid.",
    "not_canceling": "It is not canceled, so there is nothing to take back.",
    "paused_resume_first": "It is paused. Let it go on first: `POST /v1/subscriptions/{id}/unpause`.",
    "not_paused": "It is not paused. A pause that is only planned is called off by `POST /v1/subscriptions/{id}/cancel-pause`.",
    "pause_scheduled": "A pause is planned. Call it off first: `POST /v1/subscriptions/{id}/cancel-pause`.",
    "plan_change_scheduled": "A change of plan is planned. Take it back first: `POST /v1/subscriptions/{id}/keep`.",
    "nothing_scheduled": "Nothing of this kind is planned that could be taken back.",
    "no_other_plan": "Its product is in no group, or the group has no other product on sale.",
    "not_offered": "Its product does not offer that: it has one quantity only, or cannot be paused.",
    "nothing_to_pay": "It has no overdue payment.",
    "no_card": "There is no card to charge. Have the buyer give one: a portal session of flow payment_method.",
    "prod_key_needed": "It holds for prod, too: use a key of the prod environment, or `portico store`.",
    # What stands against one plan (domain.proration)
    "same_plan": "It is on this product in this quantity already.",
    "plan_outside_group": "The product is not in the group of the present one, or is no subscription. Plans change within their group.",
    "plan_inactive": "The product is no longer on sale.",
    "plan_not_in_currency": "The product has no price in the subscription's currency.",
    "quantity_range": "The product is not sold in this quantity; see its quantity_min and quantity_max.",
    "amount_range": "The amount would be larger than can be charged.",
    "already_scheduled": "This very change is planned already, for the end of the period.",
    "pause_periods": "It cannot be paused for this many periods; its product's pause_periods_max is the most.",
    # Why a review has to be looked at once more (services.quote)
    "quote_expired": "The quote is older than 10 minutes. Ask for a new one with ?dry_run=true.",
    "quote_moved": "Something is not what it was when the quote was made: price, plan, tax, period or subscription. Ask for a new one.",
    "quote_unreadable": "The quote is not one that this server made for this subscription, product and quantity.",
    # What stands against money back (domain.refund, services.refund, services.store_refund)
    "payment_not_succeeded": "The payment has not succeeded, so there is nothing to give back.",
    "already_refunded": "All of the payment was given back already, or is on its way.",
    "payment_disputed": "The buyer's bank disputes the payment, or has taken it back. What to answer is settled at the payment provider.",
    "refund_amount": "Less than that is left of the payment by now.",
    "refund_too_late": "The payment is too long ago for a request of the buyer's.",
    "refund_ticket_open": "A request of the buyer's about this payment is open. Approve or reject that.",
    "refund_ticket_decided": "The request was approved or rejected already.",
    "refund_ticket_not_declined": "The request was not rejected, so that it cannot be made again.",
    "correction_under_way": "Tax of this payment is on its way back. Ask again when that is done.",
    # What stands against sending webhooks (services.webhook_out)
    "too_many_endpoints": "There are 20 webhook endpoints in an environment at most. Delete one, or let one program tell the others.",
    "endpoint_disabled": "The endpoint is disabled. Enable it first: `PATCH /v1/webhook-endpoints/{id}` with status enabled.",
    "no_test_in_format": "Only endpoints of the format `standard` can be sent a test: Waffo has no such event.",
    "delivery_pending": "The delivery is still tried by itself; `next_attempt_at` says when.",
    # What two programs at once may meet
    "subscription_transition": "It is in a state in which this does not happen. Read it again.",
    "period_already_billed": "There is a payment for this period already. Read the subscription again.",
    # What stands against ending an order or a checkout (services.order, services.checkout_end)
    "order_not_pending": "It is paid for, or canceled already. Money goes back by `POST /v1/refunds`.",
    "order_of_subscription": "It carries a subscription. Cancel that: `POST /v1/subscriptions/{id}/cancel`.",
    "checkout_completed": "It is paid for. Money goes back by `POST /v1/refunds`.",
}
