"""Why something is not possible, and what to do instead, in a sentence or two.

Beside a button that is missing, and on the page that answers a form which came too late.
"""

from portico.i18n.catalog import N_, Message

_BANK = N_("A payment is being confirmed. As soon as it’s through, you can go on.")
_RENEWING = N_("It’s being renewed at this very moment. Please try again in a few minutes.")
_SEE_PLANS = N_("You can’t switch to this plan. Please choose another one.")
_DONE = N_("This has already been done. There is nothing left to do.")

WHY_NOT: dict[str, Message] = {
    # What stands against an action on a subscription (domain.why_not)
    "over": N_("This subscription has ended."),
    "billed_elsewhere": N_("This is billed outside of this portal, so nothing can be changed here. Please write to the address below."),
    "held": N_("We’re looking into something with this subscription first. Please write to the address below."),
    "no_gateway": N_("Payments can’t be taken right now. Please write to the address below."),
    "too_many_charges": N_("There have been several charges today already. To keep your money safe, please wait until tomorrow."),
    "payment_open": _BANK,
    "renewing": _RENEWING,
    "not_started": N_("The first payment hasn’t gone through yet."),
    "in_trial": N_("This isn’t possible during the free trial. You can cancel at any time, and nothing is charged."),
    "past_due_pay_first": N_("A payment is overdue. Please pay it first."),
    "canceling_resume_first": N_("It’s canceled. Please resume it first."),
    "already_canceling": N_("It’s canceled already. You keep access until the end."),
    "not_canceling": N_("It isn’t canceled, so there is nothing to resume."),
    "paused_resume_first": N_("It’s paused. Please continue it first."),
    "not_paused": N_("It isn’t paused."),
    "pause_scheduled": N_("A pause is planned. Please call it off first."),
    "plan_change_scheduled": N_("A change of plan is planned. Please keep your current plan first."),
    "nothing_scheduled": _DONE,
    "no_other_plan": N_("There is no other plan to switch to."),
    "not_offered": N_("This plan doesn’t offer that."),
    "nothing_to_pay": N_("There is nothing to pay right now."),
    "no_card": N_("There is no card to charge. Please add one first."),
    # What stands against one plan (domain.proration)
    "same_plan": N_("You have exactly this already."),
    "plan_outside_group": _SEE_PLANS,
    "plan_inactive": N_("This plan is no longer on sale."),
    "plan_not_in_currency": N_("This plan has no price in your currency. Please write to the address below."),
    "quantity_range": N_("This plan isn’t available in that quantity."),
    "amount_range": _SEE_PLANS,
    "already_scheduled": N_("This change is planned already."),
    "pause_periods": N_("It can’t be paused for that long."),
    # What stands against a request for money back (domain.refund)
    "payment_not_succeeded": N_("This payment hasn’t gone through, so there is nothing to give back."),
    "refund_ticket_open": N_("You’ve asked for this payment already. We’ll email you the answer."),
    "already_refunded": N_("All of this payment has been given back already."),
    "payment_disputed": N_("Your bank disputes this payment, so it can’t be given back here."),
    "refund_too_late": N_("This payment was too long ago. Please write to the address below."),
    # Why a review has to be looked at once more (services.quote)
    "quote_expired": N_("The price was shown more than 10 minutes ago."),
    "quote_moved": N_("Something changed since you saw the price."),
    "quote_unreadable": N_("This price couldn’t be read."),
    # What stands against the correction of an invoice (services.correction)
    "not_an_invoice": N_("Only an invoice can be corrected. Please open the invoice that this belongs to."),
    "corrected_already": N_("This invoice has been replaced already. Please correct the one that replaced it."),
    "nothing_left": N_("All of this invoice has been given back, so there is nothing left to correct."),
    "correction_limit": N_("You’ve corrected many invoices today already. Please go on tomorrow."),
    "nothing_to_correct": N_("These are the details on the invoice already."),
    "refund_under_way": N_("A refund of this payment is on its way. Please wait until it’s done."),
    "correction_under_way": N_("A correction of this invoice is under way. Please wait until it’s done."),
    # What stands against other billing details (services.billing_detail)
    "details_limit": N_("You’ve changed your billing details many times today already. Please go on tomorrow."),
    # What stands against many files at once, or a copy by mail (services.pack, services.document_mail)
    "pack_range": N_("Please choose a first day and a last day that comes after it."),
    "pack_empty": N_("There are no documents in this period. Please choose another one."),
    "pack_too_large": N_("That would be more than 5,000 documents. Please choose a shorter period."),
    "pack_limit": N_("You’ve asked for many downloads today already. Please use one of those below, or come back tomorrow."),
    "document_limit": N_("You’ve opened many documents within an hour. Please go on in an hour, or download many at once."),
    "mail_limit": N_("You’ve had many copies sent today already. Please download the PDF, or go on tomorrow."),
    "no_copy_addresses": N_("There are no copy addresses yet. You can add them to your billing details."),
}
OTHER = N_("This isn’t possible right now. Please reload the page and look how things stand.")
