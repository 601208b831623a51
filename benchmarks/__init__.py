"""Measurements that are published in docs/; each is one command, `python -m benchmarks.NAME`."""
