"""What a scenario may say about each kind of fault, a module for each thing that it breaks."""
