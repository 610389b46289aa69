"""Everything that answers over HTTP, as one application: the pages for people, and the API for programs."""

from litestar import Litestar

from portico.api.application import api
from portico.api.waffo.application import waffo
from portico.http import application
from portico.http.metrics import Metrics
from portico.http.security import Site
from portico.services.runtime import Runtime
from portico.web import static
from portico.web.application import pages


def create_app(runtime: Runtime) -> Litestar:
    """The ASGI application of one process. Raises ValueError for a plain-http origin beyond this machine."""
    gateway_pages = (origin for gateway in runtime.gateways.values() for origin in gateway.page_origins)
    site = Site(runtime.origin, form_targets=tuple(sorted(set(gateway_pages))))
    metrics = Metrics()
    assets = static.load()
    addresses = {name: static.address(name, asset) for name, asset in assets.items()}
    parts = (waffo(runtime), api(runtime, site, addresses), pages(runtime, site, metrics, assets))
    return application.build(parts, site, metrics, lambda: runtime.trusted_proxies)
