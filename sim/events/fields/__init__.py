"""From columns of a file to the fields of a transaction, as a column map says.

Nothing is guessed: a value that does not convert whole is refused with its row, its own reason and the key of the
column map that mends it, and an absent optional value stays absent.

- `field`: what all of them share: a converter, and the first row that breaks a rule.
- `converters`: the converter of each field in a column map.
- `keys`: text, and what tells cards, merchants and transactions apart.
- `amounts`: money as people write it.
- `labels`: words for fraud.
- `degrees`: latitude and longitude.
- `times`: one column, or several, as instants; `calendar`: texts as instants, `clocks`: local times as instants.
- `numbers`: numbers as instants; `unit`: the unit of a column of bare numbers; `advice`: what to write for a text that
  is not read as it stands.
"""
