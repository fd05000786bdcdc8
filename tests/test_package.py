"""What is shipped: the wheel, the source distribution, and what they ask for."""

import ast
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from conftest import ROOT

SOURCE = ROOT / "targeting"
pytestmark = pytest.mark.skipif(not SOURCE.is_dir(), reason="needs the source tree")
SHIPPED = ("targeting", "tests", "docs", "data", "benchmarks")


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(folder).parts)
    }


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]  # type: ignore[no-any-return]


def pins(file: str) -> set[str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def names(requirements: object) -> set[str]:
    assert isinstance(requirements, list)
    return {re.split(r"[\[<>=!~; ]", each)[0].lower() for each in requirements}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a wheel and a source distribution, and under `again` the wheel built from the latter."""
    tree = tmp_path_factory.mktemp("tree")
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, tree)
    for name in SHIPPED:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    out = tmp_path_factory.mktemp("dist")
    # without options the wheel is built from the source distribution
    for options in (["--sdist", "--wheel", "--outdir", out], ["--outdir", out / "again"]):
        subprocess.run(
            [sys.executable, "-m", "build", "--no-isolation", *options, tree], check=True, capture_output=True
        )
    return out


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")}


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    held = {name for name in contents(wheel) if ".dist-info/" not in name}
    assert held == {f"targeting/{name}" for name in files(SOURCE)}
    assert {Path(name).suffix for name in held} >= {".py", ".csv", ".toml", ".css", ".js", ".html", ".typed"}


def test_the_source_distribution_builds_the_same_wheel(built: Path) -> None:
    (wheel,), (again,) = built.glob("*.whl"), (built / "again").glob("*.whl")
    assert contents(wheel) == contents(again)


def test_the_source_distribution_can_be_tested(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as source:
        held = {name.partition("/")[2] for name in source.getnames()}
    for folder in SHIPPED:
        assert {f"{folder}/{name}" for name in files(ROOT / folder)} <= held
    assert {"pyproject.toml", "LICENSE", "README.md", "SECURITY.md", "Makefile", "requirements.txt"} <= held
    assert not [name for name in held if name.endswith(".pyc")]


def test_the_wheel_runs_away_from_the_source(built: Path, tmp_path: Path) -> None:
    """All that it reads at run time is in it: tables, styles, scripts, the sample."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")  # noqa: S202
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import targeting; print(targeting.__file__);"
        "from targeting.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "site", "demo", tmp_path / "demo", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    assert (tmp_path / "demo" / "plan" / "map.html").stat().st_size > 100_000


def test_every_dependency_is_used_and_every_import_declared() -> None:
    """Few dependencies: none that nothing imports, and nothing imported by way of another one."""
    imported = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                imported.add(node.module.partition(".")[0])
    imported -= set(sys.stdlib_module_names) | {"targeting"}
    homes = packages_distributions() | {"xstatic": ["XStatic-Leaflet"], "dask": ["distributed"]}
    used = {homes[name][0].lower().replace("_", "-") for name in imported}
    told = project()
    extras = told["optional-dependencies"]
    assert isinstance(extras, dict)
    assert used == names(told["dependencies"]) | names(extras["batch"])


def test_dependencies_are_pinned() -> None:
    told = project()
    extras = told["optional-dependencies"]
    assert isinstance(extras, dict)
    for file, needed in (
        ("requirements.txt", names(told["dependencies"])),
        ("requirements-dev.txt", names(told["dependencies"]) | names(extras["dev"]) | names(extras["batch"])),
        ("requirements-bench.txt", names(told["dependencies"]) | names(extras["bench"])),
    ):
        lines = pins(file)
        assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line) for line in lines), file
        assert needed <= {line.partition("==")[0] for line in lines}, file
    assert pins("requirements.txt") <= pins("requirements-dev.txt"), "tests run with what users have"
    assert pins("requirements.txt") <= pins("requirements-bench.txt"), "and so do benchmarks"
