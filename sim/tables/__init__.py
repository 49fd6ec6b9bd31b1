"""Files of rows and columns, read whole or refused: CSV, JSON lines and Parquet, packed by gzip, in one file or many.

Nothing here knows what the columns mean. A row is never left out, joined to another or cut in silence.
"""
