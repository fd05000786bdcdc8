"""The HTTP client against a server that does what servers do."""

import hashlib
import json
import logging
import random
import shutil
import ssl
import subprocess
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from servers import HASTY, Answer, Asked, Server, html, json_answer, ranged, serving

from targeting.errors import FetchError
from targeting.fetch import http, json_session
from targeting.fetch.http import HttpClient
from targeting.fetch.redact import redacted
from targeting.fetch.transport import Patience, Wire, checked

KEY = "0123456789abcdefSECRET/+KEY"
BYTES = random.Random(5).randbytes(700_001)  # noqa: S311
SHA = hashlib.sha256(BYTES).hexdigest()
MB = 1 << 20


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


class Clients:
    """Makes clients on one cache, as runs of the program one after the other."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.made: list[HttpClient] = []

    def __call__(self, **settings: object) -> HttpClient:
        client = HttpClient(self.cache, **{"patience": HASTY, **settings})  # type: ignore[arg-type]
        self.made.append(client)
        return client

    def files(self) -> list[Path]:
        return sorted(
            path for path in (self.cache / "files").rglob("*") if path.is_file() and path.suffix == ".zip"
        )


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[Clients]:
    clients = Clients(tmp_path / "cache")
    yield clients
    for client in clients.made:
        client.close()


def refusal(call: object, *arguments: object, **more: object) -> str:
    """The one sentence that a call is refused with; nothing hangs behind it."""
    with pytest.raises(FetchError) as caught:
        call(*arguments, **more)  # type: ignore[operator]
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return sentence


# --- JSON


def test_json_is_asked_for_once_and_kept(server: Server, clients: Clients) -> None:
    server.rules["/data"] = json_answer('[["NAME","C16001_001E"],["Tract 1","12"]]')
    for _ in range(2):
        answer = clients().json(server.url("/data"), {"get": "NAME", "for": "tract:*"})
        assert answer == [["NAME", "C16001_001E"], ["Tract 1", "12"]]
    assert server.count("/data") == 1
    assert server.asked[0].query == {"get": "NAME", "for": "tract:*"}
    assert server.asked[0].headers["User-Agent"].startswith("targeting/")
    clients(refresh=True).json(server.url("/data"), {"get": "NAME", "for": "tract:*"})
    assert server.count("/data") == 2


def test_a_page_instead_of_json_is_never_kept(server: Server, clients: Clients) -> None:
    server.rules["/data"] = [html("Missing Key"), json_answer("[1]")]
    said = refusal(clients().json, server.url("/data"), {})
    assert 'answers "Missing Key" instead of data' in said
    assert "CENSUS_API_KEY or with --key" in said
    assert clients().json(server.url("/data"), {}) == [1]


def test_an_answer_that_was_cut_short_in_the_cache_is_asked_for_anew(
    server: Server, clients: Clients
) -> None:
    """As by a process that was killed while it wrote it, or by a full disk."""
    server.rules["/data"] = json_answer("[1]")
    clients().json(server.url("/data"), {})
    (kept,) = (clients.cache / "json").glob("*.json")
    whole = kept.read_bytes()
    for asked, length in enumerate((0, 1, len(whole) // 2, len(whole) - 1), 2):
        kept.write_bytes(whole[:length])
        assert clients().json(server.url("/data"), {}) == [1]
        assert server.count("/data") == asked
    clients().json(server.url("/data"), {})
    assert server.count("/data") == asked, "it is whole again"


def test_a_page_does_not_push_out_what_was_kept(server: Server, clients: Clients) -> None:
    server.rules["/data"] = [json_answer("[1]"), html("Sign in to the hotel's network")]
    clients().json(server.url("/data"), {})
    said = refusal(clients(refresh=True).json, server.url("/data"), {})
    assert 'a web page titled "Sign in to the hotel\'s network" instead of data' in said
    assert clients().json(server.url("/data"), {}) == [1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(b"", 204), "answered that there is nothing for this question (204); check the counties"),
        (Answer(b"error: unknown variable 'X'", 400), "status 400 (error: unknown variable 'X'); check"),
        (Answer(b"<html>no</html>", 404), "is not there (404)"),
        (Answer(b"", 403), "refuses access (403)"),
        (Answer(b"[1, 2", 200), "came as something else than JSON (5 bytes)"),
        (Answer(b"[]", 503), "is out of order (503), 3 times"),
        (Answer(b"[]", 429), "asks to slow down (429), 3 times"),
    ],
)
def test_what_is_no_answer_is_one_sentence(
    server: Server, clients: Clients, answer: Answer, words: str
) -> None:
    server.rules["/data"] = answer
    assert words in refusal(clients().json, server.url("/data"), {"get": "X"})
    assert server.count("/data") == (3 if answer.status in (429, 503) else 1)


def test_429_waits_as_told_and_then_works(server: Server, clients: Clients) -> None:
    server.rules["/data"] = [Answer(b"", 429, {"Retry-After": "1"}), json_answer("[1]")]
    started = time.monotonic()
    assert clients(patience=replace(HASTY, longest_wait_s=60.0)).json(server.url("/data"), {}) == [1]
    assert 0.95 < time.monotonic() - started < 5


def test_retry_after_of_an_hour_is_not_waited_for(server: Server, clients: Clients) -> None:
    server.rules["/data"] = [Answer(b"", 503, {"Retry-After": "3600"}), json_answer("[1]")]
    assert clients().json(server.url("/data"), {}) == [1]


def test_waits_grow_by_chance_and_are_bounded() -> None:
    patience = Patience()
    assert patience.wait_s(0) == 0
    for attempt, least in [(1, 1), (2, 2), (3, 4), (4, 8)]:
        waits = {patience.wait_s(attempt) for _ in range(20)}
        assert least <= min(waits) < max(waits) <= 2 * least
    assert patience.wait_s(30) == 60
    retries = patience.retries()
    assert (retries.total, retries.backoff_jitter, retries.respect_retry_after_header) == (4, 1.0, True)


def test_a_silent_server_is_given_up(server: Server, clients: Clients) -> None:
    server.rules["/data"] = json_answer("[1]", delay_s=1.0)
    said = refusal(clients(patience=replace(HASTY, read_s=0.05, tries=2)).json, server.url("/data"), {})
    assert "broke off 2 times" in said
    assert server.count("/data") == 2


def test_nobody_there(clients: Clients) -> None:
    assert "cannot be reached; check the network" in refusal(clients().json, "http://127.0.0.1:9/x", {})
    assert "cannot be reached" in refusal(clients().file, "http://127.0.0.1:9/x", most_bytes=MB)


def test_json_cut_short_is_asked_for_again(server: Server, clients: Clients) -> None:
    whole = json_answer("[1, 2, 3]")
    server.rules["/data"] = [replace(whole, cut=4), whole]
    assert clients().json(server.url("/data"), {}) == [1, 2, 3]


def test_json_without_end_is_refused(
    server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_session, "MOST_JSON_BYTES", 100)
    server.rules["/data"] = json_answer(json.dumps(["x" * 200]))
    assert "answers with more than" in refusal(clients().json, server.url("/data"), {})


def test_json_offline(server: Server, clients: Clients) -> None:
    server.rules["/data"] = json_answer("[1]")
    url = server.url("/data")
    said = refusal(clients(offline=True).json, url, {"a": "b"}, secret=KEY)
    assert "is not in the cache; run the same command without --offline" in said
    clients().json(url, {"a": "b"}, secret=KEY)
    asked = len(server.asked)
    assert clients(offline=True).json(url, {"a": "b"}, secret=None) == [1]
    assert len(server.asked) == asked


# --- the key


def everything(folder: Path) -> str:
    """Every name and every byte below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(
        [*(str(path) for path in files), *(path.read_bytes().decode("latin1") for path in files)]
    )


