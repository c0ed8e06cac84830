"""What people install is the wheel: it is built, looked into, and run where the checkout cannot be imported."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import threading
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from emulator import __version__

ROOT = Path(__file__).parents[1]
DIST_INFO = f"maas_emulator-{__version__}.dist-info"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and with the wheel that was built from it, so that the sdist is complete as well."""
    folder = tmp_path_factory.mktemp("dist")
    _python("-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=folder, env=_environment())
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the wheel is installed in, without its dependencies: those are the environment's."""
    folder = tmp_path_factory.mktemp("installed")
    [wheel] = dist.glob("*.whl")
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    _python(*pip, "--no-deps", "--no-index", "--target", str(folder), str(wheel), cwd=folder, env=_environment())
    return folder


def test_the_sdist_holds_what_building_and_testing_take(dist: Path) -> None:
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.removeprefix(f"maas_emulator-{__version__}/") for name in archive.getnames()}
    tops = {"CHANGELOG.md", "LICENSE", "README.md", "docs", "emulator", "scenarios", "tests"}
    assert tops | {".gitignore", "PKG-INFO", "pyproject.toml"} == {name.partition("/")[0] for name in names}
    assert "tests/test_wheel.py" in names
    assert [] == [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_the_wheel_holds_the_package_and_the_tour_and_nothing_else(dist: Path) -> None:
    tour = {f"emulator/tour/{name}" for name in _files(ROOT / "scenarios")}
    package = {f"emulator/{name}" for name in _files(ROOT / "emulator")}
    papers = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    [wheel] = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry_points = archive.read(f"{DIST_INFO}/entry_points.txt").decode()
    expected = {"emulator/py.typed"} | package | tour | {f"{DIST_INFO}/{paper}" for paper in papers}
    assert sorted(expected) == sorted(names)
    assert [] != [name for name in tour if name.endswith(".yaml")]
    assert entry_points == (
        "[console_scripts]\nmaas-emulator = emulator.__main__:main\n\n"
        "[pytest11]\nmaas_emulator = emulator.testing.plugin\n"
    )


def test_the_wheel_and_not_the_checkout_is_what_runs_here(installed: Path, tmp_path: Path) -> None:
    code = "import emulator; print(emulator.__file__)"
    assert _run(installed, tmp_path, "-c", code) == f"{installed / 'emulator' / '__init__.py'}\n"


def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    assert _run(installed, tmp_path, "-m", "emulator", "--version") == f"maas-emulator {__version__}\n"


def test_the_installed_command_finds_no_problem_in_the_tour(installed: Path, tmp_path: Path) -> None:
    tour = installed / "emulator" / "tour"
    assert "" == _run(installed, tmp_path, "-m", "emulator", "validate", str(tour))


def test_the_installed_server_starts_in_an_empty_folder_and_stops_when_told(installed: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    env = _environment(installed)
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as server:
        # A server that hangs ends here, and with it every wait below.
        watchdog = threading.Timer(30, server.kill)
        watchdog.start()
        try:
            assert server.stdout is not None
            ready = server.stdout.readline()
            address = re.fullmatch(rf"maas-emulator {re.escape(__version__)} listening on http://(.+)\n", ready)
            assert address is not None, ready
            assert _health(address[1])["status"] == "ok"
            server.send_signal(signal.SIGTERM)
            assert server.wait() == 0
        finally:
            watchdog.cancel()
            server.kill()


def _health(address: str) -> dict[str, object]:
    with closing(http.client.HTTPConnection(address, timeout=10)) as connection:
        connection.request("GET", "/_emulator/health")
        response = connection.getresponse()
        assert response.status == http.HTTPStatus.OK
        body = json.load(response)
    assert isinstance(body, dict)
    return body


def _files(folder: Path) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


def _run(installed: Path, cwd: Path, *arguments: str) -> str:
    return _python(*arguments, cwd=cwd, env=_environment(installed))


def _python(*arguments: str, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _environment(installed: Path | None = None) -> dict[str, str]:
    """The environment of a child, without options of the server.

    Without those of coverage either: an installed copy is no part of the checkout, and is not measured.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "EMULATOR_"))}
    return kept if installed is None else kept | {"PYTHONPATH": str(installed)}
