"""Whether a server is on this machine: what decides if a command may go on without being asked twice.

A module of its own, since the addresses of every kind of server ask it.
"""

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether ``host``, a name or an address without brackets, is this machine and reached by no network."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
