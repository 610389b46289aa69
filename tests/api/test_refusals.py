"""Every code that an action may be refused with has words for the one who writes a program, and is named where it may be met."""

import re

from portico.api.problem import PROBLEMS, of_code
from portico.api.refusals import REFUSALS
from portico.api.subscription_actions import OPERATIONS
from portico.domain.refund import REFUND_WHY_NOT_CODES
from portico.domain.why_not import WHY_NOT_CODES
from tests.architecture import source

# The modules whose refusals the actions on subscriptions, refunds and tickets let through.
_MODULES = (
    "domain/proration.py", "services/cancellation.py", "services/charging.py", "services/due_step.py", "services/dry_run.py",
    "services/pause.py", "services/paying.py", "services/plan_change.py", "services/quote.py", "services/refund.py",
    "services/store_refund.py", "services/standing.py",
)  # fmt: skip
_RAISED = re.compile(r'(?:Refused|Stale)\(\s*"([a-z_]+)"|^    code = "([a-z_]+)"', re.MULTILINE)


def test_every_reason_has_its_sentence() -> None:
    raised = {code for path in _MODULES for pair in _RAISED.findall((source.PACKAGE / path).read_text()) for code in pair if code}
    assert len(raised) > 20
    missing = {*raised, *WHY_NOT_CODES, *REFUND_WHY_NOT_CODES} - PROBLEMS.keys()
    assert not missing
    assert all(of_code(code).status == 409 and of_code(code).detail == words for code, words in REFUSALS.items())


def test_an_action_names_the_reasons_it_may_be_refused_for() -> None:
    assert {code for operation in OPERATIONS for code in operation.errors} <= PROBLEMS.keys()
    named = {code for operation in OPERATIONS for code in operation.errors}
    assert set(WHY_NOT_CODES) <= named
