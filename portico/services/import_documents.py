"""Invoice and receipt of every payment that succeeded in a batch, dated when it succeeded, numbered in the order of the file."""

import sqlalchemy as sa

from portico.services.import_batch import Batch
from portico.services.runtime import Runtime
from portico.storage.store import StoreRow


def issue(tx: sa.Connection, runtime: Runtime, store: StoreRow, batch: Batch) -> None: ...
