"""Named places in the code where the proof of crash safety kills the process; everywhere else they do nothing.

The subprocess of that proof sets PORTICO_CRASH_AT to a name from NAMES, or to "name:n" for the n-th time it is passed. The
process then ends as by `kill -9`: nothing is flushed, closed or told. It is no setting, and nobody else sets it. See
docs/decisions/0012-money-survives-a-kill.md.
"""

import os
import signal
from collections import Counter
from typing import Literal, get_args

Mark = Literal[
    "intent_committed",  # attempt and job are committed, the provider was not asked yet
    "asking_provider",
    "provider_answered",  # nothing of the answer is written yet
    "settling",  # written, not committed
    "settled",
    "sweeping",  # what is due was worked on, not committed
    "swept",
    "webhook_applying",
    "webhook_applied",
    "refund_committed",  # the same for money that goes back
    "asking_refund",
    "refund_answered",
    "refund_settling",
    "refund_settled",
    "dispatching",  # an event is on its way to every endpoint that wants it; not committed
    "dispatched",
    "webhook_sending",
    "webhook_answered",  # nothing of the attempt is written yet
    "webhook_noting",  # written, not committed
    "webhook_noted",
    "correcting",  # an invoice is cancelled and replaced, or its tax on the way back; not committed
    "corrected",
    "checkout_placing",  # the order waits, not committed
    "checkout_placed",  # the provider was not asked for its page yet
    "card_giving",  # the card and the attempt are written, not committed
]
NAMES: tuple[Mark, ...] = get_args(Mark)

_NAME, _, _TIMES = os.environ.get("PORTICO_CRASH_AT", "").partition(":")
_passed: Counter[str] = Counter()


def here(name: Mark) -> None:
    """The process passes `name`."""
    if name == _NAME:
        _passed[name] += 1
        if _passed[name] == int(_TIMES or 1):
            os.kill(os.getpid(), signal.SIGKILL)
