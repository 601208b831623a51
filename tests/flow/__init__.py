"""Flows: wxbot and the simulated platform over HTTP."""
