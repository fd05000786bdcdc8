"""What is left when a process is killed, a disk fills, or the system is not as one would wish."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from errno import EACCES, EROFS
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from targeting.campaign import read_campaign
from targeting.cli import main
from targeting.errors import OutputError
from targeting.locks import locked
from targeting.plan import Plan, make_plan
from targeting.sample import write_sample
from targeting.whole import alone, restore, whole_file, whole_files, whole_folder
from targeting.write import write_plan

QUICK = ("--set", "redraws=10")
INTERRUPTED = Path(__file__).with_name("interrupted.py")
POSIX = pytest.mark.skipif(os.name != "posix", reason="kills and limits are those of POSIX")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture(scope="module")
def made(sample: Path) -> Plan:
    return make_plan(read_campaign(sample / "sample.toml", ["redraws=10", "buses=6"]))


@pytest.fixture(scope="module")
def planned(made: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan that tests only read."""
    out = tmp_path_factory.mktemp("planned") / "plan"
    write_plan(made, out)
    return out


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def command(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "targeting", *map(str, arguments)],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )


def start(*arguments: object) -> "subprocess.Popen[str]":
    # a shell lets what runs in its background ignore Ctrl-C, and children inherit that
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "targeting", *map(str, arguments)], stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


def one_sentence(text: str, *parts: str) -> None:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("Error: "), text
    for part in parts:
        assert part in lines[0]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# Killed


@POSIX
@pytest.mark.parametrize("how", ["kill", "refuse"])
@pytest.mark.parametrize(
    ("what", "swap", "least_steps"),
    [
        ("folder", "one-step", 20),
        ("folder", "two-steps", 20),
        ("files", "one-step", 20),
        ("fetch", "one-step", 150),
    ],
)
def test_interrupted_at_every_step(tmp_path: Path, how: str, what: str, swap: str, least_steps: int) -> None:
    """`interrupted` asserts that every file is of before or new, and what else is promised."""
    done = subprocess.run(
        [sys.executable, INTERRUPTED, tmp_path, what, how, swap], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[1]) >= least_steps, "the trial ended before the writing did"


@POSIX
def test_a_plan_killed_at_random_moments(sample: Path, made: Plan, tmp_path: Path) -> None:
    """Before, while and after its folder is written: the plan there is one or the other."""
    out = tmp_path / "plans" / "plan"
    write_plan(made, out)
    before = content(out)
    chance = random.Random(8)  # noqa: S311
    for trial in range(4):
        process = start("plan", sample / "sample.toml", "--out", out, "--quiet", *QUICK)
        if trial:
            while process.poll() is None and not list(out.parent.glob(".plan.partial-*")):
                time.sleep(0.005)
        time.sleep(chance.uniform(0, 1.2))
        process.kill()
        process.communicate()
        record = json.loads((out / "run.json").read_text(encoding="utf-8"))
        if record["campaign"]["settings"]["placement"]["buses"] == 6:
            assert content(out) == before
        else:
            assert content(out).keys() == before.keys()
            assert run("compare", out, out).exit_code == 0
            write_plan(made, out)
            before = content(out)
    write_plan(made, out)
    assert [path.name for path in out.parent.iterdir()] == ["plan"], "leftovers are cleared away"


def test_a_folder_that_was_moved_away_is_put_back(planned: Path, tmp_path: Path) -> None:
    """Where two folders cannot be exchanged, a process may be killed between the two renamings."""
    for name, arguments in (
        ("compared", ("compare", planned)),
        ("drawn", ("layers", "--format", "geojson")),
    ):
        hidden = tmp_path / f".{name}.old-1a2b3c4d"
        hidden.mkdir()
        for path in planned.iterdir():
            (hidden / path.name).write_bytes(path.read_bytes())
        (tmp_path / f".{name}.partial-1a2b3c4d").mkdir()
        result = run(*arguments, tmp_path / name)
        assert result.exit_code == 0, result.output
        assert content(planned).items() <= content(tmp_path / name).items()
        assert not list(tmp_path.glob(".*"))


def test_a_name_with_wildcards_clears_away_its_own_leftovers_only(tmp_path: Path) -> None:
    for name in ("plan*", "plan-x", "plan[1]", "plan1"):
        (tmp_path / f".{name}.partial-1a2b3c4d").mkdir()
    for name in ("plan*", "plan[1]"):
        with whole_folder(tmp_path / name):
            pass
    left = {path.name for path in tmp_path.glob(".*")}
    assert left == {".plan-x.partial-1a2b3c4d", ".plan1.partial-1a2b3c4d"}


# Two at once


