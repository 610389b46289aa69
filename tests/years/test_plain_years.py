"""Years in which nothing goes wrong."""

from tests.years import seen
from tests.years.year import Year


def test_a_plain_year(year: Year) -> None:
    year.begins("Starter", on="2026-01-01")
    year.ends(
        "2027-01-01",
        """
        2026-01-01 bank        10.71 EUR succeeded
        2026-01-01 event       nothing -> active: imported by the shop
        2026-01-01 invoice     INV-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-01-01 receipt     REC-2026-000001: 9.00 + 1.71 = 10.71 EUR
        2026-02-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2026-03-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 3, "€10.71 for Starter"
        2026-04-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 4, "€10.71 for Starter"
        2026-05-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 5, "€10.71 for Starter"
        2026-06-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 6, "€10.71 for Starter"
        2026-07-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 7, "€10.71 for Starter"
        2026-08-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 8, "€10.71 for Starter"
        2026-09-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 9, "€10.71 for Starter"
        2026-10-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 10, "€10.71 for Starter"
        2026-11-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 11, "€10.71 for Starter"
        2026-12-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 12, "€10.71 for Starter"
        2027-01-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 1, "€10.71 for Starter"
        """,
    )


def test_from_the_last_of_january_through_a_leap_year(year: Year) -> None:
    year.begins("Starter", on="2028-01-31")
    year.ends(
        "2029-03-31",
        """
        2028-01-31 bank        10.71 EUR succeeded
        2028-01-31 event       nothing -> active: imported by the shop
        2028-01-31 invoice     INV-2028-000001: 9.00 + 1.71 = 10.71 EUR
        2028-01-31 receipt     REC-2028-000001: 9.00 + 1.71 = 10.71 EUR
        2028-02-29 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2028-03-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 3, "€10.71 for Starter"
        2028-04-30 renewed     9.00 + 1.71 = 10.71 EUR, No. 4, "€10.71 for Starter"
        2028-05-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 5, "€10.71 for Starter"
        2028-06-30 renewed     9.00 + 1.71 = 10.71 EUR, No. 6, "€10.71 for Starter"
        2028-07-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 7, "€10.71 for Starter"
        2028-08-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 8, "€10.71 for Starter"
        2028-09-30 renewed     9.00 + 1.71 = 10.71 EUR, No. 9, "€10.71 for Starter"
        2028-10-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 10, "€10.71 for Starter"
        2028-11-30 renewed     9.00 + 1.71 = 10.71 EUR, No. 11, "€10.71 for Starter"
        2028-12-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 12, "€10.71 for Starter"
        2029-01-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 1, "€10.71 for Starter"
        2029-02-28 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2029-03-31 renewed     9.00 + 1.71 = 10.71 EUR, No. 3, "€10.71 for Starter"
        """,
    )


def test_at_midnight_in_berlin(year: Year) -> None:
    year.begins("Starter", on="2026-12-31T23:30Z")
    year.ends(
        "2027-04-02",
        """
        2027-01-01 bank        10.71 EUR succeeded
        2027-01-01 event       nothing -> active: imported by the shop
        2027-01-01 invoice     INV-2027-000001: 9.00 + 1.71 = 10.71 EUR
        2027-01-01 receipt     REC-2027-000001: 9.00 + 1.71 = 10.71 EUR
        2027-02-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 2, "€10.71 for Starter"
        2027-03-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 3, "€10.71 for Starter"
        2027-04-01 renewed     9.00 + 1.71 = 10.71 EUR, No. 4, "€10.71 for Starter"
        """,
    )


