"""JSON with a cache: what is no JSON, or no success, never reaches it."""

import json
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests_cache import CacheMixin, FileCache

from targeting.errors import FetchError
from targeting.fetch.redact import redacted
from targeting.fetch.settings import KEYS_FROM
from targeting.fetch.transport import Patience, Wire, beginning, refused

MOST_JSON_BYTES = 64 << 20  # all tracts of California with the notes on their figures are 12 MB


class _JsonWire(Wire):
    """Answers are JSON, or they are faults: the cache above stores whatever comes from here."""

    patience = Patience()

    def send(self, request: Any, **settings: Any) -> Any:
        url = redacted(request.url)
        tries = self.patience.tries
        for attempt in range(tries):
            time.sleep(self.patience.wait_s(attempt))
            response = super().send(request, **{**settings, "stream": True})
            body = _body(response)
            if body is not None:
                break
        else:
            raise FetchError(f"{url}: broke off {tries} times; run the same command again later.")
        if len(body) > MOST_JSON_BYTES:
            raise FetchError(f"{url}: answers with more than {MOST_JSON_BYTES >> 20} MB; check the address.")
        response._content, response._content_consumed = body, True
        status = response.status_code
        if status == 304 and {"If-None-Match", "If-Modified-Since"} & set(request.headers):
            return response
        if status != 200:
            raise refused(url, status, tries, response.text)
        fault = _no_json(body, response)
        if fault:
            raise FetchError(f"{url}: {fault}.", status=status, answer=beginning(response.text))
        return response


class JsonSession(CacheMixin, _JsonWire):  # type: ignore[misc]
    """The session of `HttpClient.json`."""

    def remembered(self, url: str, parameters: Mapping[str, str]) -> Any:
        """Return the cached answer however old it is, None where there is none; asks nobody."""
        request = self.prepare_request(requests.Request("GET", url, params=parameters))
        return self.cache.get_response(self.cache.create_key(request))


def open_json_session(folder: Path, patience: Patience, keep: timedelta) -> JsonSession:
    """Return a session whose answers are kept in a folder, each as a readable file."""
    session = JsonSession(
        backend=FileCache(folder), expire_after=keep, allowable_codes=(200,), ignored_parameters=["key"]
    )
    session.patience = patience
    session.prepare_for(patience)
    return session


def _body(response: Any) -> bytes | None:
    """Return the body, one byte more than allowed at most; None where it broke off."""
    try:
        with response:
            body: bytes = response.raw.read(MOST_JSON_BYTES + 1, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError):
        return None
    return body


def _no_json(body: bytes, response: Any) -> str:
    """Return what is wrong with an answer that should be JSON; nothing where it is."""
    try:
        json.loads(body)
    except ValueError:
        pass
    else:
        return ""
    text = response.text
    found = re.search(r"(?is)<title[^>]*>(.*?)</title>", text)
    title = " ".join(found[1].split())[:60] if found else ""
    if "key" in title.lower():
        return (
            f'answers "{redacted(title)}" instead of data; get a free key at {KEYS_FROM} and give it in '
            "CENSUS_API_KEY or with --key"
        )
    if found or text.lstrip()[:1] == "<":
        named = f' titled "{redacted(title)}"' if title else ""
        return f"came as a web page{named} instead of data; open the address in a browser to see why"
    return f"came as something else than JSON ({len(body):,} bytes), perhaps cut short; run it again"