def test_the_second_of_two_plans_is_refused_before_it_does_any_work(sample: Path, planned: Path) -> None:
    before = content(planned)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from targeting.whole import alone\n"
            "with alone(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()",
            planned,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"in\n"
        for arguments in (
            ("plan", sample / "sample.toml", "--out", planned, *QUICK),
            ("picture", planned),
            ("layers", planned, "--format", "geojson"),
        ):
            result = run(*arguments)
            assert result.exit_code == 2
            one_sentence(result.stderr, str(planned), f"process {holder.pid} is writing it")
        assert run("compare", planned, planned).exit_code == 0, "who only reads is not kept out"
    finally:
        holder.kill()
        holder.communicate()
    assert content(planned) == before
    with alone(planned):  # a killed holder keeps nobody out
        pass
    assert [path.name for path in planned.parent.iterdir()] == ["plan"]


def test_a_lock_can_be_taken_again_and_by_one_only(tmp_path: Path) -> None:
    path = tmp_path / ".x.lock"
    for _ in range(2):
        with locked(path) as lock:
            assert lock.ours
            with locked(path) as second:
                assert not second.ours
                assert second.other == f"process {os.getpid()}"
        assert not path.exists()


def test_no_link_is_followed_to_a_lock(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / ".plan.lock").symlink_to(tmp_path / "precious")
    with whole_folder(tmp_path / "plan"):
        pass
    assert (tmp_path / "precious").read_text() == "mine"


def test_where_there_are_no_locks_plans_are_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> bool:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("targeting.locks._lock", none)
    with whole_folder(tmp_path / "plan") as partial:
        (partial / "a").write_text("a")
    assert content(tmp_path / "plan") == {"a": b"a"}


# The disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount a file system of some kilobytes; skipped where that is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = 0

    def mount(kilobytes: int) -> Path:
        nonlocal mounted
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", place]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            pytest.skip("file systems cannot be mounted here")
        mounted += 1
        return place

    yield mount
    for _ in range(mounted):
        subprocess.run(["umount", "--lazy", place], check=True)


@POSIX
def test_a_full_disk(made: Plan, small_disk: Callable[[int], Path]) -> None:
    """Whatever file it is that no longer fits: tables, layers, workbooks or pictures."""
    for kilobytes in (100, 800, 1200, 2500):
        disk = small_disk(kilobytes)
        with pytest.raises(OutputError, match=r"plan: .*cannot be written.* \(No space left on device\)"):
            write_plan(made, disk / "plan", report=kilobytes > 2000)
        assert not list(disk.iterdir())


@POSIX
def test_an_earlier_plan_stands_where_a_second_has_no_room(
    made: Plan, small_disk: Callable[[int], Path]
) -> None:
    disk = small_disk(3000)
    write_plan(made, disk / "plan")
    before = content(disk / "plan")
    (disk / "other").write_bytes(bytes(3000 * 1024 - sum(map(len, before.values())) - 500_000))
    with pytest.raises(OutputError, match="No space left on device"):
        write_plan(made, disk / "plan")
    assert content(disk / "plan") == before
    (disk / "other").unlink()
    write_plan(made, disk / "plan")
    assert [path.name for path in disk.iterdir()] == ["plan"]


@POSIX
@pytest.mark.parametrize("kind", ["geojson", "geoparquet"])
def test_files_may_not_grow(planned: Path, tmp_path: Path, kind: str) -> None:
    """A limit on the size of files, as administrators set it."""
    words = ["-m", "targeting", "layers", planned, "--format", kind, "--out", tmp_path / "layers"]
    limited = ["sh", "-c", 'ulimit -f 20; exec "$@"', "sh", sys.executable, *words]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    one_sentence(done.stderr, "layers: cannot be written")
    assert not list(tmp_path.iterdir())


