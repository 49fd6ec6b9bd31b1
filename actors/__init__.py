"""The pipeline: what would run in production, without scenario, fault or terminal.

A transaction enters through the producer, gets its features in the assembler, its score and decision in the scorer, and
is logged and delivered by the logger. Between them stand bounded mailboxes; above them stands a supervisor.
"""
