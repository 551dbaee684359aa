"""The OpenML v1 protocol: one table, read by the client and by the registry."""