def test_leave_to_write_that_is_lost_midway(
    made: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be written any more, and nothing cleared away."""
    out = tmp_path / "plan"
    write_plan(made, out)
    before = content(out)
    write_text = Path.write_text

    def lost(self: Path, *args: object, **kwargs: object) -> int:
        if self.name == "languages.csv":
            raise PermissionError(EACCES, os.strerror(EACCES), str(self))
        return write_text(self, *args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", lost)
        patch.setattr("targeting.whole.shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(OutputError, match=r"plan: cannot be written \(Permission denied\)"):
            write_plan(made, out)
    assert content(out) == before
    assert list(tmp_path.glob(".*"))
    write_plan(made, out)
    assert [path.name for path in tmp_path.iterdir()] == ["plan"], "what could not be removed then is now"


@POSIX
def test_a_disk_that_can_only_be_read(sample: Path, made: Plan, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(8000)
    write_plan(made, disk / "plan")
    before = content(disk / "plan")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    for arguments, said in (
        (("plan", sample / "sample.toml", "--out", disk / "plan"), f"{disk} is not writable"),
        (("picture", disk / "plan"), "pictures cannot be written there"),
        (("layers", disk / "plan", "--format", "geojson"), "cannot be written"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        one_sentence(result.stderr, said, os.strerror(EROFS))
    assert run("compare", disk / "plan", disk / "plan").exit_code == 0, "reading needs no leave to write"
    assert content(disk / "plan") == before


def test_a_folder_without_leave_to_read_is_one_sentence(
    sample: Path, planned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(self: Path) -> Iterator[Path]:
        raise PermissionError(EACCES, os.strerror(EACCES), str(self))

    monkeypatch.setattr(Path, "iterdir", closed)
    result = run("plan", sample / "sample.toml", "--out", planned)
    assert result.exit_code == 2
    one_sentence(result.stderr, str(planned), os.strerror(EACCES))


@POSIX
def test_a_disk_of_its_own_cannot_be_replaced(sample: Path, small_disk: Callable[[int], Path]) -> None:
    result = run("plan", sample / "sample.toml", "--out", small_disk(1000))
    assert result.exit_code == 2
    one_sentence(result.stderr, "is a disk", "choose one on it")


def test_a_link_to_a_plan_stays_a_link(made: Plan, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "plan").symlink_to(tmp_path / "shared" / "plan")
    for _ in range(2):
        write_plan(made, tmp_path / "plan")
        assert (tmp_path / "plan").is_symlink()
        assert (tmp_path / "shared" / "plan" / "run.json").is_file()
    assert sorted(path.name for path in tmp_path.rglob(".*")) == []


def test_a_clock_set_back_changes_nothing(made: Plan, planned: Path, tmp_path: Path) -> None:
    """A plan of the year 2100 is replaced as any other, and read as any other."""
    out = tmp_path / "plan"
    write_plan(made, out)
    for path in (*out.iterdir(), out):
        os.utime(path, (4_102_444_800, 4_102_444_800))
    assert run("compare", out, planned).exit_code == 0
    write_plan(made, out)
    assert max(path.stat().st_mtime for path in out.iterdir()) < 4_000_000_000


def test_folders_made_for_a_plan_that_fails_are_removed(sample: Path, tmp_path: Path) -> None:
    result = run(
        "plan", sample / "sample.toml", "--out", tmp_path / "a" / "b" / "p", "--set", "week=2031-01-06"
    )
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("writer", [whole_folder, whole_files, whole_file])
def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, writer: Callable[[Path], Iterator[Path]]) -> None:
    place = tmp_path / "here"
    place.mkdir()
    with pytest.raises(KeyboardInterrupt), writer(place if writer is whole_files else place / "x"):  # type: ignore[attr-defined]
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]


def test_restore_takes_no_folder_for_another(tmp_path: Path) -> None:
    (tmp_path / ".planning.old-1a2b3c4d").mkdir()
    restore(tmp_path / "plan")
    assert [path.name for path in tmp_path.iterdir()] == [".planning.old-1a2b3c4d"]


# Stopped


@POSIX
def test_stopped_by_the_user(sample: Path, made: Plan, tmp_path: Path) -> None:
    """While it computes, and while it writes: one line, exit code 130, the earlier plan as it was."""
    out = tmp_path / "plan"
    write_plan(made, out)
    before = content(out)
    for writing in (False, True):
        process = start("plan", sample / "sample.toml", "--out", out, "--report", *QUICK)
        wanted = ".plan.partial-*/plan.gpkg" if writing else ".plan.lock"
        while process.poll() is None and not list(tmp_path.glob(wanted)):
            time.sleep(0.005)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
        assert process.returncode == 130, said
        assert said.strip() == "Stopped; nothing is half-written."
        assert content(out) == before
        assert [path.name for path in tmp_path.iterdir()] == ["plan"]


@POSIX
@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("name", ["hotspots", "regions"])
def test_a_closed_pipe_ends_quietly(sample: Path, name: str, options: tuple[str, ...]) -> None:
    """As in `targeting hotspots campaign.toml | head -1`, here with nobody reading at all."""
    reader, writer = os.pipe()
    os.close(reader)
    file = [] if name == "regions" else [sample / "sample.toml"]
    done = subprocess.run(
        [sys.executable, "-m", "targeting", name, *file, *options],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert done.stderr == b""


@POSIX
def test_an_output_that_is_full_is_one_sentence() -> None:
    for options in ((), ("--json",)):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "targeting", "regions", *options],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 2
        one_sentence(done.stderr, "the output cannot be written", "No space left on device")


# Letters, names and terminals


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_any_output_can_hold_the_names_of_languages(planned: Path, encoding: str) -> None:
    said = command("compare", planned, planned, PYTHONIOENCODING=encoding)
    assert said.returncode == 0, said.stderr
    assert said.stderr == b""
    told = command("compare", planned, planned, "--json", PYTHONIOENCODING=encoding)
    assert json.loads(told.stdout.decode(encoding))["before"] == str(planned)


def test_letters_that_an_output_lacks() -> None:
    code = (
        "import sys; from targeting.cli_output import print_json, print_what_there_is; print_what_there_is();"
        "print('Tiếng Việt: 158 ± 38, ≥ 5 × 2 – 中文, Русский'); print_json({'name': 'Tiếng Việt 中文'})"
    )
    lines = {}
    for encoding in ("ascii", "cp1252", "utf-8"):
        done = subprocess.run(
            [sys.executable, "-X", "utf8=0", "-c", code],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            check=True,
        )
        lines[encoding], _, told = done.stdout.decode(encoding).partition("\n")
        assert json.loads(told) == {"name": "Tiếng Việt 中文"}, "what a script reads loses nothing"
    assert lines == {
        "ascii": "Tieng Viet: 158 +/- 38, >= 5 x 2 - ??, ???????",
        "cp1252": "Tieng Viet: 158 ± 38, >= 5 × 2 – ??, ???????",
        "utf-8": "Tiếng Việt: 158 ± 38, ≥ 5 × 2 – 中文, Русский",
    }


@POSIX
def test_a_locale_without_letters_beyond_ascii(sample: Path, tmp_path: Path) -> None:
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = command("plan", sample / "sample.toml", "--out", tmp_path / "plan", *QUICK, **environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "Tiếng Việt" in (tmp_path / "plan" / "map.html").read_text(encoding="utf-8")


def test_spaces_and_letters_in_paths(sample: Path, tmp_path: Path) -> None:
    region = tmp_path / "Größe & mehr 数据"
    write_sample(region)
    out = tmp_path / "план 2" / "öffentlich #1"
    result = run("plan", region / "sample.toml", "--out", out, *QUICK)
    assert result.exit_code == 0, result.output
    assert run("layers", out, "--format", "geojson", "--out", tmp_path / "слои").exit_code == 0
    assert (tmp_path / "слои" / "routes.geojson").is_file()
    assert str(region / "gtfs" / "sample.zip") in (out / "run.json").read_text(encoding="utf-8")


@POSIX
def test_names_that_are_no_text_are_refused_before_anything_is_done(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    result = run("plan", sample / "sample.toml", "--out", odd / "p")
    assert result.exit_code == 2
    one_sentence(result.stderr, "caf\ufffd/p", "rename it")
    monkeypatch.chdir(odd)
    one_sentence(run("plan", sample / "sample.toml").stderr, "caf\ufffd", "rename it")
    assert not list(odd.iterdir())


@POSIX
def test_a_terminal_without_colours(planned: Path) -> None:
    for environment in ({"TERM": "dumb"}, {"NO_COLOR": "1", "TERM": "xterm-256color"}):
        done = command("compare", planned, planned, **environment)
        assert b"\x1b" not in done.stdout + done.stderr


def test_no_home(planned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but downloads needs a home; libraries that would keep something there do not say so."""
    nowhere = {"HOME": "/proc/nowhere", "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}
    done = command("layers", planned, "--format", "geojson", "--out", tmp_path / "layers", **nowhere)
    assert (done.returncode, done.stderr) == (0, b"")
    assert command("regions", **nowhere).returncode == 0
    drawn = command("picture", planned.parent / "none", **nowhere)
    one_sentence(drawn.stderr.decode(), "no such folder")

    def unknown(*_: object, **__: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    for finds in (unknown, lambda *_, **__: Path("~/.cache")):
        monkeypatch.setattr("platformdirs.user_cache_path", finds)
        monkeypatch.setattr("platformdirs.user_config_path", finds)
        monkeypatch.chdir(tmp_path)
        for words in (
            ("fetch", "portland"),
            ("fetch", "--counties", "41051", "--gtfs", "x.zip", "--key", "k"),
        ):
            result = run(*words)
            assert result.exit_code == 2
            assert "Error: no home folder of yours is known; set HOME to a folder" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["layers"], "no folder is called ~"


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys; from pathlib import Path; from targeting.cli import main\n"
            "os.chdir(sys.argv[1]); Path(sys.argv[1]).rmdir(); main(['regions', '--json'])",
            tmp_path,
        ],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
