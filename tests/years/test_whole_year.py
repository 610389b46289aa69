"""Everything that happens to a buyer, in one year: by the shop's clock as it goes, and by the test clock that plays it."""

from portico.sandbox import cards
from tests.years import seen
from tests.years.year import Year

TOLD = """
    2026-01-31 bank        10.71 EUR succeeded
    2026-01-31 event       nothing -> active: imported by the shop
    2026-01-31 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
    2026-01-31 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
    2026-02-28 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
    2026-03-10 bank        39.19 EUR succeeded
    2026-03-10 invoice     INV-2026-000003: 32.93 + 6.26 = 39.19 EUR
    2026-03-10 receipt     REC-2026-000003: 32.93 + 6.26 = 39.19 EUR
    2026-03-10 mail        Your plan is now 2 × Team
    2026-03-31 renewed     58.00 + 11.02 = 69.02 EUR, No. 4, "€69.02 for 2 × Team"
    2026-04-30 renewed     58.00 + 11.02 = 69.02 EUR, No. 5, "€69.02 for 2 × Team"
    2026-05-31 bank        69.02 EUR failed (insufficient_funds)
    2026-05-31 event       active -> past_due: payment_failed by itself
    2026-05-31 mail        Payment failed: €69.02 for 2 × Team
    2026-06-01 bank        69.02 EUR failed (insufficient_funds)
    2026-06-01 mail        Payment failed: €69.02 for 2 × Team
    2026-06-02 bank        69.02 EUR succeeded
    2026-06-02 event       past_due -> active: payment_captured by itself
    2026-06-02 invoice     INV-2026-000006: 58.00 + 11.02 = 69.02 EUR
    2026-06-02 receipt     REC-2026-000006: 58.00 + 11.02 = 69.02 EUR
    2026-06-02 mail        New card for 2 × Team: Mastercard ending in 4444
    2026-06-02 mail        Payment received: €69.02 for 2 × Team
    2026-06-30 renewed     58.00 + 11.02 = 69.02 EUR, No. 7, "€69.02 for 2 × Team"
    2026-07-20 mail        Your plan changes to Starter on Jul 31, 2026
    2026-07-31 bank        10.71 EUR succeeded
    2026-07-31 invoice     INV-2026-000008: 9.00 + 1.71 = 10.71 EUR
    2026-07-31 receipt     REC-2026-000008: 9.00 + 1.71 = 10.71 EUR
    2026-07-31 mail        Your plan is now Starter
    2026-07-31 mail        Payment received: €10.71 for Starter
    2026-08-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 9, "€10.71 for Starter"
    2026-09-10 event       active -> canceling: canceled by the buyer
    2026-09-10 mail        Canceled: Starter ends on Sep 30, 2026
    2026-09-12 event       canceling -> active: resumed by the buyer
    2026-09-12 mail        Your subscription to Starter goes on
    2026-09-30 renewed     9.00 + 1.71 = 10.71 EUR, No. 10, "€10.71 for Starter"
    2026-10-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 11, "€10.71 for Starter"
    2026-11-30 renewed     9.00 + 1.71 = 10.71 EUR, No. 12, "€10.71 for Starter"
    2026-12-01 event       active -> canceling: canceled by the buyer
    2026-12-01 mail        Canceled: Starter ends on Dec 31, 2026
    2026-12-31 event       canceling -> canceled: canceled by itself
    2026-12-31 mail        Your subscription to Starter has ended
    """


def live(year: Year) -> None:
    """Buys on the last of January, renews, upgrades, has a card that dies, recovers, downgrades, cancels, resumes, leaves."""
    year.until("2026-03-10")
    year.changes_to("Team", 2)
    year.until("2026-05-15")
    year.card_turns_into(cards.INSUFFICIENT_FUNDS)
    year.until("2026-06-02")
    year.gives_a_card("5555555555554444")
    year.until("2026-07-20")
    year.changes_to("Starter")
    year.until("2026-09-10")
    year.cancels("too_expensive", "I will look around")
    year.until("2026-09-12")
    year.resumes()
    year.until("2026-12-01")
    year.cancels("unused")


def test_everything_that_happens(year: Year) -> None:
    year.begins("Starter", on="2026-01-31")
    live(year)
    year.ends("2027-01-31", TOLD)


def test_the_test_clock_plays_the_same_year(year: Year) -> None:
    """The bank and the mails know no clock but the real one, so of them only what they say is compared, and in what order."""
    year.begins("Starter", on="2026-01-31", environment="test")
    live(year)
    year.until("2027-01-31")
    played = [line.replace("TEST-", "") for line in seen.lines(year)]
    assert by_kind(played) == by_kind(seen.expand(TOLD))
    year.clock.advance(hours=1)  # jobs that look for an answer are due by real time
    year.until("2027-02-01")
    seen.books_are_in_order(year)


def by_kind(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        day, kind, what = line.split(" ", 2)
        found.setdefault(kind, []).append(what if kind in ("bank", "mail") else f"{day} {what}")
    return found
