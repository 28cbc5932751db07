"""Adapters: a program that fits mixed models → FitResult."""
