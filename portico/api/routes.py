"""The table that is the API: every operation there is, by what it is about."""

from portico.api import product_groups, products
from portico.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *products.OPERATIONS,
    *product_groups.OPERATIONS,
)
