"""The house has one direction: an import may only point down this list."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "wxbot"
LAYERS = [
    "examples testing embedded",
    "cli",
    "app simulator",
    "web",
    "wiring",
    "inbox",
    "delivery people",
    "reply",
    "platform",
    "opening",
    "store",
    "protocol",
    "settings log shipped background ready",
    "topic_settings",
    "clock errors times template",
]
LEVEL = {room: number for number, rooms in enumerate(LAYERS) for room in rooms.split()}
# The package itself only gathers the promised names, from the rooms below `inbox`.
GATHERED = {"protocol", "reply"}
SIMULATOR_BORROWS = {"wxbot.protocol.signature", "wxbot.protocol.cipher", "wxbot.clock", "wxbot.errors"}
MODULES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(["wxbot", *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imported(path: Path) -> set[str]:
    """Every wxbot module that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "wxbot":
            module = node.module or ""
            found |= {
                f"{module}.{name.name}" if is_module(f"{module}.{name.name}") else module for name in node.names
            }
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.split(".")[0] == "wxbot"}
    return found


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def test_every_room_is_on_the_list() -> None:
    there = {room(name_of(path)) for path in MODULES} - {""}

    assert there <= set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    me = room(name_of(path))
    rooms = {room(module) for module in imported(path)}
    if not me:
        assert rooms - {""} <= GATHERED
        return

    allowed_upward = {""} if me == "examples" else set()  # an example imports what its reader would
    wrong = [it for it in rooms - {me} - allowed_upward if it not in LEVEL or LEVEL[it] <= LEVEL[me]]

    assert not wrong


@pytest.mark.parametrize("path", sorted((ROOT / "simulator").rglob("*.py")), ids=name_of)
def test_the_simulator_borrows_only_signature_and_cipher(path: Path) -> None:
    foreign = {module for module in imported(path) if room(module) != "simulator"}

    assert foreign <= SIMULATOR_BORROWS


def test_no_room_has_an_import_cycle() -> None:
    graph = {name_of(path): imported(path) for path in MODULES}

    def reaches(start: str, goal: str, seen: set[str]) -> bool:
        following = graph.get(start, set()) - seen
        return goal in following or any(reaches(each, goal, seen | following) for each in following)

    assert [module for module in graph if reaches(module, module, set())] == []


def test_no_internal_import_hides_inside_a_function() -> None:
    hidden = []
    for path in MODULES:
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                inside = [node for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
                hidden += [f"{path}:{node.lineno}" for node in inside if (node.module or "").startswith("wxbot")]

    assert hidden == []


def test_the_protocol_touches_no_network_disk_clock_or_environment() -> None:
    banned = {"os", "time", "socket", "requests", "pathlib", "datetime", "random", "threading"}
    touching = {}
    for path in sorted((ROOT / "protocol").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        touching[path.name] = names & banned
    # A fresh salt and a fresh nonce are random numbers by nature; a test fixes the salt.
    assert {name: found for name, found in touching.items() if found} == {"cipher.py": {"os"}}
