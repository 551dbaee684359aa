"""The seam for frameworks: describing models, trusting descriptions, running folds.

All that an extension needs is here; the modules inside are the core's own business.
``openml_client.testing`` proves an extension; ``docs/extensions.md`` shows one, step by step.
"""

from openml_client.extension.callables import call
from openml_client.extension.codec import (
    Codec,
    Compat,
    Decoder,
    Encoder,
    Handler,
    Leaf,
    NodeHandler,
    Note,
)
from openml_client.extension.description import Description
from openml_client.extension.environment import frameworks_of
from openml_client.extension.identity import Json
from openml_client.extension.protocol import (
    API,
    Capabilities,
    Elapsed,
    Extension,
    FoldData,
    FoldFailure,
    FoldResult,
    Restorer,
    TaskKind,
    Translator,
)
from openml_client.extension.rebuilding import Rebuilder
from openml_client.extension.references import reference_to
from openml_client.extension.seeds import derive, seed_description, seeded_generators
from openml_client.extension.timing import stopwatch
from openml_client.extension.tree import NODE, PART
from openml_client.extension.trust import Hazard, Policy, Rule, Trust, scalars
from openml_client.extension.values import CORE_HANDLERS
from openml_client.model.trace import TraceIteration

__all__ = [
    "API",
    "CORE_HANDLERS",
    "NODE",
    "PART",
    "Capabilities",
    "Codec",
    "Compat",
    "Decoder",
    "Description",
    "Elapsed",
    "Encoder",
    "Extension",
    "FoldData",
    "FoldFailure",
    "FoldResult",
    "Handler",
    "Hazard",
    "Json",
    "Leaf",
    "NodeHandler",
    "Note",
    "Policy",
    "Rebuilder",
    "Restorer",
    "Rule",
    "TaskKind",
    "TraceIteration",
    "Translator",
    "Trust",
    "call",
    "derive",
    "frameworks_of",
    "reference_to",
    "scalars",
    "seed_description",
    "seeded_generators",
    "stopwatch",
]
