"""Bots to learn from; they import what your own bot would."""
