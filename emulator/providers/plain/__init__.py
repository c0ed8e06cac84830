"""The four protocols at home, without a gateway: their own paths, keys, errors and request ids, and no quirks.

Facts are marked where they are obeyed: recorded (read in the published clients or in recorded traffic),
documented, inferred (ours).
"""

from emulator.providers.plain.account import Plain

__all__ = ["Plain"]
