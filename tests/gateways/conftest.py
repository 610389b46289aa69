"""What the tests of payment providers share."""

import pytest

pytest.register_assert_rewrite("tests.gateways.conformance")
