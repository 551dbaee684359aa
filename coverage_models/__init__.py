"""Which models of scikit-learn become flows and come back, and whether they predict the same.

``make coverage-models`` measures it with the installed scikit-learn, ``make coverage-versions``
across versions, each in an environment of its own.  What was found is kept in ``results``, and
docs/coverage.md is written from it.
"""
