"""What the run tells its operator: what the menus offer, once, before the first frame; and what became of an action."""

from msgspec import Struct


class _Told(Struct, frozen=True, array_like=True, kw_only=True):
    """A frozen value that travels as an array: both ends of the pipe are the same version."""


class Parameter(_Told, frozen=True):
    """One key of a fault.

    Attributes:
        value: its default as a scenario writes it; "" where one must be given.
        options: the only values it may have; () where it may have others.
        hint: what it means, in one line.
    """

    key: str
    value: str = ""
    options: tuple[str, ...] = ()
    hint: str = ""


class FaultChoice(_Told, frozen=True):
    """One kind of fault, with what can be set of it.

    Attributes:
        refused: why it cannot be put in in this run; "" where it can.
    """

    kind: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    refused: str = ""


class Suspect(_Told, frozen=True):
    """A part of the run that may be broken in a blind drill, and the ways in which it may.

    Attributes:
        part: as it is called.
        words: the same for people.
        kinds: of fault, each with its summary.
    """

    part: str
    words: str
    kinds: tuple[tuple[str, str], ...]


class Choices(_Told, frozen=True, tag="choices"):
    """What can be asked of this run.

    Attributes:
        refused: why nothing of it may be changed by hand, in one line; "" where it may.
        faults: kinds that can be put in.
        models: folders of models that can be released.
        folder: of the run; pictures of the screen go beside it, under names that begin with its own.
        suspects: in a blind drill.
        closed: keys that do nothing in this run, each with the reason.
        runbooks: of alerts, by name: what it means, what to look at, what to do.
    """

    refused: str = ""
    faults: tuple[FaultChoice, ...] = ()
    models: tuple[str, ...] = ()
    folder: str = ""
    suspects: tuple[Suspect, ...] = ()
    closed: dict[str, str] = {}
    runbooks: dict[str, tuple[str, ...]] = {}


class Answer(Struct, frozen=True, array_like=True):
    """What the run says to the latest action of the person at the screen, and whether it was done.

    Attributes:
        key: of the form's line that cannot be used; "" where it is about the whole.
        number: which of the actions that are answered, from 1.
    """

    text: str
    good: bool = True
    key: str = ""
    number: int = 0
