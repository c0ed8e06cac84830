"""The process of the command `maas-emulator`, which is also `python -m emulator`."""

import gc
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command; its exit code."""
    # What is imported and loaded stays, and looking for garbage in it takes a fifth of the start: see `loop.run`.
    gc.disable()
    from emulator import cli  # noqa: PLC0415 - that would be looked through already

    try:
        return cli.main()
    finally:
        gc.enable()


if __name__ == "__main__":
    sys.exit(main())
