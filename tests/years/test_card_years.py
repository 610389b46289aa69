"""Years in which the money does not come as it should."""

from datetime import timedelta

from portico.sandbox import cards
from tests.years import seen
from tests.years.year import Year


def test_the_card_dies_and_another_takes_its_place(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.until("2026-03-10")
    year.card_turns_into(cards.INSUFFICIENT_FUNDS)
    year.until("2026-04-04")
    year.gives_a_card("5555555555554444")
    year.ends(
        "2026-06-01",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-28 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2026-03-31 bank        10.71 EUR failed (insufficient_funds)
        2026-03-31 event       active -> past_due: payment_failed by itself
        2026-03-31 mail        Payment failed: €10.71 for Starter
        2026-04-01 bank        10.71 EUR failed (insufficient_funds)
        2026-04-01 mail        Payment failed: €10.71 for Starter
        2026-04-03 bank        10.71 EUR failed (insufficient_funds)
        2026-04-03 mail        Payment failed: €10.71 for Starter
        2026-04-04 bank        10.71 EUR succeeded
        2026-04-04 event       past_due -> active: payment_captured by itself
        2026-04-04 invoice     INV-2026-000003: 9.00 + 1.71 = 10.71 EUR
        2026-04-04 receipt     REC-2026-000003: 9.00 + 1.71 = 10.71 EUR
        2026-04-04 mail        New card for Starter: Mastercard ending in 4444
        2026-04-04 mail        Payment received: €10.71 for Starter
        2026-04-30 renewed     9.00 + 1.71 = 10.71 EUR, No. 4, "€10.71 for Starter"
        2026-05-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 5, "€10.71 for Starter"
        """,
    )


def test_the_card_dies_for_good(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.until("2026-03-10")
    year.card_turns_into(cards.LOST)
    year.ends(
        "2027-01-31",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-28 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2026-03-31 bank        10.71 EUR failed (lost_card)
        2026-03-31 event       active -> past_due: payment_failed by itself
        2026-03-31 mail        Payment failed: €10.71 for Starter
        2026-04-01 bank        10.71 EUR failed (lost_card)
        2026-04-01 mail        Payment failed: €10.71 for Starter
        2026-04-03 bank        10.71 EUR failed (lost_card)
        2026-04-03 mail        Payment failed: €10.71 for Starter
        2026-04-05 bank        10.71 EUR failed (lost_card)
        2026-04-05 mail        Payment failed: €10.71 for Starter
        2026-04-07 bank        10.71 EUR failed (lost_card)
        2026-04-07 event       past_due -> canceled: unpaid by itself
        2026-04-07 mail        Your subscription to Starter has ended: payment failed
        """,
    )
    assert seen.told_in_letters(year, "Next try") == ["Apr 1, 2026", "Apr 3, 2026", "Apr 5, 2026", "Apr 7, 2026"]
    assert year.payments()[-1].status == "canceled", "nothing is owed"


def test_the_buyer_pays_between_two_retries(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.card_turns_into(cards.INSUFFICIENT_FUNDS)
    year.until("2026-03-02")
    year.pays()
    year.until("2026-03-04")
    year.card_turns_into(cards.SUCCESS)
    year.pays()
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
        2026-03-02 bank        10.71 EUR failed (insufficient_funds)
        2026-03-02 mail        Payment failed: €10.71 for Starter
        2026-03-03 bank        10.71 EUR failed (insufficient_funds)
        2026-03-03 mail        Payment failed: €10.71 for Starter
        2026-03-04 bank        10.71 EUR succeeded
        2026-03-04 event       past_due -> active: payment_captured by itself
        2026-03-04 invoice     INV-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-03-04 receipt     REC-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-03-04 mail        Payment received: €10.71 for Starter
        2026-03-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 3, "€10.71 for Starter"
        """,
    )


def test_a_card_that_wants_the_buyer_each_time(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.card_turns_into(cards.CONFIRMS)
    year.until("2026-03-01")
    year.pays()
    year.answers_the_bank(approved=True)
    year.ends(
        "2026-03-30",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-28 bank        10.71 EUR failed (authentication_required)
        2026-02-28 event       active -> past_due: payment_failed by itself
        2026-02-28 mail        Payment failed: €10.71 for Starter
        2026-03-01 bank        10.71 EUR failed (authentication_required)
        2026-03-01 mail        Payment failed: €10.71 for Starter
        2026-03-01 bank        10.71 EUR requires_action
        2026-03-01 bank        10.71 EUR succeeded
        2026-03-01 event       past_due -> active: payment_captured by itself
        2026-03-01 invoice     INV-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-03-01 receipt     REC-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-03-01 mail        Payment received: €10.71 for Starter
        """,
    )


def test_the_bank_is_down_for_a_day(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.until("2026-02-27")
    year.bank_is_down()
    year.until("2026-03-01", pace=timedelta(hours=1))
    year.bank_is_back()
    year.ends(
        "2026-04-01",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-28 mail        We’re checking your payment of €10.71 for Starter
        2026-03-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2026-03-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 3, "€10.71 for Starter"
        """,
    )


def test_the_bank_is_down_and_then_declines(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.until("2026-02-27")
    year.card_turns_into(cards.INSUFFICIENT_FUNDS)
    year.bank_is_down()
    year.until("2026-03-01", pace=timedelta(hours=1))
    year.bank_is_back()
    year.until("2026-03-03")
    year.gives_a_card()
    year.ends(
        "2026-04-01",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-28 mail        We’re checking your payment of €10.71 for Starter
        2026-03-01 bank        10.71 EUR failed (insufficient_funds)
        2026-03-01 event       active -> past_due: payment_failed by itself
        2026-03-01 mail        Payment failed: €10.71 for Starter
        2026-03-02 bank        10.71 EUR failed (insufficient_funds)
        2026-03-02 mail        Payment failed: €10.71 for Starter
        2026-03-03 bank        10.71 EUR succeeded
        2026-03-03 event       past_due -> active: payment_captured by itself
        2026-03-03 invoice     INV-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-03-03 receipt     REC-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-03-03 mail        New card for Starter: Visa ending in 4242
        2026-03-03 mail        Payment received: €10.71 for Starter
        2026-03-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 3, "€10.71 for Starter"
        """,
    )


def test_the_answer_is_lost_after_the_capture(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.gateway.faults.append("timeout_after")
    year.until("2026-03-15")
    year.gateway.faults.append("timeout_after")
    year.changes_to("Team")
    year.ends(
        "2026-04-01",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-28 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2026-03-15 bank        12.15 EUR succeeded
        2026-03-15 invoice     INV-2026-000003: 10.21 + 1.94 = 12.15 EUR
        2026-03-15 receipt     REC-2026-000003: 10.21 + 1.94 = 12.15 EUR
        2026-03-15 mail        Your plan is now Team
        2026-03-31 renewed     29.00 + 5.51 = 34.51 EUR, No. 4, "€34.51 for Team"
        """,
    )


def test_three_months_of_standstill(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    year.until("2026-02-27")
    year.is_switched_off_until("2026-05-15")
    year.ends(
        "2026-06-01",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-05-15 bank        10.71 EUR succeeded
        2026-05-15 bank        10.71 EUR succeeded
        2026-05-15 bank        10.71 EUR succeeded
        2026-05-15 invoice     INV-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-05-15 invoice     INV-2026-000003: 9.00 + 1.71 = 10.71 EUR
        2026-05-15 invoice     INV-2026-000004: 9.00 + 1.71 = 10.71 EUR
        2026-05-15 receipt     REC-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-05-15 receipt     REC-2026-000003: 9.00 + 1.71 = 10.71 EUR
        2026-05-15 receipt     REC-2026-000004: 9.00 + 1.71 = 10.71 EUR
        2026-05-15 mail        Payment received: €10.71 for Starter
        2026-05-15 mail        Payment received: €10.71 for Starter
        2026-05-15 mail        Payment received: €10.71 for Starter
        2026-05-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 5, "€10.71 for Starter"
        """,
    )
    assert seen.told_in_letters(year, "Billing period") == [
        "Feb 28 – Mar 30, 2026", "Mar 31 – Apr 29, 2026", "Apr 30 – May 30, 2026", "May 31 – Jun 29, 2026",
    ]  # fmt: skip
    days = ("May 15", "May 15", "May 31", "Jun 30")
    assert seen.told_in_letters(year, "Next charge") == [f"€10.71 on {day}, 2026" for day in days], "none of them has passed"


def test_half_a_year_of_standstill(year: Year) -> None:
    """No more than three charges a day, whatever was missed."""
    year.begins("Starter", on="2026-01-31")
    year.is_switched_off_until("2026-08-15")
    year.ends(
        "2026-09-01",
        """
        2026-01-31 bank        10.71 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-08-15 bank        10.71 EUR succeeded
        2026-08-15 bank        10.71 EUR succeeded
        2026-08-15 bank        10.71 EUR succeeded
        2026-08-15 invoice     INV-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-08-15 invoice     INV-2026-000003: 9.00 + 1.71 = 10.71 EUR
        2026-08-15 invoice     INV-2026-000004: 9.00 + 1.71 = 10.71 EUR
        2026-08-15 receipt     REC-2026-000002: 9.00 + 1.71 = 10.71 EUR
        2026-08-15 receipt     REC-2026-000003: 9.00 + 1.71 = 10.71 EUR
        2026-08-15 receipt     REC-2026-000004: 9.00 + 1.71 = 10.71 EUR
        2026-08-15 mail        Payment received: €10.71 for Starter
        2026-08-15 mail        Payment received: €10.71 for Starter
        2026-08-15 mail        Payment received: €10.71 for Starter
        2026-08-16 bank        10.71 EUR succeeded
        2026-08-16 bank        10.71 EUR succeeded
        2026-08-16 bank        10.71 EUR succeeded
        2026-08-16 invoice     INV-2026-000005: 9.00 + 1.71 = 10.71 EUR
        2026-08-16 invoice     INV-2026-000006: 9.00 + 1.71 = 10.71 EUR
        2026-08-16 invoice     INV-2026-000007: 9.00 + 1.71 = 10.71 EUR
        2026-08-16 receipt     REC-2026-000005: 9.00 + 1.71 = 10.71 EUR
        2026-08-16 receipt     REC-2026-000006: 9.00 + 1.71 = 10.71 EUR
        2026-08-16 receipt     REC-2026-000007: 9.00 + 1.71 = 10.71 EUR
        2026-08-16 mail        Payment received: €10.71 for Starter
        2026-08-16 mail        Payment received: €10.71 for Starter
        2026-08-16 mail        Payment received: €10.71 for Starter
        2026-08-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 8, "€10.71 for Starter"
        """,
    )
