"""The pytest plugin: fixtures, marks, options, and what becomes of a test whose script did not fit.

pytest loads this in every run. Whatever takes time to load is loaded by the first fixture that needs it.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from emulator.testing.exchange import Exchange
    from emulator.testing.exercised import Exercised
    from emulator.testing.server import Server
    from emulator.testing.session import Session

__all__ = [
    "emulator",
    "emulator_env",
    "emulator_factory",
    "emulator_server",
    "pytest_addoption",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]

_SESSIONS: Final = pytest.StashKey[list["Session"]]()
"""The sessions of a test, the one of the fixture `emulator` first."""
_CHECKED: Final = pytest.StashKey[bool]()
"""There where a test has come to its end and nothing fell short."""
_EXERCISED: Final = pytest.StashKey["Exercised"]()
_TOKEN: Final = "EMULATOR_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
_SETTINGS: Final = ("time_scale", "clock", "seed", "requests", "limits", "strict")

_MARKS: Final = """
scenario(*files): the scenarios that the test's emulator answers by, in the folder emulator_scenarios or beside the test
emulator(time_scale=0, clock='deterministic', seed=0, requests='strict', limits=None, strict=True): settings of the \
test's emulator; strict=False lets a request find no step, and a step stay unused
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the setting of the ini file."""
    group = parser.getgroup("emulator", "maas-emulator")
    help_text = f"run against a server that is up already ({_TOKEN} has its control token)"
    group.addoption("--emulator-url", metavar="URL", help=help_text)
    group.addoption("--emulator-report", metavar="DIR", type=Path, help="write a transcript of each test as a web page")
    help_text = "say at the end which steps, errors, finish reasons and protocols were exercised"
    group.addoption("--emulator-coverage", action="store_true", help=help_text)
    help_text = "the folder of the scenarios that marks name (default: scenarios)"
    parser.addini("emulator_scenarios", help_text, default="scenarios")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    for mark in _MARKS.strip().splitlines():
        config.addinivalue_line("markers", mark)


# ---------------------------------------------------------------- fixtures


@pytest.fixture(scope="session")
def emulator_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server of this process, or the one that --emulator-url names."""
    from emulator.testing.server import Emulator, Server  # noqa: PLC0415
    from emulator.types import EmulatorError  # noqa: PLC0415

    url = request.config.getoption("--emulator-url")
    if not url:
        own = Emulator(time_scale=0)
        own.start()
        yield own.server
        own.stop()
        return
    try:
        server = Server.at(url, os.environ.get(_TOKEN, ""))
    except EmulatorError as error:
        pytest.exit(f"--emulator-url: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
    yield server
    server.line.close()


@pytest.fixture
def emulator_factory(request: pytest.FixtureRequest, emulator_server: Server) -> Iterator[Callable[..., Session]]:
    """Make more sessions for the test: `emulator_factory("other.yaml", clock="manual")`."""
    item: pytest.Item = request.node
    sessions = item.stash.setdefault(_SESSIONS, [])

    def make(*files: str | Path, **settings: Any) -> Session:
        given = {name: value for name, value in settings.items() if name != "strict"}
        paths = [_found(str(file), item) for file in files]
        with _in_words():
            session = emulator_server.session(*paths, **{"scenarios": (), "time_scale": 0, **given})
        sessions.append(session)
        return session

    yield make
    with _in_words():
        for session in sessions:
            session.end()
    late = [str(miss) for session in sessions for miss in session.misses] if item.stash.get(_CHECKED, False) else []
    if late:
        told = "\n".join(late)
        pytest.fail(
            f"after the test's end, while its fixtures were left, a request found no step:\n{told}", pytrace=False
        )


@pytest.fixture
def emulator(request: pytest.FixtureRequest, emulator_factory: Callable[..., Session]) -> Session:
    """The test's own session: scenarios, counters, state, clock and journal that no other test sees."""
    item: pytest.Item = request.node
    files = [file for mark in item.iter_markers("scenario") for file in mark.args]
    return emulator_factory(*dict.fromkeys(files), **_settings(item))


@pytest.fixture
def emulator_env(emulator: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The test's session, with the variables set that the official SDKs read."""
    from emulator.testing.clients import UNSET  # noqa: PLC0415

    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    return emulator


@contextmanager
def _in_words() -> Iterator[None]:
    """Let what is wrong fail a test by its sentence alone: where we raise it says nothing to whoever wrote the test."""
    from emulator.types import EmulatorError  # noqa: PLC0415

    try:
        yield
    except EmulatorError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _settings(item: pytest.Item) -> Mapping[str, Any]:
    """What the marks say; the nearest mark has the last word."""
    settings: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("emulator"))):
        for name in mark.kwargs:
            if name not in _SETTINGS:
                close = difflib.get_close_matches(name, _SETTINGS, 1)
                meant = f"Did you mean '{close[0]}'?" if close else f"There are {', '.join(_SETTINGS)}."
                pytest.fail(f"the mark 'emulator' has no setting '{name}'. {meant}", pytrace=False)
        settings |= mark.kwargs
    return settings


