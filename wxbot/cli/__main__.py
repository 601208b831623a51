"""`python -m wxbot.cli`: the `wxbot` command, for processes that must run this very Python."""

from wxbot.cli import main

main()
