"""The API of a Portico customer portal.

from portico_client import Portico

portico = Portico("https://portal.example.com", "sk_prod_…")
session = portico.create_portal_session(buyer={"email": "ada@example.com"}, return_url="https://shop.example/account")
redirect_to(session["url"])
"""

from portico_client.errors import FieldProblem, PorticoError, Problem, Unreachable
from portico_client.operations import Portico
from portico_client.transport import UNSET, File, Retries

__all__ = ["UNSET", "FieldProblem", "File", "Portico", "PorticoError", "Problem", "Retries", "Unreachable"]
