"""Pages for people. Parses what was asked, calls one use case, and renders the answer; knows HTTP and nothing of SQL."""
