"""The files of `config/`: in the installed package, or in a checkout."""

from pathlib import Path

from wxbot.errors import SettingsError

_INSTALLED = Path(__file__).with_name("_config")
_CHECKOUT = Path(__file__).parents[1] / "config"


def shipped(name: str) -> Path:
    """Return where a file of `config/` lies; raises SettingsError when it lies nowhere."""
    for folder in (_INSTALLED, _CHECKOUT):
        if (folder / name).is_file():
            return folder / name
    raise SettingsError(f"{name} is in neither {_INSTALLED} nor {_CHECKOUT}: install wxbot again")
