"""The pipeline: what would run in production, without scenario, fault or terminal.

A transaction enters through the producer, gets its features in the assembler, its score and decision in the scorer, and
is delivered and logged by the logger. Between them stand bounded mailboxes; above them stands a supervisor. Whatever
fails, what was accepted is decided, on the best rung of the ladder that is left.
"""
