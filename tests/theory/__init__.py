"""What queueing theory says, as tests of mailbox, processor and virtual time."""
