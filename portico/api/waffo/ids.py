"""Where Waffo speaks of UUIDs, ours are the ids' own: an id is a prefix and the UUID in other digits."""

from portico.domain.ids import decode


def uuid_in(public_id: str) -> str:
    """The UUID of one of our ids, as groups and webhook endpoints are named on the wire."""
    return str(decode(public_id))


def session_id(checkout_id: str) -> str:
    """A checkout's name on the wire: "cs_<uuid>"."""
    return f"cs_{decode(checkout_id)}"
