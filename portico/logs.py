"""Logs: one event a line, JSON or readable, ours and the libraries' alike. What may open a door never gets in (ASVS 5.0 16.2.5)."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from portico.config import Settings

# Values under these names are hidden whatever they are: they sign people in, or say who they are.
_HIDDEN = ("token", "secret", "password", "cookie", "authorization", "api_key", "session", "email")
_QUIET = ("httpx2", "alembic", "uvicorn.error", "uvicorn.access", "asyncio", "stripe", "urllib3", "httpcore2", "pikepdf")


def configure(settings: Settings) -> None:
    """Sets up logging for the process; lines go to standard error."""
    level = getattr(logging, settings.log_level.upper())
    readable = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    end: list[Processor] = (
        # Plain tracebacks: the pretty ones print variables, and with them tokens and keys.
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if readable
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *end]
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hides the values of names that hold, or could hold, a secret: `token`, `browser_token`, `session_token`, ..."""
    for name in event:
        if any(name == hidden or name.endswith(f"_{hidden}") for hidden in _HIDDEN):
            event[name] = "***"
    return event
