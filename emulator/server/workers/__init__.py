"""Several processes on one port, each the home of some sessions.

Every worker accepts connections. One that reads a request of a session whose home is another worker hands the
connection over to that one, with what it has read of it: nothing is relayed, and a session is in one process alone.
A question to the control API goes the same way without its connection, or to all.
"""

from emulator.server.workers.crew import run

__all__ = ["run"]
