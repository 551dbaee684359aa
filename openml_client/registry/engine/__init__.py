"""What the evaluation engine of OpenML computes: pure functions, no database and no HTTP.

``splits`` makes split files, ``features``, ``qualities`` and ``landmarkers`` describe datasets,
``evaluate`` measures runs.  The judges are what the real engine sent, to the last digit
that is asked for.
"""
