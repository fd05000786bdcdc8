"""A local server that answers as the Census Bureau's do, and the program's client that asks it."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from servers import HASTY

from targeting.fetch.client import Selection
from targeting.fetch.http import HttpClient
from targeting.fetch.sources import Sources

Query = dict[str, str]
Answer = tuple[int, bytes]
MISSING_KEY = (
    b"<html><head><title>Missing Key</title></head><body>A valid key must be included.</body></html>"
)
INVALID_KEY = (
    b"<html><head><title>Invalid Key</title></head><body>A valid key must be included.</body></html>"
)


class CensusServer:
    """Serves what `pages` holds by path: bytes, a status, a function of the query, or these in turn."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.asked: list[tuple[str, Query]] = []
        serving = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                split = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(split.query).items()}
                serving.asked.append((split.path, query))
                status, body = serving.answer(split.path, query)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.sources = Sources(api=f"{self.address}/data", census=self.address)

    def answer(self, path: str, query: Query) -> Answer:
        page = self.pages.get(path, 404)
        if isinstance(page, list):
            page = page.pop(0) if len(page) > 1 else page[0]
        if callable(page):
            page = page(query)
        if isinstance(page, tuple):
            return page
        return (page, b"") if isinstance(page, int) else (200, page)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def serve_api(
        self, year: int, variables: Callable[[str], Any], areas: Mapping[str, Sequence[str]]
    ) -> None:
        """Answer as the API: GEO_IDs by "for in", and what value stands at "GEO_ID variable"."""

        def answer(query: Query) -> Answer:
            if not query.get("key"):
                return 200, MISSING_KEY
            fields = query["get"].split(",")
            if len(fields) > 50:
                return 400, b"error: too many variables"
            found = areas.get(f"{query['for']} {query.get('in', '')}".strip(), ())
            if not found:
                return 204, b""
            rows = [[variables(f"{geo_id} {name}") for name in fields] for geo_id in found]
            return 200, json.dumps([[*fields, "state"], *([*row, "41"] for row in rows)]).encode()

        self.pages[f"/data/{year}/acs/acs5"] = answer


class FreshClient:
    """The program's client as each of many runs has it: every question is asked of the server anew."""

    def __init__(self, sources: Sources, folder: Path) -> None:
        self.sources, self.folder = sources, folder
        self.runs = 0

    def _run(self) -> HttpClient:
        self.runs += 1
        cache = self.folder / str(self.runs)
        return HttpClient(cache, sources=self.sources, quiet=True, patience=HASTY)

    def json(self, url: str, parameters: Mapping[str, str], *, secret: str | None = None) -> Any:
        with self._run() as client:
            return client.json(url, parameters, secret=secret)

    def file(self, url: str, *, most_bytes: int, sha256: str | None = None) -> Path:
        with self._run() as client:
            return client.file(url, most_bytes=most_bytes, sha256=sha256)

    def lines(self, url: str, *, only: Selection | None = None) -> Iterator[bytes]:
        with self._run() as client:
            yield from client.lines(url, only=only)
