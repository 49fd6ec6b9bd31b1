"""The command line says what is wrong in one line, and ends with the code that it documents."""
