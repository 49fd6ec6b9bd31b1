"""What a scenario says about each kind of fault, by what it breaks, and what is told of it afterwards."""
