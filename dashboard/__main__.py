"""`python -m dashboard FD [CAST]`: the screen's own process, started by `dashboard.live`."""

import sys
from pathlib import Path

from dashboard.process import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if len(arguments) not in {1, 2} or not arguments[0].isdigit():
        sys.exit("riskdrill starts its screen itself: python -m sim run SCENARIO")
    main(int(arguments[0]), Path(arguments[1]) if arguments[1:] else None)