def _found(name: str, item: pytest.Item) -> Path:
    """The file that a mark names: in the folder of scenarios, else beside the test."""
    config = item.config
    folders = ((config.inipath.parent if config.inipath else config.rootpath) / config.getini("emulator_scenarios"),
               item.path.parent)  # fmt: skip
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    files = (file for folder in folders for file in folder.glob("*.*"))
    there = [file.name for file in files if file.suffix in {".yaml", ".yml", ".json"}]
    close = difflib.get_close_matches(name, there, 1)
    meant = f" Did you mean '{close[0]}'?" if close else ""
    where = " nor in ".join(dict.fromkeys(str(folder) for folder in folders))
    return pytest.fail(f"there is no scenario '{name}', neither in {where}.{meant}", pytrace=False)


# ---------------------------------------------------------------- the end of a test


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let a test fail at its end where its script and its requests did not fit."""
    result = yield
    if item.stash.get(_SESSIONS, None) and _settings(item).get("strict", True):
        from emulator.testing.shortfall import said  # noqa: PLC0415

        with _in_words():
            told = [said(*session.shortfall) for session in item.stash[_SESSIONS]]
        if short := "\n\n".join(filter(None, told)):
            pytest.fail(short, pytrace=False)
        item.stash[_CHECKED] = True
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the exchange below a test that failed, and keep what the options ask for."""
    if call.excinfo is not None and not item.config.getoption("fulltrace"):
        _cut(call.excinfo)
    report = yield
    sessions = item.stash.get(_SESSIONS, None)
    folder: Path | None = item.config.getoption("--emulator-report")
    covers: bool = item.config.getoption("--emulator-coverage")
    ended = call.when == "call" or (call.when == "setup" and report.failed)
    if not sessions or not ended or not (report.failed or folder or covers):
        return report
    from emulator.testing.transcript import text  # noqa: PLC0415
    from emulator.types import EmulatorError  # noqa: PLC0415

    try:
        exchanges = [session.requests for session in sessions]
        if covers:
            _cover(item.config, sessions, exchanges)
    except EmulatorError as error:
        report.sections.append(("emulator", str(error)))
        return report
    if report.failed:
        report.sections.append(("emulator", "\n\n".join(map(text, exchanges))))
    if folder is not None:
        _write(folder, item, report, exchanges)
    return report


def _cut(error: pytest.ExceptionInfo[BaseException]) -> None:
    """Let a traceback end where the test calls us: what we raise is about that line."""
    if error.typename not in {"AssertionError", "EmulatorError"}:
        return
    plugin = Path(__file__)
    here = error.tb
    while here.tb_next is not None:
        code = Path(here.tb_next.tb_frame.f_code.co_filename)
        if code.parent == plugin.parent and code != plugin:
            here.tb_next = None
            return
        here = here.tb_next


def _write(folder: Path, item: pytest.Item, report: pytest.TestReport, exchanges: list[tuple[Exchange, ...]]) -> None:
    from emulator.testing.page import file_name, page  # noqa: PLC0415

    folder = item.config.invocation_params.dir / folder
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / file_name(item.nodeid)
    file.write_text(page(item.nodeid, report.outcome, report.longreprtext, exchanges), encoding="utf-8")
    # A property of the test case in JUnit's XML, which CI systems link.
    item.user_properties.append(("emulator_transcript", str(file)))


# ---------------------------------------------------------------- the end of the run


def _cover(config: pytest.Config, sessions: list[Session], exchanges: list[tuple[Exchange, ...]]) -> None:
    for session, entries in zip(sessions, exchanges, strict=True):
        _exercised(config).add(session.steps, entries)


def _exercised(config: pytest.Config) -> Exercised:
    from emulator.testing.exercised import Exercised  # noqa: PLC0415

    return config.stash.setdefault(_EXERCISED, Exercised())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker of xdist has exercised to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and session.config.getoption("--emulator-coverage"):
        output["emulator_exercised"] = _exercised(session.config).as_json()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker has exercised."""
    output = getattr(node, "workeroutput", None) or {}
    if "emulator_exercised" in output:
        _exercised(node.config).join(output["emulator_exercised"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the run has exercised."""
    if config.getoption("--emulator-coverage"):
        terminalreporter.section("emulator coverage")
        for line in _exercised(config).lines():
            terminalreporter.write_line(line)
