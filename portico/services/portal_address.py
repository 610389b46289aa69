"""Where a store's portal is. Addresses are made from the configured origin and nothing a request says (ASVS 5.0 4.1.3)."""

from portico.domain.scope import Environment
from portico.services.runtime import Runtime


def base_path(slug: str, environment: Environment) -> str:
    """The path every page of a portal starts with."""
    return f"/{slug}/portal" if environment == "prod" else f"/test/{slug}/portal"


def sign_in_link(runtime: Runtime, slug: str, environment: Environment, token: str) -> str:
    """The link of a sign-in mail. The token is in the fragment, which browsers send to nobody: no log, proxy or Referer has it."""
    return f"{runtime.origin}{base_path(slug, environment)}/sign-in/link#t={token}"


def page(runtime: Runtime, slug: str, environment: Environment, path: str) -> str:
    """The address of a page, `path` below the portal's base ("/orders"). Who is signed out comes to it by way of the sign-in."""
    return f"{runtime.origin}{base_path(slug, environment)}{path}"


def card_return_path(setup_id: str) -> str:
    """The page below a portal's base that a buyer comes back to from the payment provider's page for a card."""
    return f"/cards/{setup_id}"