def test_two_years_of_a_yearly_plan(year: Year) -> None:
    year.begins("Business yearly", on="2026-02-10", expiry=(11, 2027))
    year.until("2028-02-04")
    year.gives_a_card()
    year.ends(
        "2028-02-10",
        """
        2026-02-10 bank        583.10 EUR succeeded
        2026-02-10 event       nothing -> active: imported by the shop
        2026-02-10 invoice     INV-2026-000001: 490.00 + 93.10 = 583.10 EUR
        2026-02-10 receipt     REC-2026-000001: 490.00 + 93.10 = 583.10 EUR
        2027-02-03 mail        Business yearly renews on Feb 10, 2027 for €583.10
        2027-02-10 renewed     490.00 + 93.10 = 583.10 EUR, No. 1, "€583.10 for Business yearly"
        2028-02-03 mail        Your card has expired: Visa ending in 4242
        2028-02-04 mail        New card for Business yearly: Visa ending in 4242
        2028-02-10 renewed     490.00 + 93.10 = 583.10 EUR, No. 1, "€583.10 for Business yearly"
        """,
    )
    expired = seen.letter(year, "Your card has expired: Visa ending in 4242")
    assert "Your card for Business yearly was valid until 11/2027. The next payment is due on Feb 10, 2028." in expired


def test_a_yearly_plan_from_the_29th_of_february(year: Year) -> None:
    year.begins("Business yearly", on="2028-02-29")
    year.ends(
        "2032-02-29",
        """
        2028-02-29 bank        583.10 EUR succeeded
        2028-02-29 event       nothing -> active: imported by the shop
        2028-02-29 invoice     INV-2028-000001: 490.00 + 93.10 = 583.10 EUR
        2028-02-29 receipt     REC-2028-000001: 490.00 + 93.10 = 583.10 EUR
        2029-02-21 mail        Business yearly renews on Feb 28, 2029 for €583.10
        2029-02-28 renewed     490.00 + 93.10 = 583.10 EUR, No. 1, "€583.10 for Business yearly"
        2030-02-21 mail        Business yearly renews on Feb 28, 2030 for €583.10
        2030-02-28 renewed     490.00 + 93.10 = 583.10 EUR, No. 1, "€583.10 for Business yearly"
        2031-02-21 mail        Business yearly renews on Feb 28, 2031 for €583.10
        2031-02-28 renewed     490.00 + 93.10 = 583.10 EUR, No. 1, "€583.10 for Business yearly"
        2032-02-22 mail        Business yearly renews on Feb 29, 2032 for €583.10
        2032-02-29 renewed     490.00 + 93.10 = 583.10 EUR, No. 1, "€583.10 for Business yearly"
        """,
    )


def test_a_business_in_another_country(year: Year) -> None:
    """It owes the tax itself: no rate, and the words that the law asks for (Directive 2006/112/EC art. 226 (11a))."""
    linz = {
        "country": "AT", "name": "Ada Beispiel", "is_business": True, "business_name": "Beispiel OG", "tax_id": "ATU48213703",
        "line1": "Hauptplatz 1", "city": "Linz", "postal_code": "4020",
    }  # fmt: skip
    year.begins("Team", on="2026-03-01", quantity=4, tax=("0", "reverse_charge"), detail=linz)
    year.until("2026-03-16T19:00Z")
    year.changes_to("Team", 6)
    year.ends(
        "2026-04-02",
        """
        2026-03-01 bank        116.00 EUR succeeded
        2026-03-01 event       nothing -> active: imported by the shop
        2026-03-01 invoice     INV-2026-000001: 116.00 + 0.00 = 116.00 EUR
        2026-03-01 receipt     REC-2026-000001: 116.00 + 0.00 = 116.00 EUR
        2026-03-16 bank        29.00 EUR succeeded
        2026-03-16 invoice     INV-2026-000002: 29.00 + 0.00 = 29.00 EUR
        2026-03-16 receipt     REC-2026-000002: 29.00 + 0.00 = 29.00 EUR
        2026-03-16 mail        Your subscription to Team has changed
        2026-04-01 renewed     174.00 + 0.00 = 174.00 EUR, No. 3, "€174.00 for 6 × Team"
        """,
    )
    assert {seen.content(year, f"INV-2026-00000{number}").taxes[0].reason for number in (1, 2, 3)} == {"reverse_charge"}


