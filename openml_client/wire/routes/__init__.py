"""The endpoints of the protocol: the table of routes, one row each, one module per resource.

The client's resources call by these rows, each by those of its own module, so that a script loads
the documents of what it asks for alone.  The registry builds its addresses from `every` row, and
``docs/protocol.md`` is written from them.  Source: protocol note, sections 2 to 10.
"""
