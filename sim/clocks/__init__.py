"""Two ways for time to pass, behind the same `Clock` port."""
