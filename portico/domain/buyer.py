"""A buyer: an e-mail address within one store and environment."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Buyer:
    """`email` is canonical (see `canonical_email`); mail goes to this stored address only. `locale` is a language tag of the registry."""

    id: str
    email: str
    external_id: str | None
    name: str
    locale: str | None
    created_at: datetime
