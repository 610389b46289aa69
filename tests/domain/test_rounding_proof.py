"""A million invoices by chance, added up anew with nothing but Fraction, in every currency of ISO 4217."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from portico.domain.document_line import DocumentLine
from portico.domain.invoice import DocumentContent, check_totals
from portico.domain.money import allocate, currencies, exponent, format_amount, parse_amount
from portico.domain.tax import TaxLine, tax_on
from tests.domain.test_invoice import content

INVOICES = 1_000_000
RATES = ("0", "2.1", "5", "5.5", "7", "7.7", "8.1", "8.875", "9.975", "10", "17.5", "19", "20", "21", "22", "23", "25.5", "27", "0.000001")
EXACT = {rate: Fraction(rate) / 100 for rate in RATES}


def rounded(value: Fraction) -> int:
    """Half up, for what is not negative, without the house's rounding."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def invoice(chance: Random, base: DocumentContent, currency: str) -> DocumentContent:
    """Up to three positions at up to two rates; the tax of a rate is rounded once, on the sum of its lines."""
    rates = (chance.choice(RATES), chance.choice(RATES))
    lines: list[DocumentLine] = []
    bases: dict[str, int] = {}
    for n in range(1 + int(chance.random() * 3)):
        quantity, unit = 1 + int(chance.random() * 99), chance.getrandbits(1 + n * 11 + int(chance.random() * 11))
        rate = rates[n % 2]
        lines.append(DocumentLine("x", quantity, unit, quantity * unit, rate))
        bases[rate] = bases.get(rate, 0) + quantity * unit
    taxes = tuple(TaxLine(rate, "standard", net, tax_on(net, rate)) for rate, net in bases.items())
    net = sum(bases.values())
    total = net + sum(tax.tax_minor for tax in taxes)
    amounts = {"net_minor": net, "tax_minor": total - net, "total_minor": total, "paid_minor": total}
    return replace(base, currency=currency, lines=tuple(lines), taxes=taxes, **amounts)


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_million_invoices_in_every_currency() -> None:
    chance, base, all_currencies = Random(20260301), content(), currencies()
    units = {currency: 10 ** exponent(currency) for currency in all_currencies}
    for n in range(INVOICES):
        currency = all_currencies[n % len(all_currencies)]
        made = invoice(chance, base, currency)
        check_totals(made)
        bases = dict.fromkeys((line.tax_rate for line in made.lines), 0)
        for line in made.lines:
            bases[line.tax_rate] += line.unit_minor * line.quantity
        total = sum(net + rounded(net * EXACT[rate]) for rate, net in bases.items())
        assert total == made.total_minor
        written = format_amount(made.total_minor, currency)
        assert parse_amount(written, currency) == total
        if n % 10 == 0:
            assert Fraction(written) * units[currency] == total
            weights = [line.net_minor for line in made.lines]
            assert not any(weights) or sum(allocate(made.total_minor, weights)) == total
    print(f"rounding: {INVOICES:,} invoices in {len(all_currencies)} currencies, 0 differ from Fraction")
