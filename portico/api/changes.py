"""What a PATCH changes: the fields that were sent. One that is sent as null is something else than one that is not."""

from typing import Any

import msgspec


def sent(body: msgspec.Struct) -> dict[str, Any]:
    """The fields of a body that were sent, by name."""
    given = {name: getattr(body, name) for name in body.__struct_fields__}
    return {name: value for name, value in given.items() if value is not msgspec.UNSET}
