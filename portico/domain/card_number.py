"""Card numbers in free text: they must never be kept (PCI DSS 3.3), so whoever types one is told to leave it out."""

import re

from portico.domain.typed import plain

_SHORTEST, _LONGEST = 13, 19  # ISO/IEC 7812-1 allows 19 digits; no brand issues fewer than 13
# Groups of digits as people write them, one to three spaces, dashes, dots or slashes between.
_RUN = re.compile(r"[0-9]+(?:[\s./-]{1,3}[0-9]+)*", re.ASCII)
_GROUP = re.compile(r"[0-9]+", re.ASCII)
# First digits, from and to, and the lengths that the network issues.
_RANGES: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 18, 19)),  # Visa
    ("51", "55", (16,)), ("2221", "2720", (16,)),  # Mastercard
    ("34", "34", (15,)), ("37", "37", (15,)),  # American Express
    ("300", "305", (14, 16, 19)), ("3095", "3095", (14, 16, 19)), ("36", "36", (14, 16, 19)), ("38", "39", (14, 16, 19)),  # Diners Club
    ("6011", "6011", (16, 19)), ("644", "649", (16, 19)), ("65", "65", (16, 19)),  # Discover, RuPay, Elo, Troy
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("62", "62", (16, 17, 18, 19)), ("81", "82", (16, 17, 18, 19)),  # UnionPay, RuPay
    ("50", "50", (13, 14, 15, 16, 17, 18, 19)), ("56", "58", (13, 14, 15, 16, 17, 18, 19)),  # Maestro, Elo, Verve, Dankort
    ("60", "60", (16,)), ("63", "63", (13, 14, 15, 16, 17, 18, 19)), ("67", "67", (13, 14, 15, 16, 17, 18, 19)),  # Maestro, Hipercard
    ("2200", "2204", (16, 17, 18, 19)), ("9792", "9792", (16,)),  # Mir, Troy
)  # fmt: skip


def holds_card_number(text: str) -> bool:
    """Whether some digits in the text are a card's: 13 to 19 of them, in groups or not, of a range that a card network issues
    and with a right check digit (ISO/IEC 7812-1 annex B). Neither an order's number nor a telephone's is taken for one."""
    return any(_run_holds_one(run[0]) for run in _RUN.finditer(plain(text)))


def _run_holds_one(run: str) -> bool:
    """Any whole groups in a row: "order 17 4242 4242 4242 4242 12/27" holds one."""
    groups = _GROUP.findall(run)
    for place in range(len(groups)):
        digits = ""
        for group in groups[place:]:
            digits += group
            if len(digits) > _LONGEST:
                break
            if len(digits) >= _SHORTEST and _is_card_number(digits):
                return True
    return False


def _is_card_number(digits: str) -> bool:
    issued = any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in _RANGES)
    return issued and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(int(digit) for digit in digits[::-2])) % 10 == 0
