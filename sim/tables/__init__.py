"""Files of rows and columns, read whole or refused: CSV, JSON lines and Parquet, packed by gzip, in one file or many.

Nothing here knows what the columns mean. A row is never left out, joined to another or cut in silence.

- `reader`: opens a file, a folder or a pattern; the one way in.
- `parts`: which files those are, in which order, and their digest.
- `endings`: what the end of a name and the first bytes say about a format.
- `separators`: what stands between the columns of a CSV file.
- `text`: a text file as blocks of whole lines.
- `csv_rows`: lines of CSV as rows of cells; decides what is a row.
- `csv_file`, `json_lines`, `parquet`: one file in its format, as frames.
- `problem`: the one clear line that says what is wrong with a file, and where.
"""
