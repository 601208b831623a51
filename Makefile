# `make demo` and `make test` do all their own set-up in .venv; PYTHON chooses another interpreter.
PYTHON ?= python3

# Tests and benchmarks start hundreds of processes, each of which would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check scoreboard scoreboard-proof bench clean

demo: .venv/installed
	.venv/bin/wxbot demo

test: .venv/installed
	.venv/bin/python -m pytest -n 2 --dist worksteal

# Kills, pauses, faults and floods in the hundreds; the table goes into docs/reliability.md.
scoreboard: .venv/installed
	.venv/bin/python -m benchmarks.scoreboard

# Each figure once more with a planted bug, which must turn it red.
scoreboard-proof: .venv/installed
	.venv/bin/python -m benchmarks.scoreboard --short --proof

# CPU a push and a follow-up beside what people use today and with a million waiting, a platform that is far away,
# what chat notices of a fan-out, and memory over ten minutes; tables and pictures go into docs/performance.md. 24 minutes.
bench: .venv/installed
	.venv/bin/python -m benchmarks.speed.instructions
	.venv/bin/python -m benchmarks.speed.push_in --write
	.venv/bin/python -m benchmarks.speed.follow_up_out --write
	.venv/bin/python -m benchmarks.speed.far --write
	.venv/bin/python -m benchmarks.speed.scale --write
	.venv/bin/python -m benchmarks.fanout --write
	.venv/bin/python -m benchmarks.speed.slope --write

check: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash .ci/check

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv/bin/python -m pip install --quiet --editable . --group dev
	touch $@

clean:
	rm -rf .venv
