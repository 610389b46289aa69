"""Where a store's portal is. Addresses are made from the configured origin and nothing a request says (ASVS 5.0 4.1.3)."""

from portico.domain.scope import Environment
from portico.services.runtime import Runtime


def base_path(slug: str, environment: Environment) -> str:
    """The path every page of a portal starts with."""
    return f"/{slug}/portal" if environment == "prod" else f"/test/{slug}/portal"


def sign_in_link(runtime: Runtime, slug: str, environment: Environment, token: str) -> str:
    """The link of a sign-in mail. The token is in the fragment, which browsers send to nobody: no log, proxy or Referer has it."""
    return f"{runtime.origin}{base_path(slug, environment)}/sign-in/link#t={token}"
