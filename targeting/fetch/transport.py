"""The wire: sessions that verify TLS, retry within bounds, and follow redirects only where it is safe.

The key of a call travels beside it and joins the address only in the adapter, the last moment before
it is sent: sessions, caches and exceptions above never see it.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from targeting import __version__
from targeting.errors import FetchError
from targeting.fetch.redact import keep_secret, redacted

BUSY = (429, 500, 502, 503, 504)
MOST_REDIRECTS = 8
ANSWER_KEPT, LINE_SHOWN = 500, 120  # characters
_SECRET: ContextVar[str | None] = ContextVar("secret", default=None)


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server, and how often to ask again.

    Attributes
    ----------
    connect_s, read_s : float
        Seconds until a connection stands, and between two pieces of an answer.
    tries : int
        How often a call is made at most.
    backoff_s : float
        Seconds before the second try; doubled for each further one, with as much again at random.
    longest_wait_s : float
        No wait is longer, whatever a server's Retry-After says.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    tries: int = 5
    backoff_s: float = 1.0
    longest_wait_s: float = 60.0

    def wait_s(self, attempt: int) -> float:
        """Return the seconds to wait before try number `attempt` (the first is 0)."""
        if not attempt:
            return 0.0
        backoff = self.backoff_s * 2.0 ** (attempt - 1)
        return min(self.longest_wait_s, backoff * (1 + random.random()))  # noqa: S311  # no cipher

    def retries(self) -> Retry:
        """Return urllib3's form of it."""
        longest = self.longest_wait_s

        class Bounded(Retry):
            def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
                seconds = super().get_retry_after(response)
                return None if seconds is None else min(seconds, longest)

        return Bounded(
            total=self.tries - 1,
            backoff_factor=self.backoff_s,
            backoff_max=longest,
            backoff_jitter=self.backoff_s,
            status_forcelist=BUSY,
            allowed_methods=["GET"],
            redirect=False,
            raise_on_status=False,
            respect_retry_after_header=True,
        )


@contextmanager
def sending(secret: str | None) -> Iterator[None]:
    """Send `secret` as the parameter "key" of the calls made inside."""
    keep_secret(secret)
    token = _SECRET.set(secret)
    try:
        yield
    finally:
        _SECRET.reset(token)


def checked(url: str) -> str:
    """Return an address that may be fetched.

    Raises
    ------
    FetchError
        When it is not http or https, names no host, or holds a user name or password.
    """
    url = url.strip()
    fault = ""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            fault = "is no web address; write it as https://host/path"
        elif parts.username or parts.password:
            fault = "holds a user name or password, which would be kept in records; give it without"
        elif parts.port == 0:
            fault = "names no usable port; check it"
    except ValueError:
        fault = "cannot be read as a web address; check it"
    if fault:
        raise FetchError(f"{redacted(url)}: {fault}.")
    return url.split("#")[0]


class _Adapter(HTTPAdapter):  # type: ignore[misc]
    """Adds the key at the last moment, and takes it out of the answer's address at the first."""

    def send(self, request: Any, *arguments: Any, **settings: Any) -> Any:
        secret = _SECRET.get()
        if secret is None:
            return super().send(request, *arguments, **settings)
        keyed = request.copy()
        keyed.prepare_url(request.url, {"key": secret})
        response = super().send(keyed, *arguments, **settings)
        response.request, response.url = request, request.url
        return response


class Wire(requests.Session):  # type: ignore[misc]
    """A session that follows redirects by our rules; proxies come from the environment."""

    def prepare_for(self, patience: Patience) -> None:
        """Set retries and the name we go by (some agencies refuse an unnamed library)."""
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(max_retries=patience.retries()))
        self.headers["User-Agent"] = f"targeting/{__version__} (transit poster planning)"

    def send(self, request: Any, **settings: Any) -> Any:
        """Send a request and follow its redirects; the answer keeps the first address."""
        settings["allow_redirects"] = False
        first = request.url
        token = _SECRET.set(_SECRET.get())
        try:
            for _ in range(MOST_REDIRECTS + 1):
                response = super().send(request, **settings)
                target = self.get_redirect_target(response)
                if target is None:
                    response.url = first
                    return response
                response.close()
                request = self._redirected(request, response, target, settings)
        finally:
            _SECRET.reset(token)
        raise FetchError(f"{redacted(first)}: is redirected in circles; check the address.")

    def _redirected(self, request: Any, response: Any, target: str, settings: dict[str, Any]) -> Any:
        url = checked(urljoin(request.url, target))
        old, new = urlsplit(request.url), urlsplit(url)
        if new.scheme == "http" and (old.scheme != "http" or old.hostname != new.hostname):
            raise FetchError(
                f"{redacted(request.url)}: redirects to {new.hostname} without encryption (http), which "
                "was refused; give the http address itself if you trust it."
            )
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            _SECRET.set(None)  # a key is for the host it was meant for, and no other
        following = request.copy()
        following.prepare_url(url, None)
        self.rebuild_auth(following, response)
        settings["proxies"] = self.rebuild_proxies(following, settings.get("proxies"))
        return following


def unreachable(url: str, fault: Exception) -> FetchError:
    """Return the one sentence for a call that brought no answer."""
    reason = getattr(fault.args[0] if fault.args else None, "reason", None)
    unreached = ""
    if isinstance(fault, requests.exceptions.SSLError):
        what = (
            "cannot prove who it is (its TLS certificate is not valid), so nothing was fetched; check "
            "this computer's clock, or name your organisation's certificates in REQUESTS_CA_BUNDLE"
        )
    elif isinstance(fault, requests.exceptions.ProxyError):
        what = "the proxy in the way does not answer; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
    elif isinstance(fault, requests.exceptions.Timeout) or isinstance(reason, ReadTimeoutError):
        what = "does not answer in time; run the same command again later"
    elif isinstance(fault, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        what = "cannot be read as a web address; check it"
    else:
        what = "cannot be reached; check the network and the address, and run the same command again"
        unreached = urlsplit(url).hostname or ""
    return FetchError(f"{redacted(url)}: {what}.", unreached=unreached)


def refused(url: str, status: int, tries: int, answer: str = "") -> FetchError:
    """Return the one sentence for an answer that is not what was asked for; `answer` is its text."""
    said = _first_line(answer)
    if status == 204:
        what = "answered that there is nothing for this question (204); check the counties and the year"
    elif status in (401, 403, 407):
        what = f"refuses access ({status}); it may need a key or have moved: open it in a browser"
    elif status in (404, 410):
        what = f"is not there ({status}); check the address, or the year"
    elif status == 429:
        what = f"asks to slow down (429), {tries} times; wait some minutes and run the same command again"
    elif status >= 500:
        what = f"is out of order ({status}), {tries} times; run the same command again later"
    else:
        what = f"answered with status {status}" + (f" ({said})" if said else "") + "; check the address"
    return FetchError(f"{redacted(url)}: {redacted(what)}.", status=status, answer=beginning(answer))


def beginning(answer: str) -> str:
    """Return how an answer's text begins, for those who know what it means; without keys."""
    return redacted(answer[: 2 * ANSWER_KEPT])[:ANSWER_KEPT]  # no key is cut in two before it is hidden


def _first_line(answer: str) -> str:
    """Return the first line of a plain error message; nothing of a web page."""
    line = answer.strip().split("\n")[0].strip()
    return "" if line.startswith("<") else beginning(line)[:LINE_SHOWN]
