"""Sends the mails that `notice.add` asked for. Run by a worker, never by the request."""

from collections.abc import Mapping

from portico.domain.scope import BuyerScope, Environment
from portico.services import mail, notice_content, portal_address
from portico.services.notice import Fact, Kind
from portico.services.notice_matter import gather
from portico.services.runtime import Runtime
from portico.storage import buyer, store


def send(
    runtime: Runtime, *, store_id: str, environment: Environment, buyer_id: str, kind: Kind, message_id: str, facts: Mapping[str, Fact]
) -> None:
    """Writes the mail and sends it to the buyer's stored address, in the buyer's language or else the store's. Raises MailFailure.

    Sent again after a failure it has the same Message-ID, so that mail programs know it for the same. A mail that was overtaken
    by what it tells of (see `notice_content.is_moot`) is not sent.
    """
    scope = BuyerScope(store_id, environment, buyer_id)
    with runtime.database.read() as connection:
        shop, reader = store.get(connection, store_id), buyer.get(connection, scope)
        matter = gather(connection, scope, facts)
    if notice_content.is_moot(kind, matter):
        return
    language = reader.locale or shop.locale
    content = notice_content.write(kind, matter, language=language, zone=shop.time_zone)
    message = mail.compose(
        runtime,
        shop,
        environment,
        "notice",
        language=language,
        recipient=reader.email,
        message_id=message_id,
        now=runtime.clock(),
        content=content,
        link=portal_address.page(runtime, shop.slug, environment, content.path),
    )
    runtime.mailer.send(message)
