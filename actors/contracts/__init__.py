"""What every adapter of a port must do: one suite of laws a port, for the tests of whoever writes an adapter.

A suite is a class that does not name any adapter. A test file subclasses it as ``TestMyStore``, says in a hook or two
how its adapter is made, and pytest runs the laws. They are plain asserts: pytest is not imported, so that the package
that production installs needs no test tools. To see the values of an assert that fails, write
``pytest.register_assert_rewrite("actors.contracts")`` into a ``conftest.py``.
"""
