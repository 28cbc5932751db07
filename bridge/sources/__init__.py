"""Columns of each library, read into cells of NumPy: one module a library."""
