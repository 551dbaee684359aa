"""``python -m openml_client`` is ``openml-client``."""

from openml_client.cli import main

main()
