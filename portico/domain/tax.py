"""Which rate applies and why. Tax is computed once per rate on the taxable base, never per unit."""

from typing import Literal

TaxReason = Literal["standard", "reduced", "zero", "reverse_charge", "exempt", "outside_scope"]
TAX_REASONS: tuple[TaxReason, ...] = ("standard", "reduced", "zero", "reverse_charge", "exempt", "outside_scope")
