"""What the program `parity` does: one module a command, imported when it is called."""
