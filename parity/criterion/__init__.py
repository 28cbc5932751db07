"""The model itself: its criterion at given parameters. Pure mathematics over arrays."""
