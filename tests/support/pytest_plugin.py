"""How a pytest that a test starts is given our plugin."""

from importlib.metadata import entry_points
from typing import Final

MODULE: Final = "riskdrill_pytest.plugin"
LOADED: Final = "riskdrill" if any(each.value == MODULE for each in entry_points(group="pytest11")) else MODULE
"""What ``-p`` takes: by its entry point, or by its module where this checkout was installed before there was one."""
