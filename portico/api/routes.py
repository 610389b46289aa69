"""The table that is the API: every operation there is, by what it is about."""

from portico.api import products
from portico.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (*products.OPERATIONS,)
