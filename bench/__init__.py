"""Measurements against the budgets of the design, each as a ratio to something measured in the same run."""
