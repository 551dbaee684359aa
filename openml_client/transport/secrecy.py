"""Keeping the API key out of everything that people read: errors, logs, recordings."""

from __future__ import annotations

import logging
import re

_KEY_PARAMETER = re.compile(r"(?i)(api_key=)[^&\s\"'<>]+")
_LOGGERS = (
    "urllib3.connectionpool",
    "urllib3.connection",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
)
"""Loggers of urllib3 that write request targets; a filter of ``urllib3`` itself would see none
of their records."""


def hide_key(text: str, secret: str | None = None) -> str:
    """The text with every ``api_key=...`` and every occurrence of the secret masked."""
    masked = _KEY_PARAMETER.sub(r"\1***", text)
    return masked.replace(secret, "***") if secret else masked


class _KeyFilter(logging.Filter):
    """Masks the key in records that urllib3 writes of its request targets."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "api_key=" in message.lower():
            record.msg, record.args = hide_key(message), None
        return True


_KEY_FILTER = _KeyFilter()


def guard_logs() -> None:
    """Nothing; from now on urllib3's log records are free of the key. Repeating it is harmless."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_KEY_FILTER)
