"""Writers get their turn in the order they asked for it."""

import threading
import time

import pytest

from portico.storage.queue import Queue


def _wait_until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_the_turn_goes_to_whoever_has_waited_longest() -> None:
    queue, order, threads = Queue(), [], []

    def write(number: int) -> None:
        with queue:
            order.append(number)

    with queue:
        for number in range(8):
            threads.append(threading.Thread(target=write, args=(number,)))
            threads[-1].start()
            _wait_until(lambda wanted=number + 1: len(queue._waiting) == wanted)
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))


def test_one_at_a_time() -> None:
    queue, inside, most = Queue(), 0, 0

    def write() -> None:
        nonlocal inside, most
        for _ in range(200):
            with queue:
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (inside, most) == (0, 1)


def test_a_failed_write_gives_its_turn_back() -> None:
    queue = Queue()
    with pytest.raises(ZeroDivisionError), queue:
        raise ZeroDivisionError
    with queue:
        pass


@pytest.mark.parametrize("has_come", [False, True])
def test_who_is_interrupted_while_waiting_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, has_come: bool) -> None:
    queue = Queue()
    queue.__enter__()
    locks = [threading.Lock()]

    class Interrupted:
        """The second time it is asked for, somebody presses Ctrl-C: before the turn has come, or just then."""

        def acquire(self) -> None:
            if len(locks) == 1:
                locks.append(threading.Lock())
                return
            if has_come:
                queue.__exit__()
            raise KeyboardInterrupt

        def release(self) -> None:
            pass

    monkeypatch.setattr("portico.storage.queue.threading.Lock", Interrupted)
    with pytest.raises(KeyboardInterrupt), queue:
        pass
    if not has_come:
        queue.__exit__()
    with queue:
        pass
