"""The validator lives for the session."""

from collections.abc import Callable, Iterator

import pytest

from tests.documents import verapdf

Validate = Callable[[bytes, verapdf.Flavour], verapdf.Verdict]


@pytest.fixture(scope="session")
def validate() -> Iterator[Validate]:
    """veraPDF, stopped before pytest ends; see `verapdf.stop`."""
    yield verapdf.validate
    verapdf.stop()
