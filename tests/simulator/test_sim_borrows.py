"""The simulator checks wxbot, so it must not share wxbot's reading of the protocol."""

import ast
from pathlib import Path

import wxbot.simulator

ALLOWED = (
    "wxbot.simulator",
    "wxbot.protocol.signature",
    "wxbot.protocol.cipher",
    "wxbot.clock",
    "wxbot.errors",
)


def test_the_simulator_borrows_only_signature_and_cipher() -> None:
    wrong = []
    for path in Path(wxbot.simulator.__file__).parent.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            wrong += [
                f"{path.name}: {name}"
                for name in names
                if name.startswith("wxbot") and not name.startswith(ALLOWED)
            ]
    assert wrong == []
