"""`python -m sim.metrics_endpoint PIPE LISTENER`: an endpoint's own process, started by `Endpoint`."""

import sys

from sim.metrics_endpoint.process import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    if len(arguments) != 2 or not all(each.isdigit() for each in arguments):  # noqa: PLR2004 - the two descriptors
        sys.exit("riskdrill starts its endpoint itself: python -m sim run SCENARIO --metrics-addr 127.0.0.1:9464")
    main(int(arguments[0]), int(arguments[1]))
