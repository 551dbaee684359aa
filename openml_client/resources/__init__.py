"""The namespaces of a client: what it can do, one module per kind of thing."""
