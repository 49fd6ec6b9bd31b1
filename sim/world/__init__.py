"""The synthetic world: cards, merchants, devices and frauds, from one seed through named streams."""
