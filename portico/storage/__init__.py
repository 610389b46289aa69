"""All SQL, and nothing but SQL. Functions take a connection and a scope, and give frozen dataclasses."""
