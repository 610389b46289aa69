"""Years in which money goes back."""

from tests.years import seen
from tests.years.year import Year


def test_asked_declined_asked_again_and_given_in_two_parts(year: Year) -> None:
    year.begins("Team", on="2026-01-31", quantity=3)
    year.until("2026-02-05")
    ticket = year.asks_back("103.53", "We did not use it")
    year.until("2026-02-06")
    year.declines(ticket, "You had access all month.")
    year.until("2026-02-07")
    year.asks_again(ticket, "50.00", "Two of three could not sign in")
    year.until("2026-02-09")
    year.approves(ticket, "Sorry about that.")
    year.until("2026-03-02")
    ticket = year.asks_back("53.53", "The third could not either", of=0)
    year.until("2026-03-03")
    year.approves(ticket)
    year.ends(
        "2026-03-30",
        """
        2026-01-31 bank        103.53 EUR succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 87.00 + 16.53 = 103.53 EUR
        2026-01-31 receipt     REC-2026-000001: 87.00 + 16.53 = 103.53 EUR
        2026-02-05 mail        Refund request received: €103.53 for 3 × Team
        2026-02-06 mail        Refund request declined: €103.53 for 3 × Team
        2026-02-07 mail        Refund request received: €50.00 for 3 × Team
        2026-02-09 bank        50.00 EUR back succeeded
        2026-02-09 credit_note CN-2026-000001: 42.02 + 7.98 = 50.00 EUR
        2026-02-09 mail        Refund sent: €50.00 for 3 × Team
        2026-02-28 renewed     87.00 + 16.53 = 103.53 EUR, No. 2, "€103.53 for 3 × Team"
        2026-03-02 mail        Refund request received: €53.53 for 3 × Team
        2026-03-03 bank        53.53 EUR back succeeded
        2026-03-03 credit_note CN-2026-000002: 44.98 + 8.55 = 53.53 EUR
        2026-03-03 mail        Refund sent: €53.53 for 3 × Team
        """,
    )
    assert [seen.content(year, f"CN-2026-00000{number}").refers_to for number in (1, 2)] == ["INV-2026-000001", "INV-2026-000001"]
    assert seen.told_in_letters(year, "Our answer") == ["You had access all month.", "Sorry about that."]


def test_what_was_given_back_is_no_credit_for_an_upgrade(year: Year) -> None:
    """Of 29.00 for the month 16.81 went back: 12.19 is all that can be moved to the new plan, though half of the month is left."""
    year.begins("Team", on="2026-03-01")
    year.until("2026-03-05")
    year.approves(year.asks_back("20.00", "It did not work for a week"))
    year.until("2026-03-16T19:00Z")
    year.changes_to("Business")
    year.until("2026-03-18")
    year.approves(year.asks_back("14.65", "I did not mean to"))
    year.ends(
        "2026-04-01",
        """
        2026-03-01 bank        34.51 EUR succeeded
        2026-03-01 event       nothing -> active: imported by the shop
        2026-03-01 invoice     INV-2026-000001: 29.00 + 5.51 = 34.51 EUR
        2026-03-01 receipt     REC-2026-000001: 29.00 + 5.51 = 34.51 EUR
        2026-03-05 bank        20.00 EUR back succeeded
        2026-03-05 credit_note CN-2026-000001: 16.81 + 3.19 = 20.00 EUR
        2026-03-05 mail        Refund request received: €20.00 for Team
        2026-03-05 mail        Refund sent: €20.00 for Team
        2026-03-16 bank        14.65 EUR succeeded
        2026-03-16 invoice     INV-2026-000002: 12.31 + 2.34 = 14.65 EUR
        2026-03-16 receipt     REC-2026-000002: 12.31 + 2.34 = 14.65 EUR
        2026-03-16 mail        Your plan is now Business
        2026-03-18 bank        14.65 EUR back succeeded
        2026-03-18 credit_note CN-2026-000002: 12.31 + 2.34 = 14.65 EUR
        2026-03-18 mail        Refund request received: €14.65 for Business
        2026-03-18 mail        Refund sent: €14.65 for Business
        2026-04-01 renewed     49.00 + 9.31 = 58.31 EUR, No. 3, "€58.31 for Business"
        """,
    )
