"""Tables parsed in blocks hold what they hold as a whole, and times are read the same one by one."""

import io
import random
import re
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting import archives, csv_blocks
from targeting.archives import opened_member
from targeting.calls import CLOSED, SEQUENCE, whole_number
from targeting.feed_files import FeedFiles
from targeting.limits import DEFAULT_LIMITS
from targeting.notices import Notices
from targeting.plain_text import plain
from targeting.text_columns import Column, Figures, letters_of, only_signs
from targeting.times import CALL_TIME, seconds, usual_seconds


def _rows(text: bytes, *, in_blocks: bool) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the rows of a table of the columns a, b and c, without b, and the rows of another width."""
    uneven: list[str] = []

    def skip(row: object) -> str:
        uneven.append(row.text)  # type: ignore[attr-defined]
        return "skip"

    blocks = csv_blocks.parse_csv(
        io.BytesIO(text),
        ["a", "b", "c"],
        dict.fromkeys(["a", "c"], csv_blocks.TEXTS),
        lambda cells: cells,
        encoding="utf8",
        in_blocks=in_blocks,
        uneven=skip,
    )
    table = pa.concat_tables(blocks)
    rows = list(zip(*(table.column(name).to_pylist() for name in ("a", "c")), strict=True))
    return rows, sorted(uneven)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("block", [1, 7, 64, 1 << 22])
def test_blocks_hold_what_the_whole_holds(
    monkeypatch: pytest.MonkeyPatch, end: str, last: bool, block: int
) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK", block)
    drawn = random.Random(7)  # noqa: S311
    lines = [f"{drawn.randrange(9)},x,é{drawn.randrange(10**6)}" for _ in range(200)]
    lines[50:50] = ["1,2", "1,2,3,4"]
    text = end.join(["a,b,c", *lines]) + (end if last else "")
    rows, uneven = _rows(text.encode(), in_blocks=True)
    expected = [(line.split(",")[0], line.split(",")[2]) for line in lines if line.count(",") == 2]
    assert rows == expected
    assert uneven == ["1,2", "1,2,3,4"]
    assert _rows(text.encode(), in_blocks=False) == (rows, uneven)


def test_a_quoted_end_of_line_is_kept_in_a_table_read_as_a_whole() -> None:
    assert _rows(b'a,b,c\n1,2,"3\n4"\n', in_blocks=False)[0] == [("1", "3\n4")]


_LIKE_TIMES = st.from_regex(r"[0-9]{1,3}:[0-9]{1,2}:[0-9]{1,2}|[ -~]{0,9}|.{0,9}", fullmatch=True)
_TIMES = st.from_regex(r"([0-9]{1,2}:[0-9]{2}:[0-9]{2})?", fullmatch=True)


@given(st.lists(_LIKE_TIMES) | st.lists(_TIMES), st.integers(0, 3))
def test_times_together_are_those_one_by_one(texts: list[str], skipped: int) -> None:
    together = usual_seconds(pa.array(texts, pa.string())[skipped:])
    usual = [text for text in texts[skipped:] if re.fullmatch("([0-9]{1,2}:[0-9]{2}:[0-9]{2})?", text, re.A)]
    if len(usual) < len(texts[skipped:]):
        assert together is None
    else:
        assert together is not None
        assert together.tolist() == [seconds(text) for text in usual]


@pytest.mark.parametrize("letter", [chr(code) for code in range(32, 127)])
def test_only_digits_and_colons_in_their_places_are_times(letter: str) -> None:
    for place in range(8):
        text = "09:59:10"[:place] + letter + "09:59:10"[place + 1 :]
        together = usual_seconds(pa.array(["00:00:00", text, "23:59:59"]))
        if letter == ":" if place in (2, 5) else letter.isdigit():
            assert together is not None
            assert together.tolist() == [0, seconds(text), 86399]
        else:
            assert together is None


def test_times_are_read_past_midnight() -> None:
    found = usual_seconds(pa.array(["25:01:02", "", "9:00:59"]))
    assert found is not None
    assert found.tolist() == [25 * 3600 + 62, -1, 9 * 3600 + 59]


def _stop_times(folder: Path, rows: list[str]) -> FeedFiles:
    folder.joinpath("stop_times.txt").write_text("\n".join(["trip_id,stop_sequence,arrival_time", *rows]))
    return FeedFiles(folder, {"stop_times": "stop_times.txt"}, Notices())


_Rows = tuple[dict[str, Column], dict[str, Figures]]


_AS_USUAL = ("", "t,-3,8:00:02", "t,007,8:00:02", "t, 3,8:00:02")
_ODD = (
    "t,3",
    "t,3.0,8:00:02",
    "t,x,8:00:02",
    "t,3,no time",
    "t,3,8:00:2",
    "t,\u202e3,8:00:02",
    "t\u202e,3,8:00:02",
    " t,3,8:00:02",
    "t,2000000000,8:00:02",
    "t,1000000000,8:00:02",
    "t,NA,8:00:02",
    "t,,8:00:02",
)


@pytest.mark.parametrize("odd", _AS_USUAL + _ODD)
@pytest.mark.parametrize("block", [20, 1 << 20])
def test_figures_are_those_of_the_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str, block: int
) -> None:
    monkeypatch.setattr(csv_blocks, "BLOCK", block)
    rows = [f"t{i % 7},{i % 3},{i % 24:02}:{i % 60:02}:00" for i in range(30)]
    rows[11:11] = [odd] if odd else []
    files = _stop_times(tmp_path, rows)
    parses = {"stop_sequence": SEQUENCE, "arrival_time": CALL_TIME, "departure_time": CALL_TIME}

    def as_they_are(columns: dict[str, Column], figures: dict[str, Figures]) -> _Rows:
        return columns, figures

    parts = files.digested("stop_times", ["trip_id", "stop_id"], parses, as_they_are)
    assert (len(parts) == 1) == (odd in _ODD or block > 20)

    def whole(name: str) -> list[object]:
        return [figure for _, figures in parts for figure in figures[name].rows.tolist()]

    texts = files.columns("stop_times", ["trip_id", "stop_sequence", "arrival_time"])
    ids = [text for columns, _ in parts for text in columns["trip_id"].texts().tolist()]
    assert ids == texts["trip_id"].texts().tolist()
    assert sorted(ids) == sorted(plain(row).split(",")[0].strip() for row in rows)
    assert [text for columns, _ in parts for text in columns["stop_id"].texts()] == [""] * len(rows)
    assert whole("stop_sequence") == [whole_number(text) for text in texts["stop_sequence"].texts()]
    assert whole("arrival_time") == [seconds(text) for text in texts["arrival_time"].texts()]
    assert whole("departure_time") == [-1] * len(rows)
    assert all((figures["arrival_time"].texts is None) == (odd not in _ODD) for _, figures in parts)


@given(st.lists(st.sampled_from(["", "0", "1", "2", "3"])) | st.lists(st.text(max_size=2)), st.integers(0, 3))
def test_closed_stops_together_are_those_one_by_one(texts: list[str], skipped: int) -> None:
    together = CLOSED.many(pa.array(texts, pa.string())[skipped:])
    if together is not None:
        assert together.tolist() == [plain(text).strip() == "1" for text in texts[skipped:]]
        assert all(plain(text).strip() == text for text in texts[skipped:])
    else:
        assert not all(text in ("0", "1", "2", "3") for text in texts[skipped:])
        assert any(texts[skipped:])


def test_what_stands_in_a_slice_is_found() -> None:
    length, letters = letters_of(pa.array(["ab", "", "cde", "f"])[1:3])
    assert (length.tolist(), bytes(letters)) == ([0, 3], b"cde")
    assert letters_of(pa.array(["ab"])[1:])[0].tolist() == []


@pytest.mark.parametrize(
    ("text", "only"), [("!~a9", True), ("a b", False), ("\x7f", False), ("é", False), ("", True)]
)
def test_signs_of_ascii_are_told_from_the_rest(text: str, only: bool) -> None:
    assert only_signs(letters_of(pa.array(["x", text]))[1]) is only


@pytest.mark.parametrize("packed_chunk", [1, 100, 1 << 16])
def test_a_member_is_inflated_as_zipfile_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed_chunk: int
) -> None:
    monkeypatch.setattr(archives, "_PACKED_CHUNK", packed_chunk)
    content = b"".join(b"%d,%d\n" % (i, i * i) for i in range(5000)) + b"0" * 50_000
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("before.txt", "x" * 1000)
        archive.writestr("ä/some.txt", content)
    with opened_member(path, "ä/some.txt", DEFAULT_LIMITS, 10**9, as_text=True) as stream:
        assert b"".join(iter(lambda: stream.read(777), b"")) == content


@pytest.mark.parametrize("at", [0.2, 0.9])
def test_a_changed_byte_never_passes(tmp_path: Path, at: float) -> None:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("some.txt", random.Random(3).randbytes(4000).hex())  # noqa: S311
        member = archive.getinfo("some.txt")
    content = bytearray(path.read_bytes())
    content[member.header_offset + 30 + len("some.txt") + int(member.compress_size * at)] ^= 4
    path.write_bytes(content)
    with (
        opened_member(path, "some.txt", DEFAULT_LIMITS, 10**9, as_text=True) as stream,
        pytest.raises(archives.DAMAGED),
    ):
        stream.read()
