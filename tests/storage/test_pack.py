"""Packs of documents: made in pieces by one at a time, read in pieces, forgotten when they expire."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portico.domain.errors import Conflict, NotFound
from portico.storage import housekeeping, pack, tables
from portico.storage.database import Database
from portico.storage.pack import Pack
from tests.conftest import NOW
from tests.factories import Factory

DAY = timedelta(days=1)
ASKED = Pack("PCK_1", date(2026, 1, 1), date(2026, 3, 31), "pending", 3, 0, None, None, NOW, None, NOW + DAY)
PIECES = (b"PK\x03\x04", b"\0" * 5, b"end")
WHOLE = {"size_bytes": 12, "sha256": hashlib.sha256(b"".join(PIECES)).digest(), "now": NOW + DAY, "expires_at": NOW + 8 * DAY}


def test_a_pack_is_made_piece_by_piece(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    with database.transaction() as tx:
        assert pack.pending(tx, owner) is None
        assert pack.create(tx, owner, ASKED)
        assert not pack.create(tx, owner, replace(ASKED, id="PCK_2")), "one at a time"
        assert pack.get(tx, owner, "PCK_1") == pack.pending(tx, owner) == ASKED
        assert pack.get_any(tx, "PCK_1") == (owner, ASKED)
        for sequence, body in enumerate(PIECES, 1):
            pack.add_part(tx, "PCK_1", sequence, body)
        pack.progress(tx, "PCK_1", 2)
        assert pack.get(tx, owner, "PCK_1").done == 2
        assert pack.part(tx, owner, "PCK_1", 1) is None, "it is not whole yet"
        pack.ready(tx, "PCK_1", **WHOLE)
        made = replace(ASKED, status="ready", done=3, size_bytes=12, sha256=WHOLE["sha256"], ready_at=NOW + DAY, expires_at=NOW + 8 * DAY)
        assert pack.get(tx, owner, "PCK_1") == made
        assert [pack.part(tx, owner, "PCK_1", n) for n in (1, 2, 3, 4)] == [*PIECES, None]
        assert not pack.begin_again(tx, "PCK_1")
        pack.failed(tx, "PCK_1")
        pack.progress(tx, "PCK_1", 0)
        assert pack.get(tx, owner, "PCK_1") == made, "what is ready stays"
        second = replace(ASKED, id="PCK_2", created_at=NOW + 2 * DAY)
        assert pack.create(tx, owner, second)
        assert pack.newest(tx, owner, 9) == (second, made)
        assert pack.newest(tx, owner, 1) == (second,)
        assert [pack.made_since(tx, owner, NOW + n * DAY) for n in (0, 1, 3)] == [2, 1, 0]
        with pytest.raises(NotFound):
            pack.get(tx, owner, "PCK_9")
        with pytest.raises(NotFound):
            pack.get_any(tx, "PCK_9")


def test_who_was_given_up_cannot_spoil_what_another_makes(database: Database, factory: Factory) -> None:
    owner = factory.buyer()
    with database.transaction() as tx:
        pack.create(tx, owner, ASKED)
        pack.add_part(tx, "PCK_1", 1, PIECES[0])
        pack.add_part(tx, "PCK_1", 2, PIECES[1])
        pack.progress(tx, "PCK_1", 2)
        assert pack.begin_again(tx, "PCK_1", total=4)
        assert pack.get(tx, owner, "PCK_1") == replace(ASKED, total=4)
        for sequence in (3, 2, 0):
            with pytest.raises(Conflict):
                pack.add_part(tx, "PCK_1", sequence, b"of the one before")
        pack.add_part(tx, "PCK_1", 1, PIECES[0])
        with pytest.raises(Conflict):
            pack.add_part(tx, "PCK_1", 1, PIECES[0])
        with pytest.raises(Conflict):
            pack.ready(tx, "PCK_1", **WHOLE)
        pack.failed(tx, "PCK_1")
        assert pack.get(tx, owner, "PCK_1").status == "failed"
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.pack_part)).scalar() == 0
        with pytest.raises(Conflict):
            pack.add_part(tx, "PCK_1", 1, b"late")
        assert pack.create(tx, owner, replace(ASKED, id="PCK_2")), "another may be asked for"


def test_what_has_expired_goes_piece_by_piece(database: Database, factory: Factory) -> None:
    owner, other = factory.buyer(), factory.buyer()
    with database.transaction() as tx:
        for whose, each in ((owner, ASKED), (other, replace(ASKED, id="PCK_2"))):
            pack.create(tx, whose, each)
            for sequence in range(1, housekeeping.PARTS_SLICE + 2):
                pack.add_part(tx, each.id, sequence, b"x")
        pack.ready(tx, "PCK_2", **WHOLE | {"size_bytes": housekeeping.PARTS_SLICE + 1})
        assert housekeeping.purge(tx, NOW + DAY) == 0, "it expires at that moment, and not before"
        gone = []
        while slice_ := housekeeping.purge(tx, NOW + 2 * DAY):
            gone.append(slice_)
        assert gone == [housekeeping.PARTS_SLICE, 2]
        with pytest.raises(NotFound):
            pack.get(tx, owner, "PCK_1")
        assert pack.part(tx, other, "PCK_2", housekeeping.PARTS_SLICE + 1) == b"x"
