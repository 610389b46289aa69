"""Years of buyers who change their mind about what they need."""

from datetime import timedelta

from portico.sandbox import cards
from tests.years import seen
from tests.years.year import Year


def test_up_in_the_middle_down_at_the_end(year: Year) -> None:
    year.begins("Starter", on="2026-03-01")
    year.until("2026-03-16T19:00Z")
    year.changes_to("Team")
    year.until("2026-04-10")
    year.changes_to("Team", 3)
    year.until("2026-04-20")
    year.changes_to("Team", 2)
    year.until("2026-04-21")
    year.keeps_the_plan()
    year.changes_to("Team", 2)
    year.until("2026-05-15")
    year.changes_to("Starter")
    year.until("2026-06-15")
    year.changes_to("Free")
    year.ends(
        "2026-08-02",
        """
        2026-03-01 bank        10.71 EUR succeeded
        2026-03-01 event       nothing -> active: imported by the shop
        2026-03-01 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-03-01 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-03-16 bank        11.90 EUR succeeded
        2026-03-16 invoice     INV-2026-000002: 10.00 + 1.90 = 11.90 EUR
        2026-03-16 receipt     REC-2026-000002: 10.00 + 1.90 = 11.90 EUR
        2026-03-16 mail        Your plan is now Team
        2026-04-01 renewed     29.00 + 5.51 = 34.51 EUR, No. 3, "€34.51 for Team"
        2026-04-10 bank        48.03 EUR succeeded
        2026-04-10 invoice     INV-2026-000004: 40.36 + 7.67 = 48.03 EUR
        2026-04-10 receipt     REC-2026-000004: 40.36 + 7.67 = 48.03 EUR
        2026-04-10 mail        Your subscription to Team has changed
        2026-04-20 mail        Your subscription to Team changes on May 1, 2026
        2026-04-21 mail        Your subscription to 3 × Team goes on
        2026-04-21 mail        Your subscription to Team changes on May 1, 2026
        2026-05-01 bank        69.02 EUR succeeded
        2026-05-01 invoice     INV-2026-000005: 58.00 + 11.02 = 69.02 EUR
        2026-05-01 receipt     REC-2026-000005: 58.00 + 11.02 = 69.02 EUR
        2026-05-01 mail        Your subscription to Team has changed
        2026-05-01 mail        Payment received: €69.02 for 2 × Team
        2026-05-15 mail        Your plan changes to Starter on Jun 1, 2026
        2026-06-01 bank        10.71 EUR succeeded
        2026-06-01 invoice     INV-2026-000006: 9.00 + 1.71 = 10.71 EUR
        2026-06-01 receipt     REC-2026-000006: 9.00 + 1.71 = 10.71 EUR
        2026-06-01 mail        Your plan is now Starter
        2026-06-01 mail        Payment received: €10.71 for Starter
        2026-06-15 mail        Your plan changes to Free on Jul 1, 2026
        2026-07-01 mail        Your plan is now Free
        """,
    )
    assert seen.printed(year, "INV-2026-000004")[:4] == [
        "Unused time on Team | Apr 10 – 30, 2026 | 1 | -€20.18 | -€20.18",
        "3 × Team | Apr 10 – 30, 2026 | 1 | €60.54 | €60.54",
        "Total without tax: €40.36",
        "VAT 19%: €7.67",
    ]
    now_starter = seen.letter(year, "Your plan is now Starter")
    assert "We switched you from 2 × Team to Starter on Jun 1, 2026." in now_starter
    assert "We charge €10.71 for the new billing period." in now_starter, "its own mail says the same, and neither that it was free"
    assert "charge" not in seen.letter(year, "Your plan is now Free").replace("Nothing was charged for the change.", "")