def test_a_year_in_yen(year: Year) -> None:
    tokyo = {"country": "JP", "name": "Ada Beispiel", "line1": "渋谷区神宮前4丁目12-10", "state": "東京都", "postal_code": "150-0001"}
    year.begins("Starter", on="2026-01-31", currency="JPY", tax=("10", "standard"), detail=tokyo)
    year.until("2026-02-14")
    year.changes_to("Team", 3)
    year.until("2026-04-10")
    ticket = year.asks_back("4620", "One seat was never used")
    year.approves(ticket)
    year.ends(
        "2026-04-30",
        """
        2026-01-31 bank        1430 JPY succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 1300 + 130 = 1430 JPY
        2026-01-31 receipt     REC-2026-000001: 1300 + 130 = 1430 JPY
        2026-02-14 bank        6141 JPY succeeded
        2026-02-14 invoice     INV-2026-000002: 5583 + 558 = 6141 JPY
        2026-02-14 receipt     REC-2026-000002: 5583 + 558 = 6141 JPY
        2026-02-14 mail        Your plan is now 3 × Team
        2026-02-28 renewed     12600 + 1260 = 13860 JPY, No. 3, "¥13,860 JPY for 3 × Team"
        2026-03-31 renewed     12600 + 1260 = 13860 JPY, No. 4, "¥13,860 JPY for 3 × Team"
        2026-04-10 bank        4620 JPY back succeeded
        2026-04-10 credit_note CN-2026-000001: 4200 + 420 = 4620 JPY
        2026-04-10 mail        Refund request received: ¥4,620 JPY for 3 × Team
        2026-04-10 mail        Refund sent: ¥4,620 JPY for 3 × Team
        2026-04-30 renewed     12600 + 1260 = 13860 JPY, No. 5, "¥13,860 JPY for 3 × Team"
        """,
    )
    assert seen.printed(year, "INV-2026-000002")[:4] == [
        "Unused time on Starter | Feb 14 – 27, 2026 | 1 | -¥642 | -¥642",
        "3 × Team | Feb 14 – 27, 2026 | 1 | ¥6,225 | ¥6,225",
        "Total without tax: ¥5,583",
        "VAT 10%: ¥558",
    ]


def test_a_year_in_dinars(year: Year) -> None:
    kuwait = {"country": "KW", "name": "Ada Beispiel", "line1": "Block 3, Street 7, House 12", "city": "Salmiya", "postal_code": "22001"}
    year.begins("Starter", on="2026-01-31", currency="KWD", tax=("0", "outside_scope"), detail=kuwait)
    year.until("2026-02-14")
    year.changes_to("Business")
    year.until("2026-02-20")
    ticket = year.asks_back("0.001", "A fils too much")
    year.approves(ticket)
    year.until("2026-03-15")
    year.changes_to("Starter")
    year.ends(
        "2026-03-31",
        """
        2026-01-31 bank        2.750 KWD succeeded
        2026-01-31 event       nothing -> active: imported by the shop
        2026-01-31 invoice     INV-2026-000001: 2.750 + 0.000 = 2.750 KWD
        2026-01-31 receipt     REC-2026-000001: 2.750 + 0.000 = 2.750 KWD
        2026-02-14 bank        6.299 KWD succeeded
        2026-02-14 invoice     INV-2026-000002: 6.299 + 0.000 = 6.299 KWD
        2026-02-14 receipt     REC-2026-000002: 6.299 + 0.000 = 6.299 KWD
        2026-02-14 mail        Your plan is now Business
        2026-02-20 bank        0.001 KWD back succeeded
        2026-02-20 credit_note CN-2026-000001: 0.001 + 0.000 = 0.001 KWD
        2026-02-20 mail        Refund request received: KWD 0.001 for Business
        2026-02-20 mail        Refund sent: KWD 0.001 for Business
        2026-02-28 renewed     15.500 + 0.000 = 15.500 KWD, No. 3, "KWD 15.500 for Business"
        2026-03-15 mail        Your plan changes to Starter on Mar 31, 2026
        2026-03-31 bank        2.750 KWD succeeded
        2026-03-31 invoice     INV-2026-000004: 2.750 + 0.000 = 2.750 KWD
        2026-03-31 receipt     REC-2026-000004: 2.750 + 0.000 = 2.750 KWD
        2026-03-31 mail        Your plan is now Starter
        2026-03-31 mail        Payment received: KWD 2.750 for Starter
        """,
    )
