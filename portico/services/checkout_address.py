"""Where a checkout is, and where it leads to when it is over."""

from portico.domain.checkout import CheckoutSession
from portico.domain.scope import Environment
from portico.services import return_url
from portico.services.portal_address import base_path
from portico.services.runtime import Runtime

RETURN = "/return"  # below a checkout's page: where the payment provider's pages lead back to


def page_path(slug: str, environment: Environment, checkout_id: str) -> str:
    """The path of a checkout's page. It is one of the portal's, whose door it has; whoever knows it need not be signed in."""
    return f"{base_path(slug, environment)}/checkout/{checkout_id}"


def page(runtime: Runtime, slug: str, environment: Environment, checkout_id: str) -> str:
    """The address of a checkout's page, for a merchant to send a buyer to."""
    return runtime.origin + page_path(slug, environment, checkout_id)


def back(runtime: Runtime, slug: str, environment: Environment, checkout_id: str) -> str:
    """Where the provider's pages lead back to. It says nothing of how it went: that is the provider's word alone."""
    return page(runtime, slug, environment, checkout_id) + RETURN


def leads_to(session: CheckoutSession) -> str | None:
    """The merchant's address for a buyer whose checkout is completed, with which one it was; None where he stays on our page."""
    if session.status != "completed" or session.success_url is None:
        return None
    return return_url.with_result(session.success_url, checkout_session=session.id, result="completed")
