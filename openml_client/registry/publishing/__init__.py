"""What happens when something is published: the engine's work, done at once."""
