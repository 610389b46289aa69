"""Property tests draw the same examples in every run, so a red one is red for everybody."""

from hypothesis import settings

settings.register_profile("domain", derandomize=True, database=None, deadline=None, max_examples=200)
settings.load_profile("domain")
