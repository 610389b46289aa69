"""Use cases: one function = one intent = one transaction, or a named sequence of them."""
