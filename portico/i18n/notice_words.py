"""What the mails say about payments and plans: for each kind of mail its sentences, by code.

Every mail has a "subject"; "heading" is its title where that is not what the subject says. Each sentence stands alone, so that a
translator can order it as the language wants. {plan} and {old} are names of plans or products, perhaps with their quantity
("3 × Team"), {amount} is written with its currency, {date} and {end} are days, {moment} is a day and a time, {month} is printed on a
card ("03/2026"), {card} is "Visa ending in 4242".
"""

from portico.i18n.catalog import N_, Message

NOTICES: dict[str, dict[str, Message]] = {
    "payment_received": {
        "subject": N_("Payment received: {amount} for {plan}"),
        "heading": N_("We’ve received your payment"),
        "paid": N_("We charged {amount} for {plan} on {date}. Thank you."),
        "recovered": N_("Everything is paid now, and your subscription goes on as usual."),
        "ends": N_("Your subscription ends on {date}. Nothing more will be charged."),
    },
    "payment_failed": {
        "subject": N_("Payment failed: {amount} for {plan}"),
        "heading": N_("Your payment didn’t go through"),
        "tried": N_("We tried to charge {amount} for {plan} on {date}, but it didn’t work."),
        "retry": N_("We’ll try again on {date}. Your subscription goes on until then."),
        "last": N_("If no payment has worked by {date}, your subscription ends that day."),
        "last_retry": N_("We’ll try one last time on {date}. If that doesn’t work either, your subscription ends that day."),
        "update": N_("If you update your card, we charge it right away, and everything goes on as before."),
        "add": N_("If you add a card, we charge it right away, and everything goes on as before."),
        "confirm": N_("If you pay now and confirm it, everything goes on as before."),
        "again": N_("You can try again with this card or another one."),
    },
    "payment_uncertain": {
        "subject": N_("We’re checking your payment of {amount} for {plan}"),
        "heading": N_("We’re still checking your payment"),
        "asked": N_("We tried to charge {amount} for {plan} on {date}, and the payment provider hasn’t told us yet whether it worked."),
        "wait": N_("You don’t need to do anything. Please don’t pay again: the money may have been taken already."),
        "promise": N_("We’ll email you as soon as we know. You won’t be charged twice."),
    },
    "plan_changed": {
        "subject": N_("Your plan is now {plan}"),
        "subject_same": N_("Your subscription to {plan} has changed"),
        "switched": N_("We switched you from {old} to {plan} on {date}."),
        "changed": N_("The change took effect on {date}."),
        "charged": N_("We charged {amount}: the new plan until {end}, less the unused time on the old one."),
        "period": N_("We charge {amount} for the new billing period."),
        "free": N_("Nothing was charged for the change."),
        "trial": N_("Your trial goes on until {date}."),
    },
    "plan_change_scheduled": {
        "subject": N_("Your plan changes to {plan} on {date}"),
        "subject_same": N_("Your subscription to {plan} changes on {date}"),
        "switch": N_(
            "As you asked, we’ll switch you from {old} to {plan} on {date}. Until then nothing changes, and nothing is charged today."
        ),
        "change": N_("As you asked, we’ll change your subscription on {date}. Until then nothing changes, and nothing is charged today."),
        "undo": N_("Changed your mind? Until {date} you can keep your current plan with one click."),
    },
    "plan_change_failed": {
        "subject": N_("Your change to {plan} didn’t go through"),
        "failed": N_("We couldn’t charge {amount} for the change to {plan}, so nothing has changed: your plan is still {old}."),
        "again": N_("Nothing was charged. You can try again with this card or another one."),
    },
    "cancellation_scheduled": {
        "subject": N_("Canceled: {plan} ends on {date}"),
        "subject_over": N_("Canceled: {plan} has ended"),
        "heading": N_("Your cancellation is confirmed"),
        "until": N_("You canceled {plan} on {moment}. You can use it until {date}. Then it ends, and nothing more is charged."),
        "trial": N_("You canceled {plan} on {moment}. You can use it until your trial ends on {date}. Nothing is charged."),
        "over": N_("You canceled {plan} on {moment}. It has ended, and nothing more is charged."),
        "resume": N_("Changed your mind? Until {date} you can resume it with one click, and everything goes on as before."),
        "keep": N_("Please keep this email: it is the receipt for your cancellation."),
    },
    "subscription_resumed": {
        "subject": N_("Your subscription to {plan} goes on"),
        "goes_on": N_("As you asked, {plan} goes on as before. You don’t need to do anything else."),
    },
    "subscription_ended": {
        "subject": N_("Your subscription to {plan} has ended"),
        "ended": N_("{plan} ended on {date}. Nothing more will be charged."),
        "expired": N_("{plan} ended on {date}, since there was no card to go on with after the trial. Nothing was charged."),
        "documents": N_("Your invoices stay in the portal, and you can download them at any time."),
    },
    "subscription_ended_unpaid": {
        "subject": N_("Your subscription to {plan} has ended: payment failed"),
        "heading": N_("Your subscription has ended"),
        "ended": N_("We couldn’t charge {amount} for {plan}, and the last try on {date} failed too. So your subscription has ended."),
        "no_more": N_("We won’t try to charge this amount again."),
    },
    "trial_ending": {
        "subject": N_("Your trial of {plan} ends on {date}"),
        "charge": N_("Your trial of {plan} ends on {date}. Your subscription starts then, and we’ll charge {amount}."),
        "stop": N_("If you don’t want to go on, cancel before that date, and nothing is charged."),
        "no_card": N_("Your trial of {plan} ends on {date}. There is no card to charge, so your subscription ends then too."),
        "expires": N_("Your card expires before then. Please update it, so that the payment goes through."),
        "add": N_("To go on, please add a card before that date. The first charge will be {amount}."),
    },
    "upcoming_charge": {
        "subject": N_("{plan} renews on {date} for {amount}"),
        "heading": N_("Your subscription renews soon"),
        "subject_planned": N_("{plan} starts on {date} for {amount}"),
        "heading_planned": N_("Your plan changes soon"),
        "switches": N_("Your plan changes to {plan} on {date}, and we’ll charge {amount} then."),
        "subject_paused": N_("{plan} continues on {date} for {amount}"),
        "heading_paused": N_("Your subscription continues soon"),
        "continues": N_("The pause of {plan} ends on {date}, and we’ll charge {amount} then."),
        "renews": N_("{plan} renews on {date}, and we’ll charge {amount} then."),
        "no_card": N_("There is no card to charge. Please add one before then, so that the payment goes through."),
        "nothing": N_("You don’t need to do anything."),
        "stop": N_("If you’d rather change or cancel your subscription, please do so before that date."),
    },
    "card_expiring": {
        "subject": N_("Your card expires soon: {card}"),
        "heading": N_("Your card expires soon"),
        "subject_over": N_("Your card has expired: {card}"),
        "heading_over": N_("Your card has expired"),
        "expired": N_("Your card for {plan} was valid until {month}. The next payment is due on {date}."),
        "expires": N_("Your card for {plan} is valid until {month}. The next payment is due on {date}, after that."),
        "update": N_("Please update your card before then, so that the payment goes through."),
        "stop": N_("If you’d rather change or cancel your subscription, please do so before that date."),
    },
    "card_updated": {
        "subject": N_("New card for {plan}: {card}"),
        "heading": N_("Your card has been updated"),
        "updated": N_("From now on we charge {card} for {plan}."),
        "not_you": N_("If you didn’t do this, please tell us right away."),
    },
    "pause_scheduled": {
        "subject": N_("{plan} pauses on {date}"),
        "asked": N_("As you asked, {plan} pauses on {date}. You can use it until then, and nothing is charged during the pause."),
        "charge": N_("It continues by itself on {date}, and we’ll charge {amount} then."),
        "free": N_("It continues by itself on {date}."),
        "undo": N_("Changed your mind? Until {date} you can call the pause off with one click."),
    },
    "paused": {
        "subject": N_("{plan} is paused until {date}"),
        "paused": N_("{plan} is paused, and nothing is charged."),
        "charge": N_("It continues by itself on {date}, and we’ll charge {amount} then."),
        "free": N_("It continues by itself on {date}."),
        "early": N_("You can continue earlier or cancel at any time."),
    },
    "refund_requested": {
        "subject": N_("Refund request received: {amount} for {plan}"),
        "heading": N_("We’ve received your refund request"),
        "asked": N_("You asked for a refund of {amount} for {plan}. We’ll look into it and email you the answer."),
    },
    "refund_rejected": {
        "subject": N_("Refund request declined: {amount} for {plan}"),
        "heading": N_("Your refund request was declined"),
        "declined": N_("You asked for a refund of {amount} for {plan}. We’ve looked into it and can’t grant it."),
        "again": N_("If you think we missed something, you can ask once more and tell us."),
    },
    "refund_made": {
        "subject": N_("Refund sent: {amount} for {plan}"),
        "heading": N_("Your refund is on its way"),
        "sent": N_("We’ve refunded {amount} for {plan}. The money goes back to where it came from."),
        "days": N_("Your bank may need 5 to 10 business days to show it."),
    },
    "refund_failed": {
        "subject": N_("Refund failed: {amount} for {plan}"),
        "heading": N_("Your refund didn’t go through"),
        "failed": N_("We tried to refund {amount} for {plan}, but the payment provider couldn’t send the money back."),
        "again": N_("You can ask for it once more. If that doesn’t work either, please tell us, and we’ll find another way."),
        "invoice": N_("It was tax that should go back, so your invoice stays as it is. Please tell us, and we’ll find another way."),
    },
    "invoice_corrected": {
        "subject": N_("Invoice {number} has been corrected"),
        "heading": N_("Your invoice has been corrected"),
        "corrected": N_("As you asked, we’ve corrected invoice {number}: credit note {credit_note} cancels it, and {invoice} replaces it."),
        "same": N_("The amounts stay the same. Nothing was charged or refunded."),
        "tax": N_("We’ve also refunded {amount} of tax. The money goes back to where it came from."),
        "days": N_("Your bank may need 5 to 10 business days to show it."),
    },
    "tax_id_unknown": {
        "subject": N_("Please check your tax ID {tax_id}"),
        "heading": N_("Please check your tax ID"),
        "unknown": N_("VIES, the EU’s VAT register, doesn’t know the tax ID {tax_id} from your billing details."),
        "tax": N_("Until it is confirmed, tax is charged as for a consumer."),
        "check": N_(
            "Please look for a typing mistake. If the tax ID is right, your tax office can have it added to VIES; "
            "then save your billing details again."
        ),
    },
    "order_confirmed": {
        "subject": N_("Your order: {plan}"),
        "heading": N_("Thank you for your order"),
        "paid": N_("You ordered {plan} on {date}. We’ve received your payment of {amount}."),
        "free": N_("You ordered {plan} on {date}. There is nothing to pay."),
        "renews": N_("Your subscription renews by itself. You can change or cancel it at any time."),
    },
    "trial_started": {
        "subject": N_("Your trial of {plan} has started"),
        "heading": N_("Your trial has started"),
        "started": N_("You can use {plan} for free until {date}. Nothing has been charged."),
        "charge": N_("Then your subscription starts, and we’ll charge {amount}."),
        "stop": N_("If you don’t want to go on, cancel before that date, and nothing is charged."),
    },
}

