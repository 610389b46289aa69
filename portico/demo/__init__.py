"""The demo: an invented store with two years of believable history, brought in through the same import as anybody's data."""
