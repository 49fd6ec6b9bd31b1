"""`python -m dashboard FD`: the screen's own process, started by `dashboard.live`."""

import sys

from dashboard.process import main

if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():  # noqa: PLR2004  the name and the descriptor
        sys.exit("riskdrill starts its screen itself: python -m sim run SCENARIO")
    main(int(sys.argv[1]))
