"""A page as one file of HTML: everything in it, nothing from elsewhere, and no text of others that becomes code."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from sim.page.blocks import Page
from sim.page.figures import Drawn, script

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def rendered(page: Page, drawn: Drawn) -> str:
    """Return ``page`` with its figures as HTML."""
    parts = {"documents": drawn.documents, "items": drawn.items}
    template = _environment().get_template("page.html")
    return str(
        template.render(
            page=page,
            style=_file("page.css"),
            script=_file("page.js") if drawn.items else "",
            bokeh=script() if drawn.items else "",
            charts=inert(parts) if drawn.items else "",
        )
    )


def inert(value: Any) -> str:  # noqa: ANN401 - whatever is to be told to a script
    r"""Return ``value`` as JSON that no script element can end at: what HTML knows of is escaped.

    Example:
        >>> inert({"name": "</script>"})
        '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character, escaped in _UNSAFE.items():
        text = text.replace(character, escaped)
    return text


def _file(name: str) -> str:
    return files("sim.page").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Any:  # noqa: ANN401 - jinja2's, which is imported when a page is written
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        autoescape=True,
        loader=FunctionLoader(_file),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
