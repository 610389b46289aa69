"""Milliseconds for one invoice, warm, by language: from the frozen content to the bytes of the PDF."""

import statistics
import time
from dataclasses import replace

from bench.report import line
from portico.documents.render import render
from portico.services.document_print import print_data
from tests.documents.samples import ORDINARY

BUDGET_MS = {"de": 15.0}
ROUNDS = 40


def documents() -> None:
    """CPU time of this thread's process, each document a new one so that nothing is remembered."""
    for language in ("de", "en", "ja", "ar", "th", "zh-Hans", "ru"):
        costs: list[float] = []
        for turn in range(ROUNDS):
            content = replace(ORDINARY, number=f"INV-2026-{turn:06d}", language=language)
            began = time.process_time()
            render(print_data(content, language))
            costs.append((time.process_time() - began) * 1000)
        cost, budget = statistics.median(costs[5:]), BUDGET_MS.get(language, 30.0)
        line(f"invoice PDF, one page, {language}", f"{cost:.1f} ms", budget=f"{budget:.0f} ms", kept=cost <= budget)
