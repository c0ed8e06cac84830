"""Tencent CloudBase AI: one gateway in front of groups of models.

Facts are marked: documented (docs.cloudbase.net, read 2026-11), package (read in or measured with the published
SDKs), field (seen by third parties), upstream (documentation of the service behind the gateway), inferred (ours).
"""

from emulator.providers.cloudbase.account import CloudBase

__all__ = ["CloudBase"]
