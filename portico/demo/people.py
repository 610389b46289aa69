"""The invented buyers: who they are, where they live, what they pay with, and why they are taxed as they are."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """`id` is the merchant's own. `rate` and `reason` are the tax on what this buyer buys from a German company."""

    id: str
    email: str
    name: str
    locale: str | None
    currency: str
    rate: str
    reason: str
    address: dict[str, Any]
    card: dict[str, Any] = field(default_factory=dict[str, Any])


def _card(brand: str, last4: str, month: int, year: int) -> dict[str, Any]:
    return {"brand": brand, "last4": last4, "expiry_month": month, "expiry_year": year}


ANNA = Person(
    "u-1001", "anna.schmidt@example.com", "Anna Schmidt", "de", "EUR", "19", "standard",
    {"country": "DE", "name": "Anna Schmidt", "line1": "Oranienstraße 25", "city": "Berlin", "postal_code": "10999"},
    _card("visa", "4242", 11, 2029),
)  # fmt: skip
KRANICH = Person(
    "u-1002", "buchhaltung@kranich-verlag.example", "Jonas Kranich", "de", "EUR", "19", "standard",
    {
        "country": "DE", "name": "Jonas Kranich", "is_business": True, "business_name": "Kranich Verlag GmbH", "tax_id": "DE294160008",
        "po_number": "4500017823",
        "line1": "Große Elbstraße 138", "city": "Hamburg", "postal_code": "22767",
    },
    _card("mastercard", "5454", 3, 2028),
)  # fmt: skip
CLAIRE = Person(
    "u-1003", "claire.moreau@example.com", "Claire Moreau", "fr", "EUR", "20", "standard",
    {"country": "FR", "name": "Claire Moreau", "line1": "14 rue des Martyrs", "city": "Paris", "postal_code": "75009"},
    _card("visa", "1881", 7, 2027),
)  # fmt: skip
DAVE = Person(
    "u-1004", "dave.miller@example.com", "Dave Miller", "en", "USD", "0", "outside_scope",
    {"country": "US", "name": "Dave Miller", "line1": "228 Atlantic Ave", "city": "Brooklyn", "state": "NY", "postal_code": "11201"},
    _card("amex", "0005", 1, 2030),
)  # fmt: skip
YOKO = Person(
    "u-1005", "yoko.tanaka@example.com", "田中 陽子", "ja", "JPY", "0", "outside_scope",
    {"country": "JP", "name": "田中 陽子", "line1": "渋谷区神宮前4丁目12-10", "state": "東京都", "postal_code": "150-0001"},
    _card("jcb", "0505", 9, 2028),
)  # fmt: skip
LAYLA = Person(
    "u-1006", "layla.hassan@example.com", "ليلى حسن", "ar", "USD", "0", "outside_scope",
    {"country": "EG", "name": "ليلى حسن", "line1": "١٢ شارع طلعت حرب", "city": "وسط البلد", "state": "القاهرة", "postal_code": "11511"},
    _card("visa", "0077", 5, 2029),
)  # fmt: skip
PAULO = Person(
    "u-1007", "paulo.almeida@example.com", "Paulo Almeida", "pt-BR", "USD", "0", "outside_scope",
    {"country": "BR", "name": "Paulo Almeida", "line1": "Rua Augusta 1508", "city": "São Paulo", "state": "SP", "postal_code": "01304-001"},
    _card("mastercard", "5100", 2, 2027),
)  # fmt: skip
GIULIA = Person(
    "u-1008", "giulia.rossi@example.com", "Giulia Rossi", "it", "EUR", "22", "standard",
    {"country": "IT", "name": "Giulia Rossi", "line1": "Via Garibaldi 7", "city": "Torino", "state": "TO", "postal_code": "10122"},
    _card("visa", "3220", 12, 2026),
)  # fmt: skip
ALPEN = Person(
    "u-1009", "office@alpenblick.example", "Theresa Huber", "de", "EUR", "0", "reverse_charge",
    {
        "country": "AT", "name": "Theresa Huber", "is_business": True, "business_name": "Alpenblick Software OG", "tax_id": "ATU48213703",
        "line1": "Maria-Theresien-Straße 18", "city": "Innsbruck", "postal_code": "6020",
    },
    _card("mastercard", "4444", 8, 2028),
)  # fmt: skip
OLIVER = Person(
    "u-1010", "oliver.wood@example.com", "Oliver Wood", "en", "USD", "0", "outside_scope",
    {"country": "GB", "name": "Oliver Wood", "line1": "31 Chandos Place", "city": "London", "postal_code": "WC2N 4HT"},
)  # fmt: skip
LINH = Person(
    "u-1011", "linh.nguyen@example.com", "Nguyễn Thùy Linh", "vi", "USD", "0", "outside_scope",
    {
        "country": "VN", "name": "Nguyễn Thùy Linh", "line1": "72 Lê Thánh Tôn", "city": "Quận 1",
        "state": "Thành phố Hồ Chí Minh", "postal_code": "700000",
    },
    _card("visa", "0119", 6, 2027),
)  # fmt: skip
MARTA = Person(
    "u-1012", "marta.kowalska@example.com", "Marta Kowalska", "pl", "EUR", "23", "standard",
    {"country": "PL", "name": "Marta Kowalska", "line1": "ul. Piotrkowska 114", "city": "Łódź", "postal_code": "90-006"},
    _card("visa", "5556", 4, 2028),
)  # fmt: skip
LUKAS = Person(
    "u-1013", "lukas.weber@example.com", "Lukas Weber", None, "EUR", "19", "standard",
    {"country": "DE", "name": "Lukas Weber", "line1": "Sendlinger Straße 3", "city": "München", "postal_code": "80331"},
    _card("mastercard", "8210", 10, 2027),
)  # fmt: skip
SOFIA = Person(
    "u-1014", "sofia.garcia@example.com", "Sofía García", "es", "EUR", "21", "standard",
    {"country": "ES", "name": "Sofía García", "line1": "Calle de Fuencarral 77", "city": "Madrid", "state": "M", "postal_code": "28004"},
    _card("visa", "6017", 3, 2029),
)  # fmt: skip
EVERYONE = (ANNA, KRANICH, CLAIRE, DAVE, YOKO, LAYLA, PAULO, GIULIA, ALPEN, OLIVER, LINH, MARTA, LUKAS, SOFIA)


def lines(people: tuple[Person, ...], since: str) -> list[dict[str, Any]]:
    """The buyers' lines of the import."""
    return [
        {
            "type": "buyer", "id": person.id, "email": person.email, "name": person.name, "locale": person.locale,
            "billing_detail": person.address, "created_at": since,
        }
        for person in people
    ]  # fmt: skip
