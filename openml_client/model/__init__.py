"""What OpenML is made of: frozen dataclasses without I/O and without XML."""
