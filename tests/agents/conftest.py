"""The mark of the tests that need coding agents."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "agents: needs the coding agents of tests/agents (make test-agents)")
