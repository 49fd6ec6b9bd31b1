"""Other people's messages as our transactions, by the column map and the converters of files.

A message is one JSON object and one transaction. Its numbers keep the digits that they were written with, as in a file
of JSON lines. Unlike a row of a file it stands alone: what one message says of how values are written is not taken for
another, so the same bytes at the same place give the same transaction, whoever reads them, and however often.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import polars as pl

from actors.adapters.kafka.messages import RefusedMessage
from actors.core.transaction import Transaction, to_json
from sim.replay.converters import converter_of
from sim.replay.event_file import columns_of
from sim.replay.field import UNKNOWN, Break, earliest
from sim.replay.plain_values import IN_DOUBT, plain_reader
from sim.scenario.events import AmountColumn, EventColumns, FieldColumn, KeyColumn
from sim.tables.problem import listed, named

MOST_BYTES: Final = 262_144  # a transaction has some hundred bytes, of which a message may say much more
TOGETHER: Final = 64  # messages that are converted at once where some are refused: each of those costs a turn
_OPTIONAL: Final = frozenset({"currency", "category", "channel", "device", "ip_country", "card_country", "lat", "lon"})
_encode: Final = msgspec.json.Encoder().encode
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text: Final = msgspec.json.Decoder(str).decode
_KINDS: Final = {b"{": "an object", b"[": "a list"}


class _RefusedError(Exception):
    """A message that is no transaction."""

    def __init__(self, reason: str, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.refused = RefusedMessage(reason, detail, field)


class _Document:
    """One message, of which any value can be asked for by its name.

    Args:
        value: the message.

    Raises:
        _RefusedError: it is no JSON object.
    """

    __slots__ = ("_inner",)

    def __init__(self, value: bytes) -> None:
        if not value:
            raise _RefusedError("not_json", "the message has no value")
        if len(value) > MOST_BYTES:
            raise _RefusedError("too_large", f"{len(value)} bytes, over the limit of {MOST_BYTES}")
        try:
            self._inner: dict[str, Mapping[str, msgspec.Raw]] = {"": _object(value)}
        except msgspec.ValidationError as error:
            raise _RefusedError("wrong_type", f"a message must be one JSON object: {error}") from error
        except (ValueError, RecursionError) as error:  # malformed, or no UTF-8
            raise _RefusedError("not_json", str(error)) from error

    def raw(self, field: str, name: str) -> bytes | None:
        """Return what stands under ``name``, whose parts are joined by dots; None where there is nothing, or null.

        Raises:
            _RefusedError: something on the way there is no object.
        """
        *way, last = name.split(".")
        inner = self._inner[""]
        for depth in range(1, len(way) + 1):
            at = ".".join(way[:depth])
            found = self._inner.get(at)
            if found is None:
                found = self._inner[at] = self._opened(field, at, inner.get(way[depth - 1]))
            inner = found
        raw = bytes(inner.get(last, b""))
        return None if raw in (b"", b"null") else raw

    @staticmethod
    def _opened(field: str, name: str, raw: msgspec.Raw | None) -> Mapping[str, msgspec.Raw]:
        if raw is None or bytes(raw) == b"null":
            return {}
        try:
            return _object(raw)
        except msgspec.ValidationError as error:
            raise _RefusedError("wrong_type", f"{named(name)} must be an object, {error}", field) from error


class MessageMap:
    """Makes a transaction of each message, or says why there is none.

    Args:
        columns: which name holds which field; the names of values within objects are joined by dots.
        timezone: of times without an offset.
    """

    def __init__(self, columns: EventColumns, timezone: str = "UTC") -> None:
        strict = msgspec.structs.replace(columns.amount, negative="refuse")  # each message comes to an end
        columns = msgspec.structs.replace(columns, amount=strict, fraud=None)
        self._fields = columns.mapped()
        self._timezone = timezone
        self._plain = [_PlainField(field, column, timezone) for field, column in self._fields.items()]

    def translate(self, values: Sequence[bytes], ids: Sequence[str]) -> list[bytes | RefusedMessage]:
        """Return each message as a transaction in our own words, or why it is none.

        Args:
            values: of the messages.
            ids: what each transaction is called where the map has no id.
        """
        found = list(map(self._plainly, values, ids))
        left = {index: made for index, made in enumerate(found) if not isinstance(made, bytes)}
        by_rules = self._by_rules([values[index] for index in left], [ids[index] for index in left], [*left.values()])
        made_of = dict(zip(left, by_rules, strict=True))
        return [made if isinstance(made, bytes) else made_of[index] for index, made in enumerate(found)]

    def _plainly(self, value: bytes, name: str) -> bytes | Mapping[str, object]:
        """Return a message as a transaction, or those of its fields of which the rules have nothing to say."""
        made: dict[str, object] = {}
        try:
            document = _Document(value)
            for field in self._plain:
                if (found := field.of(document)) is not IN_DOUBT:
                    made[field.field] = found
        except (_RefusedError, ValueError):  # of which the rules find the first
            return {}
        if len(made) < len(self._plain):
            return made
        return _encode(Transaction(**{"id": name, **made}))  # type: ignore[arg-type]  # each gives what its field holds

    def _by_rules(
        self, values: Sequence[bytes], ids: Sequence[str], plain: Sequence[Mapping[str, object]]
    ) -> list[bytes | RefusedMessage]:
        """Return each message as a transaction, or why it is none; rules are not asked for fields that are plain."""
        refused: dict[int, RefusedMessage] = {}
        raws: dict[int, dict[str, dict[str, bytes | None]]] = {}
        for index, value in enumerate(values):
            try:
                document = _Document(value)
                raws[index] = {
                    field: {name: document.raw(field, name) for name in column.names}
                    for field, column in self._fields.items()
                    if field not in plain[index]
                }
            except _RefusedError as error:
                refused[index] = error.refused
        made: dict[str, dict[int, object]] = {}
        for field, column in self._fields.items():
            left = [index for index in raws if index not in refused]
            made[field] = {index: plain[index][field] for index in left if field in plain[index]}
            asked = {index: raws[index][field] for index in left if field not in plain[index]}
            made[field] |= _Conversion(field, column, self._timezone, refused).of(asked)
        good = [index for index in raws if index not in refused]
        made.setdefault("id", {index: ids[index] for index in good})
        transactions = dict(zip(good, self._written(made, good), strict=True))
        return [transactions.get(index) or refused[index] for index in range(len(values))]

    @staticmethod
    def _written(made: Mapping[str, Mapping[int, object]], good: Sequence[int]) -> list[bytes]:
        if not good:
            return []
        types = {"event_time": pl.Int64, "amount": pl.Float64, "lat": pl.Float64, "lon": pl.Float64}
        series = [
            pl.Series(field, [values[index] for index in good], dtype=types.get(field, pl.String))
            for field, values in made.items()
        ]
        return to_json(columns_of(pl.DataFrame(series))[0])


class _PlainField:
    """Reads one field of messages, each alone, where it is plain.

    Args:
        field: the field.
        column: what the map says of it.
        timezone: of times without an offset.
    """

    __slots__ = ("_names", "_numbers", "_texts", "field")

    def __init__(self, field: str, column: FieldColumn, timezone: str) -> None:
        self.field = field
        self._names = column.names
        self._texts = plain_reader(field, column, timezone)
        self._numbers = plain_reader(field, _of_numbers(column), timezone)

    def of(self, document: _Document) -> object:
        """Return the field of a message; `IN_DOUBT` where the rules have to say what it is.

        Raises:
            _RefusedError: something on the way to it is no object.
            ValueError: a text is none.
        """
        raws = [document.raw(self.field, name) for name in self._names]
        if any(raw is not None and raw[:1] in _KINDS for raw in raws):
            return IN_DOUBT
        texts = [None if raw is None else (_text(raw) or None) if raw[:1] == b'"' else raw.decode() for raw in raws]
        return (self._numbers if all(map(_is_number, raws)) else self._texts)(texts)


class _Conversion:
    """Converts one field of several messages.

    Args:
        field: the field.
        column: what the map says of it.
        timezone: of times without an offset.
        refused: gets what cannot be converted, by the index of its message.
    """

    def __init__(self, field: str, column: FieldColumn, timezone: str, refused: dict[int, RefusedMessage]) -> None:
        self._field = field
        self._column = column
        self._timezone = timezone
        self._refused = refused

    def of(self, raws: Mapping[int, Mapping[str, bytes | None]]) -> dict[int, object]:
        """Return the field of each message that has a good one, by its index.

        Args:
            raws: what stands in each message under each name of the column.
        """
        numbers: dict[int, dict[str, str | None]] = {}
        texts: dict[int, dict[str, str | None]] = {}
        for index, values in raws.items():
            try:
                read = {name: self._read(name, raw) for name, raw in values.items()}
                self._check_known(read)
            except _RefusedError as error:
                self._refused[index] = error.refused
            else:
                (numbers if all(map(_is_number, values.values())) else texts)[index] = read
        return self._all(self._column, texts) | self._all(_of_numbers(self._column), numbers)

    def _read(self, name: str, raw: bytes | None) -> str | None:
        """Return a value as the text that it would be in a file."""
        if raw is None or raw[:1] != b'"':
            if raw is not None and (kind := _KINDS.get(raw[:1])) is not None:
                raise self._wrong("wrong_type", f"must be one value, got {kind} under {named(name)}")
            return None if raw is None else raw.decode()
        try:
            text = _text(raw)
            text.encode()
        except ValueError as error:  # half a character is no text either
            raise self._wrong("not_json", f"is no text under {named(name)}: {error}") from error
        return text or None  # as in a file, where both are nothing

    def _check_known(self, values: Mapping[str, str | None]) -> None:
        if self._field in _OPTIONAL or (isinstance(self._column, KeyColumn) and self._column.absent == "keep"):
            return
        for name, text in values.items():
            if text is None:
                raise self._wrong("missing_field", f"must be known, and the message has nothing under {named(name)}")

    def _wrong(self, reason: str, rule: str) -> _RefusedError:
        return _RefusedError(reason, f"{self._field} {rule}", self._field)

    def _all(self, column: FieldColumn, texts: Mapping[int, Mapping[str, str | None]]) -> dict[int, object]:
        """Return what can be converted; the rules are asked once for messages that say the same."""
        alike: dict[tuple[str | None, ...], list[int]] = {}
        for index, values in texts.items():
            alike.setdefault(tuple(values.values()), []).append(index)
        firsts = {first: others for first, *others in alike.values()}
        made = self._different(column, {first: texts[first] for first in firsts})
        for first, others in firsts.items():
            answers: dict[int, Any] = made if first in made else self._refused
            answers |= dict.fromkeys(others, answers[first])
        return made

    def _different(self, column: FieldColumn, texts: Mapping[int, Mapping[str, str | None]]) -> dict[int, object]:
        """Return what can be converted: all at once, or else in parts, whose wrong messages are left out one by one."""
        found: dict[int, object] = {}
        parts = [list(texts)]
        while parts:
            part = parts.pop()
            made = self._part(column, part, texts)
            if not isinstance(made, Break):
                found |= made
            elif len(part) > TOGETHER:
                parts += [part[start : start + TOGETHER] for start in range(0, len(part), TOGETHER)]
            else:
                wrong = part if made.index is None else [part[made.index]]
                self._refused |= dict.fromkeys(wrong, self._told(made))
                parts.append([index for index in part if index not in self._refused])
        return found

    def _part(
        self, column: FieldColumn, part: Sequence[int], texts: Mapping[int, Mapping[str, str | None]]
    ) -> dict[int, object] | Break:
        if not part:
            return {}
        frame = pl.DataFrame(
            [pl.Series(name, [texts[index][name] for index in part], dtype=pl.String) for name in column.names]
        )
        converter = converter_of(self._field, column, self._timezone, alone=True)
        made = converter.convert(frame, pl.int_range(len(part), eager=True))
        doubt = converter.finish()
        wrong = earliest(made if isinstance(made, Break) else None, None if doubt is None else Break(*doubt))
        if wrong is not None or isinstance(made, Break):
            return wrong or made  # type: ignore[return-value]  # one of the two is a break
        return dict(zip(part, made.to_list(), strict=True))

    def _told(self, wrong: Break) -> RefusedMessage:
        """Return a broken rule in the words of messages."""
        text = wrong.text.replace("events.", "pipeline.source.").replace("the row", "the message")
        reason = "missing_field" if UNKNOWN in wrong.text else "wrong_type" if wrong.index is None else "out_of_range"
        return RefusedMessage(reason, text.replace("every row", "every message"), self._field)


def _of_numbers(column: FieldColumn) -> FieldColumn:
    """Return how a column's numbers of JSON are meant: with a point before their decimals, come what may."""
    return msgspec.structs.replace(column, decimal=".", thousands=None) if isinstance(column, AmountColumn) else column


def _is_number(raw: bytes | None) -> bool:
    return raw is not None and raw[:1] not in b'"tf'


def names_in(value: bytes, inside: str = "") -> dict[str, None]:
    """Return the names under which a message has a value, in its order; none where it is no JSON object."""
    try:
        found = _object(value)
    except (ValueError, RecursionError):
        return {}
    names: dict[str, None] = {}
    for name, raw in found.items():
        inner = names_in(bytes(raw), f"{inside}{name}.") if bytes(raw)[:1] == b"{" else {}
        names |= inner or {f"{inside}{name}": None}
    return names


def lacking(columns: EventColumns, names: Sequence[str]) -> list[str]:
    """Return a line for each field of which no message has a value, given the ``names`` that messages have."""
    return [
        f"no message has {listed([name])}, which pipeline.source.columns gives for {field}"
        for field, column in columns.mapped().items()
        for name in column.names
        if name not in names
    ]
