"""Running models on tasks: plain data in, plain data out, no network."""
