# `make demo` and `make test` do all their own set-up in .venv; PYTHON chooses another interpreter.
PYTHON ?= python3

.PHONY: demo test check clean

demo: .venv/installed
	.venv/bin/wxbot demo

test: .venv/installed
	.venv/bin/python -m pytest -n 2

check: .venv/installed
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash .ci/check

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv/bin/python -m pip install --quiet --editable . --group dev
	touch $@

clean:
	rm -rf .venv
