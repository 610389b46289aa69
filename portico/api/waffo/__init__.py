"""The wire protocol of Waffo Pancake over the same services: a shop built on its SDK changes its base URL alone."""
