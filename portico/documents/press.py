"""The threads that documents are made in, so that whoever wants one waits for a bounded time and no longer.

Each thread takes one document after the other. One that hangs takes none until it returns: what was begun in it cannot be
stopped, but it never meets another document, and its caller has long been told. No process is started for it.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

LIMIT_SECONDS = 20.0  # a page takes 0.02, a document of 500 lines 0.2

# Documents at work at the same time. A compiler costs up to 15 MB of its own, and typst spreads a document over the processors
# by itself, so that one for each of a server's threads would take much memory and save no time.
_THREADS = 2
_orders: SimpleQueue[tuple[Future[bytes], Callable[[], bytes]]] = SimpleQueue()
_mutex = threading.Lock()
_running = list[threading.Thread]()


class RenderTimeout(Exception):
    """The document was not made in time, or not begun because those before it were not."""


def make(work: Callable[[], bytes]) -> bytes:
    """What `work` gives, done in one of the threads. Raises what it raises, or RenderTimeout after LIMIT_SECONDS."""
    _start()
    order = Future[bytes]()
    _orders.put((order, work))
    try:
        return order.result(LIMIT_SECONDS)
    except TimeoutError:
        if order.done():
            raise  # the work's own, which came in time
        order.cancel()  # so that it is not begun any more, for nobody
        raise RenderTimeout(f"no document within {LIMIT_SECONDS:g} seconds") from None


def _start() -> None:
    """Threads live as long as the process, and are no reason to keep it alive. They begin with the first document and not at
    import, so that a server may fork before it has made one."""
    with _mutex:
        while len(_running) < _THREADS:
            thread = threading.Thread(target=_work_off, name=f"portico-press-{len(_running)}", daemon=True)
            thread.start()
            _running.append(thread)


def _work_off() -> None:
    while True:
        order, work = _orders.get()
        if not order.set_running_or_notify_cancel():
            continue
        try:
            order.set_result(work())
        except Exception as error:  # the caller's to handle, whatever it is; this thread goes on
            order.set_exception(error)
        except BaseException as panic:  # of the compiler, which is no Exception, so that it would pass all who look out for these
            order.set_exception(RuntimeError(f"{type(panic).__name__} while a document was made"))
