"""How a pytest that a test starts is given our plugin."""

from importlib.metadata import entry_points
from typing import Final

LOADED: Final = (
    "riskdrill" if any(each.name == "riskdrill" for each in entry_points(group="pytest11")) else "sim.pytest_plugin"
)
"""What ``-p`` takes: by its entry point, or by its module where this checkout was installed before there was one."""
