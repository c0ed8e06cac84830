"""Cloudsway MaaS: endpoints that stand for a model, in the protocol of OpenAI and in the models' own.

Facts are marked: documented (docs.cloudsway.net and seed 004, read 2026-11), field (client code written against the
service), upstream (recordings and documentation of the services behind the gateway), package (measured with the
published SDKs), inferred (ours), emulator (an addition that the service does not have).
"""

from emulator.providers.cloudsway.account import Cloudsway

__all__ = ["Cloudsway"]
