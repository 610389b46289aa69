"""Customer tokens: the merchant's server vouches for one of its users."""

from typing import Any

from portico.api.waffo import reach
from portico.api.waffo.action import MERCHANT, Action, Call
from portico.api.waffo.fields import identifier, need, take, text
from portico.services import waffo_token, waffo_words


def issue_session_token(call: Call) -> dict[str, Any]:
    """For the store that is named, or the product's."""
    store_id, product_id = call.get("storeId"), call.get("productId")
    if store_id is None and product_id is None:
        raise call.trouble(400, "Missing required field: storeId or productId")
    scope = reach.scope_of(call, store_id) if store_id is not None else reach.place(call, "PROD", product_id)[0]
    if store_id is not None and product_id is not None and reach.place(call, "PROD", product_id)[0] != scope:
        raise call.trouble(404, "Product not found")
    token, expires_at = waffo_token.issue(call.runtime, scope, call.get("buyerIdentity"))
    return {"token": token, "expiresAt": waffo_words.moment(expires_at)}


ACTIONS = (
    Action(
        "auth/issue-session-token",
        "user",
        MERCHANT,
        issue_session_token,
        (
            need("buyerIdentity", text(waffo_token.LONGEST_IDENTITY)),
            take("storeId", identifier("STO")),
            take("productId", identifier("PROD")),
        ),
    ),
)
