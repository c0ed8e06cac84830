"""An API with an envelope around whole answers: OceanBase Cloud's AI services, found by matching (inferred).

Facts are marked: documented (seed 002 and en.oceanbase.com/docs/common-oceanbase-cloud, pages 10000000003726116 to 128,
read 2026-11), package (measured with the published SDKs), inferred (ours).
"""

from emulator.providers.enveloped.account import Enveloped

__all__ = ["Enveloped"]
