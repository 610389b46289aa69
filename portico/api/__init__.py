"""The API: JSON for a merchant's own programs. One table of operations drives routes, OpenAPI and the reference page."""
