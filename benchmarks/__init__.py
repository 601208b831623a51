"""What wxbot does at its limits, measured: each module is one command, `python -m benchmarks.<name>`."""
