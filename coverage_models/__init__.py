"""Which models of scikit-learn and torch become flows and come back, and predict the same.

``make coverage-models`` measures it with what is installed, ``make coverage-versions`` across
versions of scikit-learn, each in an environment of its own.  What was found is kept in
``results``, and docs/coverage.md is written from it.
"""
