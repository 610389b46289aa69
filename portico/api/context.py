"""What all answers of the API are made with."""

from dataclasses import dataclass, field

from portico.api.limits import Limits
from portico.http.security import Site
from portico.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Api:
    """One per process. `limits` counts the requests this process has answered."""

    runtime: Runtime
    site: Site
    limits: Limits = field(default_factory=Limits)
