"""What `make prove` tells: the last line that a proof prints is its figure, and all figures stand together at the end."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = [line for report in terminalreporter.getreports("passed") if (line := _figure(report))]
    if figures:
        terminalreporter.section("figures")
        for line in figures:
            terminalreporter.line(line)


def _figure(report: pytest.TestReport) -> str:
    """The last line that a proof printed itself; none of a test that is no proof."""
    if report.when != "call" or "prove" not in report.keywords:
        return ""
    printed = [text for title, text in report.sections if title == "Captured stdout call"]
    return next((line for line in reversed("".join(printed).splitlines()) if line.strip()), "")
