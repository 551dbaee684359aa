"""What things cost here, beside openml-python and beside the fastest known way to do them.

``make bench`` runs it, ``make bench ROWS="2 3"`` some rows of it.  A row is a piece of work, done
by several sides: ours, the peer (openml-python in its own environment) and the limit (the bare
work, done as fast as is known).  Every measurement is a process of its own, the sides take turns,
and no time counts before all sides of a case have given the same result.
"""
