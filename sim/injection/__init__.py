"""What each kind of fault does in a run: it is put around the port it aims at, and always undone."""
