"""What time it is for a store. In the test environment it may run ahead, so that a year can be played in a minute.

Subscriptions, payments, documents and what pages and mails say of them live in this time. Sessions, links, limits and the
due times of jobs do not: they are about people and machines of today.
"""

from datetime import datetime

from portico.domain.scope import Environment
from portico.services.runtime import Runtime
from portico.storage.store import StoreRow


def now(runtime: Runtime, store: StoreRow, environment: Environment) -> datetime:
    """The store's time in this environment."""
    real = runtime.clock()
    return real + store.test_offset if environment == "test" else real
