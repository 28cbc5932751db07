"""A hunt: random models are drawn, fitted and judged, and what loses is shrunk to a smallest case.

hypothesis draws and shrinks. It comes with the extra ``hunt`` and is imported when a hunt begins.
"""
