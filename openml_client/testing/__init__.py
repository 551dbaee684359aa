"""The conformance kit: proves that an extension keeps what its protocol promises.

Subclass `ExtensionConformance` in a test module, give it the extension and some models, and let
pytest run it; ``docs/extensions.md`` shows how.  It needs pytest and the embedded registry:
``pip install 'openml-client[registry,testing]'``.
"""

from openml_client.testing.cases import Case, Refusal
from openml_client.testing.conformance import ExtensionConformance

__all__ = ["Case", "ExtensionConformance", "Refusal"]
