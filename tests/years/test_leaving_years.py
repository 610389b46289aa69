"""Years of buyers who leave, come back, wait, and leave."""

from portico.sandbox import cards
from tests.years import seen
from tests.years.year import Year


def test_leaves_comes_back_and_leaves(year: Year) -> None:
    year.begins("Team", on="2026-01-31", quantity=2)
    year.until("2026-02-10")
    year.cancels("too_expensive", "It is more than I need")
    year.until("2026-02-12")
    year.resumes()
    year.until("2026-03-05")
    year.changes_to("Starter")
    year.until("2026-03-10")
    year.cancels()
    year.until("2026-03-11")
    year.resumes()
    year.until("2026-05-20")
    year.cancels("other", "Goodbye")
    year.ends(
        "2026-08-01",
        """
        2026-01-31 bank        69.02 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 58.00 + 11.02 = 69.02 EUR
        2026-01-31 receipt     REC-2026-000001: 58.00 + 11.02 = 69.02 EUR
        2026-02-10 event       active -> canceling: canceled by the buyer
        2026-02-10 mail        Canceled: 2 × Team ends on Feb 28, 2026
        2026-02-12 event       canceling -> active: resumed by the buyer
        2026-02-12 mail        Your subscription to 2 × Team goes on
        2026-02-28 renewed     58.00 + 11.02 = 69.02 EUR, No. 2, "€69.02 for 2 × Team"
        2026-03-05 mail        Your plan changes to Starter on Mar 31, 2026
        2026-03-10 event       active -> canceling: canceled by the buyer
        2026-03-10 mail        Canceled: 2 × Team ends on Mar 31, 2026
        2026-03-11 event       canceling -> active: resumed by the buyer
        2026-03-11 mail        Your subscription to 2 × Team goes on
        2026-03-31 bank        10.71 EUR succeeded
        2026-03-31 invoice     INV-2026-000003: 9.00 + 1.71 = 10.71 EUR
        2026-03-31 receipt     REC-2026-000003: 9.00 + 1.71 = 10.71 EUR
        2026-03-31 mail        Your plan is now Starter
        2026-03-31 mail        Payment received: €10.71 for Starter
        2026-04-30 renewed     9.00 + 1.71 = 10.71 EUR, No. 4, "€10.71 for Starter"
        2026-05-20 event       active -> canceling: canceled by the buyer
        2026-05-20 mail        Canceled: Starter ends on May 31, 2026
        2026-05-31 event       canceling -> canceled: canceled by itself
        2026-05-31 mail        Your subscription to Starter has ended
        """,
    )