def test_from_month_to_year_and_back(year: Year) -> None:
    year.begins("Business", on="2026-03-01")
    year.until("2026-03-16")
    year.changes_to("Team", 30)
    year.until("2026-05-16")
    year.changes_to("Business yearly")
    year.until("2026-06-10")
    year.changes_to("Starter")
    year.ends(
        "2027-07-20",
        """
        2026-03-01 bank        58.31 EUR succeeded
        2026-03-01 event       nothing -> active: imported by the shop
        2026-03-01 invoice     INV-2026-000001: 49.00 + 9.31 = 58.31 EUR
        2026-03-01 receipt     REC-2026-000001: 49.00 + 9.31 = 58.31 EUR
        2026-03-16 bank        498.99 EUR succeeded
        2026-03-16 invoice     INV-2026-000002: 419.32 + 79.67 = 498.99 EUR
        2026-03-16 receipt     REC-2026-000002: 419.32 + 79.67 = 498.99 EUR
        2026-03-16 mail        Your plan is now 30 × Team
        2026-04-01 renewed     870.00 + 165.30 = 1035.30 EUR, No. 3, "€1,035.30 for 30 × Team"
        2026-05-01 renewed     870.00 + 165.30 = 1035.30 EUR, No. 4, "€1,035.30 for 30 × Team"
        2026-05-16 mail        Your plan changes to Business yearly on Jun 1, 2026
        2026-06-01 bank        583.10 EUR succeeded
        2026-06-01 invoice     INV-2026-000005: 490.00 + 93.10 = 583.10 EUR
        2026-06-01 receipt     REC-2026-000005: 490.00 + 93.10 = 583.10 EUR
        2026-06-01 mail        Your plan is now Business yearly
        2026-06-01 mail        Payment received: €583.10 for Business yearly
        2026-06-10 mail        Your plan changes to Starter on Jun 1, 2027
        2027-05-25 mail        Starter starts on Jun 1, 2027 for €10.71
        2027-06-01 bank        10.71 EUR succeeded
        2027-06-01 invoice     INV-2027-000001: 9.00 + 1.71 = 10.71 EUR
        2027-06-01 receipt     REC-2027-000001: 9.00 + 1.71 = 10.71 EUR
        2027-06-01 mail        Your plan is now Starter
        2027-06-01 mail        Payment received: €10.71 for Starter
        2027-07-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        """,
    )


def test_a_yearly_plan_that_becomes_a_dearer_monthly_one(year: Year) -> None:
    year.begins("Business yearly", on="2026-02-10")
    year.until("2027-01-20")
    year.changes_to("Business")
    year.ends(
        "2027-03-20",
        """
        2026-02-10 bank        583.10 EUR succeeded
        2026-02-10 event       nothing -> active: imported by the shop
        2026-02-10 invoice     INV-2026-000001: 490.00 + 93.10 = 583.10 EUR
        2026-02-10 receipt     REC-2026-000001: 490.00 + 93.10 = 583.10 EUR
        2027-01-20 bank        25.03 EUR succeeded
        2027-01-20 invoice     INV-2027-000001: 21.03 + 4.00 = 25.03 EUR
        2027-01-20 receipt     REC-2027-000001: 21.03 + 4.00 = 25.03 EUR
        2027-01-20 mail        Your plan is now Business
        2027-02-20 renewed     49.00 + 9.31 = 58.31 EUR, No. 2, "€58.31 for Business"
        2027-03-20 renewed     49.00 + 9.31 = 58.31 EUR, No. 3, "€58.31 for Business"
        """,
    )
    assert seen.printed(year, "INV-2027-000001")[:2] == [
        "Unused time on Business yearly | Jan 20 – Feb 9, 2027 | 1 | -€27.97 | -€27.97",
        "Business | Jan 20 – Feb 19, 2027 | 1 | €49.00 | €49.00",
    ]


def test_an_upgrade_that_is_declined_and_one_that_is_confirmed(year: Year) -> None:
    year.begins("Starter", on="2026-03-01")
    year.until("2026-03-16")
    year.card_turns_into(cards.INSUFFICIENT_FUNDS)
    year.changes_to("Business")
    year.gives_a_card(cards.CONFIRMS)
    year.changes_to("Business")
    year.until("2026-03-17", pace=timedelta(minutes=10))
    year.changes_to("Business")
    year.answers_the_bank(approved=True)
    year.ends(
        "2026-03-31",
        """
        2026-03-01 bank        10.71 EUR succeeded
        2026-03-01 event       nothing -> active: imported by the shop
        2026-03-01 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-03-01 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-03-16 bank        24.31 EUR failed (insufficient_funds)
        2026-03-16 bank        24.31 EUR requires_action
        2026-03-16 mail        Your change to Business didn’t go through
        2026-03-16 mail        New card for Starter: Visa ending in 3184
        2026-03-16 bank        24.31 EUR canceled
        2026-03-16 mail        Your change to Business didn’t go through
        2026-03-17 bank        22.78 EUR requires_action
        2026-03-17 bank        22.78 EUR succeeded
        2026-03-17 invoice     INV-2026-000002: 19.14 + 3.64 = 22.78 EUR
        2026-03-17 receipt     REC-2026-000002: 19.14 + 3.64 = 22.78 EUR
        2026-03-17 mail        Your plan is now Business
        """,
    )
    assert year.subscription().product_name == "Business"
