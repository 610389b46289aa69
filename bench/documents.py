"""Milliseconds for one invoice, warm, by language: from the frozen content to the bytes of the PDF."""

import statistics
import time
from dataclasses import replace

from bench.report import line
from portico.documents.render import render
from portico.domain.invoice import DocumentContent
from portico.services.document_print import print_data
from tests.documents.samples import ORDINARY, many_lines

BUDGET_MS = {"de": 15.0}
ROUNDS = 40


def documents() -> None:
    """CPU time of this thread's process, each document a new one so that nothing is remembered."""
    for language in ("de", "en", "ja", "ar", "th", "zh-Hans", "ru"):
        cost, budget = _cost(ORDINARY, language, ROUNDS), BUDGET_MS.get(language, 30.0)
        line(f"invoice PDF, one page, {language}", f"{cost:.1f} ms", budget=f"{budget:.0f} ms", kept=cost <= budget)
    line("invoice PDF, 200 lines, 7 pages, de", f"{_cost(many_lines(200), 'de', 10):.0f} ms")


def _cost(content: DocumentContent, language: str, rounds: int) -> float:
    costs: list[float] = []
    for turn in range(rounds):
        numbered = replace(content, number=f"INV-2026-{turn:06d}", language=language)
        began = time.process_time()
        render(print_data(numbered, language))
        costs.append((time.process_time() - began) * 1000)
    return statistics.median(costs[rounds // 8 :])