def test_leaves_while_a_payment_is_overdue(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.card_turns_into(cards.INSUFFICIENT_FUNDS)
    year.until("2026-03-02")
    year.cancels("too_expensive")
    year.ends(
        "2026-04-01",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-28 bank        10.71 EUR failed (insufficient_funds)
        2026-02-28 event       active -> past_due: payment_failed by itself
        2026-02-28 mail        Payment failed: €10.71 for Starter
        2026-03-01 bank        10.71 EUR failed (insufficient_funds)
        2026-03-01 mail        Payment failed: €10.71 for Starter
        2026-03-02 event       past_due -> canceling: canceled by the buyer
        2026-03-02 event       canceling -> canceled: canceled by the buyer
        2026-03-02 mail        Canceled: Starter has ended
        """,
    )


def test_a_trial_that_is_liked(year: Year) -> None:
    year.begins("Starter", on="2026-01-20", trial_days=14)
    year.ends(
        "2026-04-01",
        """
        2026-01-20 event       nothing -> trialing: imported by the shop
        2026-01-31 mail        Your trial of Starter ends on Feb 3, 2026
        2026-02-03 bank        10.71 EUR succeeded
        2026-02-03 event       trialing -> active: payment_captured by itself
        2026-02-03 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-03 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-03 mail        Payment received: €10.71 for Starter
        2026-03-03 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        """,
    )


def test_a_trial_without_a_card(year: Year) -> None:
    year.begins("Starter", on="2026-01-20", trial_days=14, has_card=False)
    year.ends(
        "2026-04-01",
        """
        2026-01-20 event       nothing -> trialing: imported by the shop
        2026-01-31 mail        Your trial of Starter ends on Feb 3, 2026
        2026-02-03 event       trialing -> expired: trial_without_card by itself
        2026-02-03 mail        Your subscription to Starter has ended
        """,
    )
    assert "There is no card to charge, so your subscription ends then too." in seen.letter(
        year, "Your trial of Starter ends on Feb 3, 2026"
    )


def test_a_trial_that_gets_its_card_in_time(year: Year) -> None:
    year.begins("Starter", on="2026-01-20", trial_days=14, has_card=False)
    year.until("2026-02-01")
    year.gives_a_card()
    year.ends(
        "2026-03-01",
        """
        2026-01-20 event       nothing -> trialing: imported by the shop
        2026-01-31 mail        Your trial of Starter ends on Feb 3, 2026
        2026-02-01 mail        New card for Starter: Visa ending in 4242
        2026-02-03 bank        10.71 EUR succeeded
        2026-02-03 event       trialing -> active: payment_captured by itself
        2026-02-03 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-03 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-03 mail        Payment received: €10.71 for Starter
        """,
    )


def test_a_trial_of_one_plan_and_then_another(year: Year) -> None:
    year.begins("Starter", on="2026-01-20", trial_days=14)
    year.until("2026-01-25")
    year.changes_to("Business")
    year.until("2026-01-28")
    year.cancels("unused")
    year.until("2026-01-29")
    year.resumes()
    year.until("2026-02-02")
    year.cancels("unused")
    year.ends(
        "2026-04-01",
        """
        2026-01-20 event       nothing -> trialing: imported by the shop
        2026-01-25 mail        Your plan is now Business
        2026-01-28 event       trialing -> canceling: canceled by the buyer
        2026-01-28 mail        Canceled: Business ends on Feb 3, 2026
        2026-01-29 event       canceling -> trialing: resumed by the buyer
        2026-01-29 mail        Your subscription to Business goes on
        2026-01-31 mail        Your trial of Business ends on Feb 3, 2026
        2026-02-02 event       trialing -> canceling: canceled by the buyer
        2026-02-02 mail        Canceled: Business ends on Feb 3, 2026
        2026-02-03 event       canceling -> canceled: canceled by itself
        2026-02-03 mail        Your subscription to Business has ended
        """,
    )
    assert "invoices" not in seen.letter(year, "Your subscription to Business has ended"), "there are none"


def test_a_trial_whose_first_charge_fails(year: Year) -> None:
    year.begins("Starter", on="2026-01-20", trial_days=14, number=cards.INSUFFICIENT_FUNDS)
    year.until("2026-02-05")
    year.gives_a_card()
    year.ends(
        "2026-03-01",
        """
        2026-01-20 event       nothing -> trialing: imported by the shop
        2026-01-31 mail        Your trial of Starter ends on Feb 3, 2026
        2026-02-03 bank        10.71 EUR failed (insufficient_funds)
        2026-02-03 event       trialing -> past_due: payment_failed by itself
        2026-02-03 mail        Payment failed: €10.71 for Starter
        2026-02-04 bank        10.71 EUR failed (insufficient_funds)
        2026-02-04 mail        Payment failed: €10.71 for Starter
        2026-02-05 bank        10.71 EUR succeeded
        2026-02-05 event       past_due -> active: payment_captured by itself
        2026-02-05 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-05 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-05 mail        New card for Starter: Visa ending in 4242
        2026-02-05 mail        Payment received: €10.71 for Starter
        """,
    )


def test_a_pause(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.until("2026-02-10")
    year.pauses(1)
    year.until("2026-02-11")
    year.calls_the_pause_off()
    year.pauses(2)
    year.until("2026-06-10")
    year.pauses(2)
    year.until("2026-07-15")
    year.goes_on_early()
    year.ends(
        "2026-09-20",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-10 mail        Starter pauses on Feb 28, 2026
        2026-02-11 mail        Your subscription to Starter goes on
        2026-02-11 mail        Starter pauses on Feb 28, 2026
        2026-02-28 event       active -> paused: paused by itself
        2026-02-28 mail        Starter is paused until Apr 30, 2026
        2026-04-23 mail        Starter continues on Apr 30, 2026 for €10.71
        2026-04-30 bank        10.71 EUR succeeded
        2026-04-30 event       paused -> active: due by itself
        2026-04-30 invoice     INV-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-04-30 receipt     REC-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-04-30 mail        Payment received: €10.71 for Starter
        2026-05-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 3, "€10.71 for Starter"
        2026-06-10 mail        Starter pauses on Jun 30, 2026
        2026-06-30 event       active -> paused: paused by itself
        2026-06-30 mail        Starter is paused until Aug 31, 2026
        2026-07-15 bank        10.71 EUR succeeded
        2026-07-15 event       paused -> active: resumed by the buyer
        2026-07-15 invoice     INV-2026-000004: 9.00 + 1.71 = 10.71 EUR
        2026-07-15 receipt     REC-2026-000004: 9.00 + 1.71 = 10.71 EUR
        2026-07-15 mail        Payment received: €10.71 for Starter
        2026-08-15 renewed     9.00 + 1.71 = 10.71 EUR, No. 5, "€10.71 for Starter"
        2026-09-15 renewed     9.00 + 1.71 = 10.71 EUR, No. 6, "€10.71 for Starter"
        """,
    )


def test_leaves_during_a_pause(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.until("2026-02-10")
    year.pauses(2)
    year.until("2026-02-12")
    year.cancels()
    year.until("2026-02-13")
    year.resumes()
    year.until("2026-03-20")
    year.cancels("unused")
    year.ends(
        "2026-06-01",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-10 mail        Starter pauses on Feb 28, 2026
        2026-02-12 event       active -> canceling: canceled by the buyer
        2026-02-12 mail        Canceled: Starter ends on Feb 28, 2026
        2026-02-13 event       canceling -> active: resumed by the buyer
        2026-02-13 mail        Your subscription to Starter goes on
        2026-02-28 event       active -> paused: paused by itself
        2026-02-28 mail        Starter is paused until Apr 30, 2026
        2026-03-20 event       paused -> canceled: canceled by the buyer
        2026-03-20 mail        Canceled: Starter has ended
        """,
    )
    resumed = seen.letter(year, "Your subscription to Starter goes on")
    assert "Paused from: Feb 28, 2026\nContinues on: Apr 30, 2026\nNext charge: €10.71 on Apr 30, 2026" in resumed
