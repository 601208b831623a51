"""The console's words in both languages: English stands in templates and code, its Chinese in `chinese`."""

from typing import Literal

from flask import g, has_request_context
from markupsafe import Markup, escape

from wxbot.web.console.chinese import ZH

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def language() -> Language:
    """Return the language of the page that is being made."""
    return g.language if has_request_context() and "language" in g else "en"


def say(text: str, of: Language | None = None, /, **values: object) -> Markup:
    """Return a text in the page's language, with `{name}`s filled in and escaped; also for templates, as `_`."""
    words = ZH[text] if (of or language()) == "zh" else text
    return Markup(words).format(**values) if values else escape(words)  # our own words