def test_the_key_is_sent_and_nowhere_else(
    server: Server, clients: Clients, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"error: bad key {KEY}"
    server.rules["/good"] = [Answer(b"", 503), json_answer("[1]", delay_s=0.01)]
    server.rules["/moved"] = Answer(b"", 302, {"Location": server.url("/good")})
    server.rules["/echo"] = Answer(echo.encode(), 400)
    server.rules["/page"] = html(f"Invalid Key {KEY}")
    server.rules["/down"] = Answer(b"", 500)
    server.rules["/hangs"] = json_answer("[1]", length=900)
    client = clients()
    for path in ("/good", "/moved"):
        assert client.json(server.url(path), {"get": "NAME"}, secret=KEY) == [1]
    assert all(asked.query["key"] == KEY for asked in server.asked)
    assert client.json(server.url("/good"), {"get": "NAME", "key": KEY}) == [1], "however it is given"
    texts = []
    for url in (*map(server.url, ("/echo", "/page", "/down", "/hangs", "/none")), "http://127.0.0.1:9/x"):
        with pytest.raises(FetchError) as caught:
            client.json(url, {"get": "NAME"}, secret=KEY)
        texts.append("".join(traceback.format_exception(caught.value)) + repr(caught.value))
        assert caught.value.__cause__ is caught.value.__context__ is None
    client.close()
    output = capfd.readouterr()
    seen = "\n".join([*texts, caplog.text, *output, everything(clients.cache)])
    assert "/good" in caplog.text, "the libraries did log"
    for form in (KEY, "SECRET", requests.utils.quote(KEY, safe="")):
        assert form not in seen


def test_the_key_is_not_sent_to_another_host(server: Server, clients: Clients) -> None:
    with serving() as other:
        other.rules["/there"] = json_answer("[1]")
        server.rules["/data"] = Answer(b"", 302, {"Location": other.url("/there")})
        assert clients().json(server.url("/data"), {}, secret=KEY) == [1]
        assert server.asked[0].query == {"key": KEY}
        assert other.asked[0].query == {}


def test_a_key_in_the_address_of_a_feed_is_hidden(
    server: Server, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.rules["/gtfs.zip"] = Answer(BYTES)
    path = clients().file(server.url("/gtfs.zip?format=zip&api_key=tok-3n"), most_bytes=MB)
    said = refusal(clients().file, server.url("/none.zip?access_token=tok-3n"), most_bytes=MB)
    assert "access_token=[hidden]" in said
    assert server.asked[0].query == {"format": "zip", "api_key": "tok-3n"}
    assert path.read_bytes() == BYTES
    assert "tok-3n" not in said + caplog.text + everything(clients.cache)
    assert redacted("http://me:pass@proxy:8080/") == "http://[hidden]@proxy:8080/"


# --- files


def test_a_file_is_kept_by_date_and_hash(server: Server, clients: Clients) -> None:
    server.rules["/a/gtfs.zip"] = ranged(BYTES)
    url = server.url("/a/gtfs.zip")
    path = clients().file(url, most_bytes=MB, sha256=SHA)
    assert path.read_bytes() == BYTES
    port = server.server_address[1]
    assert path.relative_to(clients.cache) == Path(
        f"files/127.0.0.1_{port}/{time.strftime('%Y-%m-%d')}-{SHA[:8]}-gtfs.zip"
    )
    assert clients().file(url, most_bytes=MB) == path
    assert clients(offline=True).file(url, most_bytes=MB) == path
    assert server.count("/a/gtfs.zip") == 1
    assert not list((clients.cache / "partial").glob("*.part"))


def test_refresh_asks_whether_it_changed_and_keeps_the_old_one(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = ranged(BYTES)
    url = server.url("/gtfs.zip")
    first = clients().file(url, most_bytes=MB)
    client = clients(refresh=True)
    assert client.file(url, most_bytes=MB) == client.file(url, most_bytes=MB) == first
    assert server.count("/gtfs.zip") == 2, "asked once a run"
    assert server.asked[-1].headers["If-None-Match"] == '"one"'
    server.rules["/gtfs.zip"] = ranged(BYTES[::-1], etag='"two"')
    second = clients(refresh=True).file(url, most_bytes=MB)
    assert second != first
    assert (first.read_bytes(), second.read_bytes()) == (BYTES, BYTES[::-1])
    assert clients(offline=True).file(url, most_bytes=MB) == second
    server.rules["/gtfs.zip"] = ranged(BYTES, etag='"three"')
    assert clients(refresh=True).file(url, most_bytes=MB) == first, "the same bytes are kept once"


def test_a_file_damaged_in_the_cache_is_fetched_again(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = ranged(BYTES)
    path = clients().file(server.url("/gtfs.zip"), most_bytes=MB)
    path.write_bytes(b"damaged")
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB).read_bytes() == BYTES


def test_a_broken_download_goes_on_where_it_was(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = ranged(BYTES, cuts=[300_000, 50_000])
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB).read_bytes() == BYTES
    starts = [asked.headers.get("Range") for asked in server.asked]
    assert starts == [None, "bytes=300000-", "bytes=350000-"]
    assert server.asked[1].headers["If-Range"] == '"one"'


def test_the_next_run_goes_on_where_this_one_failed(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = ranged(BYTES, cuts=[300_000, 100, 100])
    said = refusal(clients().file, server.url("/gtfs.zip"), most_bytes=MB)
    assert "broke off 3 times, last after 300,200 bytes; run the same command again" in said
    assert clients.files() == [], "nothing unfinished has a name"
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB, sha256=SHA).read_bytes() == BYTES
    assert server.asked[-1].headers["Range"] == "bytes=300200-"


def test_a_new_version_is_not_glued_to_the_old_beginning(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = ranged(BYTES, cuts=[300_000, 0, 0])
    refusal(clients().file, server.url("/gtfs.zip"), most_bytes=MB)
    server.rules["/gtfs.zip"] = ranged(BYTES[::-1], etag='"two"')
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB).read_bytes() == BYTES[::-1]


def test_a_server_that_ignores_ranges(server: Server, clients: Clients) -> None:
    whole = Answer(BYTES, headers={"Last-Modified": "Wed, 21 Oct 2026 07:28:00 GMT"})
    server.rules["/gtfs.zip"] = [replace(whole, cut=300_000), whole]
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB).read_bytes() == BYTES
    assert server.asked[1].headers["If-Range"] == "Wed, 21 Oct 2026 07:28:00 GMT"


def test_a_file_of_unknown_version_begins_anew(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = [Answer(BYTES, cut=300_000), Answer(BYTES)]
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB).read_bytes() == BYTES
    assert "Range" not in server.asked[1].headers


def test_a_wrong_part_is_not_glued_on(server: Server, clients: Clients) -> None:
    headers = {"ETag": '"one"'}
    part = Answer(BYTES[5:], 206, headers | {"Content-Range": f"bytes 5-{len(BYTES) - 1}/{len(BYTES)}"})
    server.rules["/gtfs.zip"] = [Answer(BYTES, headers=headers, cut=300_000), part]
    assert "another part of the file" in refusal(clients().file, server.url("/gtfs.zip"), most_bytes=MB)


def test_a_beginning_that_no_longer_fits_is_dropped(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = ranged(BYTES, cuts=[300_000, 0, 0])
    refusal(clients().file, server.url("/gtfs.zip"), most_bytes=MB)
    server.rules["/gtfs.zip"] = ranged(BYTES[:1000])  # the same tag on a shorter file: 416
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB).read_bytes() == BYTES[:1000]


def test_a_chunked_body_cut_short_is_noticed(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = [Answer(BYTES, chunked=True, cut=1000), Answer(BYTES, chunked=True)]
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB).read_bytes() == BYTES


def test_a_slow_body_is_given_up_and_kept(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = replace(ranged(BYTES)(Asked("", {}, {})), delay_s=1.0)
    said = refusal(
        clients(patience=replace(HASTY, read_s=0.05, tries=2)).file, server.url("/gtfs.zip"), most_bytes=MB
    )
    assert "broke off 2 times" in said


def test_a_file_too_large_is_refused_before_and_while_it_comes(server: Server, clients: Clients) -> None:
    server.rules["/said.zip"] = Answer(BYTES)
    server.rules["/unsaid.zip"] = Answer(BYTES, chunked=True)
    for path in ("/said.zip", "/unsaid.zip"):
        said = refusal(clients().file, server.url(path), most_bytes=100_000)
        assert "is larger than 0 MB" in said
    assert not list((clients.cache / "partial").glob("*.part"))


def test_a_wrong_hash_is_refused_and_dropped(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = ranged(BYTES)
    said = refusal(clients().file, server.url("/gtfs.zip"), most_bytes=MB, sha256="0" * 64)
    assert f"has SHA-256 {SHA[:12]}… instead of 000000000000…" in said
    assert clients.files() == []
    assert clients().file(server.url("/gtfs.zip"), most_bytes=MB, sha256=SHA.upper()).read_bytes() == BYTES


@pytest.mark.parametrize("kind", ["text/html", "application/zip"])
def test_a_page_instead_of_a_file(server: Server, clients: Clients, kind: str) -> None:
    server.rules["/gtfs.zip"] = replace(html("Moved"), headers={"Content-Type": kind})
    said = refusal(clients().file, server.url("/gtfs.zip"), most_bytes=MB)
    assert "came as a web page instead of the file" in said
    assert clients.files() == []


def test_two_at_once_download_once(server: Server, clients: Clients) -> None:
    server.rules["/gtfs.zip"] = Answer(BYTES, delay_s=0.1)
    found: list[Path] = []
    two = [
        threading.Thread(
            target=lambda c: found.append(c.file(server.url("/gtfs.zip"), most_bytes=MB)), args=(clients(),)
        )
        for _ in range(2)
    ]
    for thread in two:
        thread.start()
    for thread in two:
        thread.join()
    assert found[0] == found[1]
    assert server.count("/gtfs.zip") == 1


def test_a_cache_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    server.rules["/gtfs.zip"] = Answer(BYTES)
    (tmp_path / "file").write_text("in the way")
    client = HttpClient(tmp_path / "file", patience=HASTY)
    with pytest.raises(FetchError, match=r"cannot be written \(Not a directory\); make room"):
        client.file(server.url("/gtfs.zip"), most_bytes=MB)
    client.close()


# --- lines


def test_lines_come_as_they_arrive(server: Server, clients: Clients) -> None:
    server.rules["/t.dat"] = Answer(b"GEO_ID|E\r\n1|2\n\n3|4", headers={"Content-Type": "text/plain"})
    assert list(clients().lines(server.url("/t.dat"))) == [b"GEO_ID|E", b"1|2", b"", b"3|4"]
    assert not list(clients.cache.rglob("*.dat"))


class Threes:
    """Selects the lines with a 3."""

    name = "threes"

    def holds(self, line: bytes) -> bool:
        return b"3" in line


def test_selected_lines_are_kept_with_the_first_and_the_last(server: Server, clients: Clients) -> None:
    server.rules["/t.dat"] = Answer(b"head\n1|3\n3|4\n5|6\n7|8\n")
    url = server.url("/t.dat")
    assert "is not in the cache" in refusal(lambda: list(clients(offline=True).lines(url, only=Threes())))
    for offline in (False, False, True):
        lines = clients(offline=offline).lines(url, only=Threes())
        assert list(lines) == [b"head", b"1|3", b"3|4", b"7|8"]
    assert server.count("/t.dat") == 1
    server.rules["/t.dat"] = Answer(b"head\n3|9\n")
    assert list(clients(refresh=True).lines(url, only=Threes())) == [b"head", b"3|9"]
    assert list(clients().lines(url, only=Threes())) == [b"head", b"3|9"]


def test_lines_that_nobody_read_to_the_end_are_not_kept(server: Server, clients: Clients) -> None:
    text = b"head\n" + b"1|3\n" * 1000
    server.rules["/t.dat"] = Answer(text, cut=2000)
    refusal(lambda: list(clients().lines(server.url("/t.dat"), only=Threes())))
    server.rules["/t.dat"] = Answer(text)
    lines = clients().lines(server.url("/t.dat"), only=Threes())
    assert next(lines) == b"head"
    lines.close()  # as who finds a line damaged
    assert not list((clients.cache / "partial").glob("*.part"))
    asked = server.count("/t.dat")
    assert len(list(clients().lines(server.url("/t.dat"), only=Threes()))) == 1001
    assert server.count("/t.dat") == asked + 1


@pytest.mark.parametrize("ranges", [True, False])
def test_lines_go_on_behind_a_broken_connection(server: Server, clients: Clients, ranges: bool) -> None:
    text = b"".join(b"%d|%d\n" % (n, n * n) for n in range(60_000))
    whole = Answer(text, headers={"ETag": '"one"'})
    server.rules["/t.dat"] = (
        ranged(text, cuts=[200_000, 7]) if ranges else [replace(whole, cut=200_000), whole]
    )
    assert list(clients().lines(server.url("/t.dat"))) == text.split(b"\n")[:-1]
    assert server.asked[1].headers["Range"] == "bytes=200000-"


def test_lines_of_another_version_are_not_mixed(server: Server, clients: Clients) -> None:
    text = b"1|2\n" * 50_000
    server.rules["/t.dat"] = [
        Answer(text, headers={"ETag": '"one"'}, cut=1000),
        Answer(text, headers={"ETag": '"two"'}),
    ]
    said = refusal(lambda: list(clients().lines(server.url("/t.dat"))))
    assert "broke off after 1,000 bytes" in said


def test_lines_refuse_pages_errors_and_floods(
    server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.rules["/page"] = html("Moved")
    server.rules["/t.dat"] = Answer(b"x" * 1000)
    monkeypatch.setattr(http, "MOST_LINES_BYTES", 500)
    for path, words in [("/page", "a web page"), ("/none", "is not there (404)"), ("/t.dat", "does not end")]:
        assert words in refusal(lambda path=path: list(clients().lines(server.url(path))))
    offline = clients(offline=True)
    assert "is not in the cache" in refusal(lambda: list(offline.lines(server.url("/t.dat"))))


# --- addresses, redirects, TLS, proxies


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.org/gtfs.zip", "is no web address"),
        ("file:///etc/passwd", "is no web address"),
        ("example.org/gtfs.zip", "is no web address"),
        ("https://me:pa55word@example.org/gtfs.zip", "holds a user name or password"),
        ("https://[bad/gtfs.zip", "cannot be read as a web address"),
    ],
)
def test_addresses_that_are_refused(clients: Clients, url: str, words: str) -> None:
    said = refusal(clients().file, url, most_bytes=MB)
    assert words in said
    assert "pa55word" not in said
    assert words in refusal(clients().json, url, {})


def test_redirects_are_followed_and_kept_under_the_first_address(server: Server, clients: Clients) -> None:
    server.rules["/latest"] = Answer(b"", 302, {"Location": "/v2/gtfs.zip"})
    server.rules["/v2/gtfs.zip"] = ranged(BYTES)
    server.rules["/old"] = Answer(b"", 301, {"Location": server.url("/data")})
    server.rules["/data"] = json_answer("[1]")
    path = clients().file(server.url("/latest"), most_bytes=MB)
    assert path.name.endswith("-latest")
    assert clients(offline=True).file(server.url("/latest"), most_bytes=MB) == path
    clients().json(server.url("/old"), {"a": "b"})
    assert clients(offline=True).json(server.url("/old"), {"a": "b"}) == [1]


def test_redirects_in_circles_and_out_of_the_web(server: Server, clients: Clients) -> None:
    server.rules["/round"] = Answer(b"", 302, {"Location": "/round"})
    server.rules["/disk"] = Answer(b"", 302, {"Location": "file:///etc/passwd"})
    server.rules["/plain"] = Answer(b"", 302, {"Location": server.url("/gtfs.zip", host="localhost")})
    server.rules["/gtfs.zip"] = Answer(BYTES)
    for path, words in [
        ("/round", "is redirected in circles"),
        ("/disk", "file:///etc/passwd: is no web address"),
        ("/plain", "redirects to localhost without encryption (http), which was refused"),
    ]:
        assert words in refusal(clients().file, server.url(path), most_bytes=MB)
    assert server.count("/gtfs.zip") == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody has signed, with its key, made for this run."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, which makes the test's certificate")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -keyout - -out -"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = subprocess.run([*command.split(), *name], capture_output=True, check=True)
    path.write_bytes(made.stdout)
    return path


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(context) as server:
        yield server


def test_a_certificate_that_nobody_vouches_for_is_refused(encrypted: Server, clients: Clients) -> None:
    encrypted.rules["/gtfs.zip"] = Answer(BYTES)
    said = refusal(clients().file, encrypted.url("/gtfs.zip"), most_bytes=MB)
    assert "its TLS certificate is not valid" in said
    assert "TLS certificate" in refusal(clients().json, encrypted.url("/gtfs.zip"), {})
    assert encrypted.asked == []


def test_no_redirect_leads_out_of_encryption(
    encrypted: Server, server: Server, certificate: Path, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    encrypted.rules["/gtfs.zip"] = Answer(BYTES)
    encrypted.rules["/down"] = Answer(b"", 302, {"Location": server.url("/gtfs.zip")})
    server.rules["/up"] = Answer(b"", 302, {"Location": encrypted.url("/gtfs.zip")})
    said = refusal(clients().file, encrypted.url("/down"), most_bytes=MB)
    assert "without encryption (http), which was refused" in said
    assert clients().file(server.url("/up"), most_bytes=MB).read_bytes() == BYTES
    assert server.count("/gtfs.zip") == 0


def test_proxies_of_the_environment_are_used(
    server: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("http_proxy", server.url(""))
    server.rules["/gtfs.zip"] = Answer(BYTES)
    path = clients().file("http://transit.example/gtfs.zip", most_bytes=MB)
    assert path.read_bytes() == BYTES
    assert server.asked[0].headers["Host"] == "transit.example"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    said = refusal(clients().file, "http://transit.example/other.zip", most_bytes=MB)
    assert "the proxy in the way does not answer; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY" in said


def test_nothing_turns_verification_off() -> None:
    assert Wire().verify is True
    assert Wire().trust_env is True
    assert checked(" https://example.org/a#b ") == "https://example.org/a"
