"""What the types of a scenario cannot say: each check yields a problem, with its place, for each broken rule."""
