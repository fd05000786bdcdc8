"""A web server of the tests: true shapes of answers, and every way in which they go wrong."""

import csv
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from urllib.parse import parse_qs, urlsplit

from targeting.fetch.transport import Patience

HASTY = Patience(connect_s=1.0, read_s=0.4, tries=3, backoff_s=0.005, longest_wait_s=0.05)


@dataclass(frozen=True)
class Asked:
    """One request that came in."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What to send: `cut` ends the connection after so many bytes, `delay_s` waits before the body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    delay_s: float = 0.0
    length: int | None = None
    chunked: bool = False


Rule = Answer | Callable[[Asked], Answer] | Sequence[Answer]


class Server(ThreadingHTTPServer):
    """Answers by rules; remembers what was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, context: SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rules: dict[str, Rule] = {}
        self.asked: list[Asked] = []
        self.scheme = "http"
        if context:
            self.scheme = "https"
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.server_address[1]}{path}"

    def count(self, path: str) -> int:
        return sum(asked.path == path for asked in self.asked)

    def answer(self, asked: Asked) -> Answer:
        rule = self.rules.get(asked.path, Answer(b"not here", 404, {"Content-Type": "text/plain"}))
        if isinstance(rule, Answer):
            return rule
        if callable(rule):
            return rule(asked)
        return rule[min(self.count(asked.path), len(rule)) - 1]  # the last one for good

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections are meant to break here."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        asked = Asked(parts.path, query, dict(self.headers))
        self.server.asked.append(asked)
        answer = self.server.answer(asked)
        self.send_response(answer.status)
        headers = dict(answer.headers)
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif answer.status not in (204, 304):
            headers["Content-Length"] = str(len(answer.body) if answer.length is None else answer.length)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.delay_s:
            self.wfile.flush()
            time.sleep(answer.delay_s)
        body = answer.body if answer.cut is None else answer.body[: answer.cut]
        if answer.chunked:
            body = b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if answer.cut is None else b"")
        self.wfile.write(body)
        if answer.cut is not None or answer.length is not None:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_WR)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@contextmanager
def serving(context: SSLContext | None = None) -> Iterator[Server]:
    """Run a server for the time of a test."""
    server = Server(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def ranged(body: bytes, *, etag: str = '"one"', cuts: Sequence[int] = ()) -> Callable[[Asked], Answer]:
    """Return a rule that serves ranges of a body, and breaks the first answers off after `cuts` bytes."""
    left = list(cuts)

    def rule(asked: Asked) -> Answer:
        headers = {"ETag": etag, "Accept-Ranges": "bytes"}
        if asked.headers.get("If-None-Match") == etag:
            return Answer(b"", 304, headers)
        cut = left.pop(0) if left else None
        wanted = asked.headers.get("Range")
        if wanted and asked.headers.get("If-Range") == etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                return Answer(b"", 416, headers)
            span = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
            return Answer(body[start:], 206, headers | span, cut=cut)
        return Answer(body, 200, headers, cut=cut)

    return rule


def json_answer(text: str, **more: object) -> Answer:
    return Answer(text.encode(), headers={"Content-Type": "application/json;charset=utf-8"}, **more)  # type: ignore[arg-type]


def html(title: str, body: str = "<p>see there</p>") -> Answer:
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return Answer(page.encode(), headers={"Content-Type": "text/html"})


CATALOGUE_HEADER = (
    "id,data_type,entity_type,location.country_code,location.subdivision_name,location.municipality,"
    "provider,is_official,name,note,feed_contact_email,static_reference,urls.direct_download,"
    "urls.authentication_type,urls.authentication_info,urls.api_key_parameter_name,urls.latest,urls.license,"
    "location.bounding_box.minimum_latitude,location.bounding_box.maximum_latitude,"
    "location.bounding_box.minimum_longitude,location.bounding_box.maximum_longitude,"
    "location.bounding_box.extracted_on,status,features,redirect.id,redirect.comment"
)


def catalogue_csv(*rows: dict[str, str]) -> bytes:
    """Return a list in the Mobility Database's form; columns are given by their last part."""
    usual = {"data_type": "gtfs", "country_code": "US", "status": "active", "authentication_type": "0"}
    columns = CATALOGUE_HEADER.split(",")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        given = usual | row
        last = {name: name.split(".")[-1] if name != "redirect.id" else name for name in columns}
        writer.writerow([given.get(name, given.get(last[name], "")) for name in columns])
    return text.getvalue().encode()
