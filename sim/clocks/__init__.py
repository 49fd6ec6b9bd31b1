"""Virtual time: its event loop, its clock, and a processor that lets the time of computing pass."""
