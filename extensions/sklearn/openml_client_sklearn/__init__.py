"""The scikit-learn extension of openml_client, found by entry point.

Importing it does not import scikit-learn.
"""

from openml_client_sklearn._version import __version__
from openml_client_sklearn.extension import SklearnExtension

EXTENSION = SklearnExtension()

__all__ = ["EXTENSION", "SklearnExtension", "__version__"]
