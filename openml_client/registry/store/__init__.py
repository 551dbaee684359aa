"""Where a registry keeps everything but the contents of files."""
