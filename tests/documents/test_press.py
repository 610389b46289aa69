"""A document that takes too long is its caller's problem for a bounded time, and nobody else's."""

import threading
from collections.abc import Iterator

import pytest

from portico.documents import press
from portico.documents.press import RenderTimeout, make
from portico.documents.render import render
from portico.services.document_print import print_data
from tests.documents.samples import ORDINARY, many_lines


@pytest.fixture
def let_go(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What a hanging document waits for; a limit that a test can wait for."""
    event = threading.Event()
    monkeypatch.setattr(press, "LIMIT_SECONDS", 0.05)
    yield event
    event.set()


def test_a_document_that_hangs_is_given_up(let_go: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread takes no other until it returns; the others go on, and with it again when it has."""
    begun, done = list[str](), threading.Event()

    def hang() -> bytes:
        begun.append(_thread_name().decode())
        let_go.wait(30)
        done.set()
        return b""

    with pytest.raises(RenderTimeout, match=r"0\.05 seconds"):
        make(hang)
    monkeypatch.setattr(press, "LIMIT_SECONDS", 30.0)
    busy = {make(_thread_name).decode() for _ in range(8)}
    assert begun[0] not in busy
    assert len(busy) == 1
    let_go.set()
    assert done.wait(30)


class _Panic(BaseException):
    """As the compiler's own, which is no Exception."""


def test_a_panic_is_an_error_like_any_other() -> None:
    def panic() -> bytes:
        raise _Panic("a name that somebody has")

    with pytest.raises(RuntimeError, match="_Panic while a document was made"):
        make(panic)
    assert make(lambda: b"after") == b"after"


def test_what_nobody_waits_for_any_more_is_not_begun(let_go: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = list[int]()

    def hang() -> bytes:
        let_go.wait(30)
        return b""

    for _ in range(press._THREADS):
        with pytest.raises(RenderTimeout):
            make(hang)
    with pytest.raises(RenderTimeout):
        make(lambda: begun.append(1) or b"late")
    monkeypatch.setattr(press, "LIMIT_SECONDS", 30.0)
    let_go.set()
    assert make(lambda: b"after") == b"after"
    assert begun == []


def test_an_error_is_the_callers(let_go: threading.Event) -> None:
    def fail(error: BaseException) -> bytes:
        raise error

    for error in (ValueError("mine"), TimeoutError("also mine")):
        with pytest.raises(type(error), match="mine"):
            make(lambda: fail(error))  # noqa: B023
    assert make(lambda: b"next") == b"next"


def test_a_real_document_is_given_up_and_the_next_one_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiler sets the type without Python's lock, so that the caller gets to know in time."""
    long, short = print_data(many_lines(2000), "en"), print_data(ORDINARY, "en")
    expected = render(short)
    monkeypatch.setattr(press, "LIMIT_SECONDS", 0.02)
    with pytest.raises(RenderTimeout):
        render(long)
    monkeypatch.setattr(press, "LIMIT_SECONDS", 30.0)
    assert [render(short) for _ in range(2 * press._THREADS)] == [expected] * 2 * press._THREADS


def _thread_name() -> bytes:
    return threading.current_thread().name.encode()
