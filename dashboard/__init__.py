"""The live screen: a pure function of frozen frames, drawn in a process of its own."""
