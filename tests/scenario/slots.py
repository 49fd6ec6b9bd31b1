"""Places in a scenario's tree, by the path that a problem gives."""

import re
from typing import Any

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def take_out(tree: dict[str, Any], path: str) -> None:
    """Remove what ``path`` names from ``tree``; where it is not there, the nearest thing around it."""
    inner: Any = tree
    holder, last = None, None
    for key, index in _STEP.findall(path):
        step = key or int(index)
        if not (step in inner if isinstance(inner, dict) else isinstance(inner, list) and int(index) < len(inner)):
            break
        holder, last, inner = inner, step, inner[step]
    if holder is not None:
        del holder[last]