# The table of a mail: what stands before each value.
FACTS: dict[str, Message] = {
    "plan": N_("Plan"),
    "product": N_("Product"),
    "old_plan": N_("Current plan"),
    "new_plan": N_("New plan"),
    "from": N_("Valid from"),
    "price": N_("Price before tax"),
    "net": N_("Price before tax"),
    "period": N_("Billing period"),
    "total": N_("Total"),
    "card": N_("Payment method"),
    "expires": N_("Expires"),
    "changed_at": N_("Changed on"),
    "invoice": N_("Invoice number"),
    "credit_note": N_("Credit note number"),
    "replaced": N_("Replaced invoice"),
    "next": N_("Next charge"),
    "retry": N_("Next try"),
    "canceled_at": N_("Canceled on"),
    "ends": N_("Ends on"),
    "ended": N_("Ended on"),
    "comment": N_("Your comment"),
    "reference": N_("Reference"),
    "trial_end": N_("Trial ends on"),
    "renewal": N_("Renewal"),
    "paused_from": N_("Paused from"),
    "continues": N_("Continues on"),
    "payment": N_("Payment"),
    "requested": N_("Amount requested"),
    "refunded": N_("Amount refunded"),
    "not_refunded": N_("Amount not refunded"),
    "refunded_to": N_("Refunded to"),
    "reason": N_("Your reason"),
    "answer": N_("Our answer"),
    "tax_id": N_("Tax ID"),
    "checked_at": N_("Checked on"),
    "consultation_number": N_("Consultation number"),
}
TAX_AT = N_("Tax ({rate})")
UNUSED_TIME = N_("Unused time on {plan}")
AMOUNT_ON = N_("{amount} on {date}")
DOCUMENTS = N_("The invoice and the receipt are ready to download.")
CREDIT_NOTE = N_("The credit note is ready to download.")
CORRECTION = N_("Both documents are ready to download. Please file them together with the old invoice.")

BUTTONS: dict[str, Message] = {
    "subscription": N_("View subscription"),
    "order": N_("View order"),
    "invoice": N_("View invoice"),
    "invoices": N_("View invoices"),
    "credit_note": N_("View credit note"),
    "update_card": N_("Update card"),
    "add_card": N_("Add a card"),
    "pay": N_("Pay now"),
    "billing_details": N_("View billing details"),
}
