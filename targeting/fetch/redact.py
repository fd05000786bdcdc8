"""What may be seen of an address: never a key, a token or a password, wherever it is shown or kept."""

import logging
import re
import traceback
from urllib.parse import quote, quote_plus

from targeting.plain_text import HIDDEN, without_passwords

SHORTEST = 6  # shorter texts occur by chance, and hiding them would garble every sentence
_PARAMETER = re.compile(
    r"(?i)([?&;][\w.-]*(?:key|token|secret|passw|signature|credential|auth|appid|app_id)[\w.-]*=)"
    r"(?:[^&\s\"'#<>]*[^&\s\"'#<>:;,.)])?"  # a sentence goes on behind an address
)
_LOGGERS = (
    "urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.response",
    "urllib3.util.retry", "requests_cache.backends.base", "requests_cache.policy.actions",
    "requests_cache.session",
)  # fmt: skip
_secrets: set[str] = set()


def keep_secret(text: str | None) -> None:
    """Hide a text from now on in whatever this package shows, logs or keeps."""
    if text and len(text) >= SHORTEST:
        _secrets.update({text, quote(text, safe=""), quote_plus(text)})


def redacted(text: str) -> str:
    """Return a text without the secrets known, keys in addresses and users' passwords in them.

    Examples
    --------
    >>> redacted("https://example.org/gtfs.zip?api_key=1234&format=zip")
    'https://example.org/gtfs.zip?api_key=[hidden]&format=zip'
    """
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return without_passwords(_PARAMETER.sub(rf"\1{HIDDEN}", text))


class _Hide(logging.Filter):
    """Takes secrets out of the records of the libraries that see them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = redacted("".join(traceback.format_exception(*record.exc_info)))
            record.exc_info = None
        return True


_HIDE = _Hide()


def hide_in_logs() -> None:
    """Let no library below write a key into a log, however talkative the logging is set."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_HIDE)
