"""The error tree, sorted by whose fault it is.

::

    RiskdrillError
    ├── InputError            the user's: exit 2, one line, says rule, value, place and remedy
    │   ├── ScenarioError         a scenario file
    │   ├── TransactionFileError  a file of transactions to replay or train on
    │   ├── ArtifactError         a model folder
    │   └── OutputError           a folder or file that cannot be written
    ├── MachineError          the machine's: exit 2, one line, says what it lacks
    ├── DependencyError       a dependency's: the pipeline degrades and goes on
    │   ├── SourceError           the source gave nothing
    │   ├── FeatureStoreError     a look-up or a refresh failed
    │   ├── LabelError            labels could not be had
    │   ├── StreamStateError      the windows did not answer
    │   ├── ModelError            scoring failed
    │   └── SinkError             a decision could not be delivered or logged
    └── InternalError         ours: exit 1
        ├── MailboxError          a mailbox was misused
        └── EscalationError       an actor kept crashing; its supervisor gave up
"""

from collections.abc import Iterable
from difflib import get_close_matches


def printable(text: str) -> str:
    r"""Return ``text`` with escapes in place of what a terminal would obey instead of showing it; lines stay lines.

    Example:
        >>> printable("card \x1b[31m7")
        'card \\x1b[31m7'
    """
    if text.isprintable():
        return text
    escaped = (char if char == "\n" or char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return "".join(escaped)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return what of ``known`` is most like ``word``, in any case; None where nothing is like it.

    Example:
        >>> nearest("Burts", ["baseline", "burst"])
        'burst'
    """
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None


class RiskdrillError(Exception):
    """The root of every error raised on purpose; its text is fit to show a user as it is, whatever it quotes."""

    def __init__(self, text: str = "") -> None:
        super().__init__(printable(text))


class InputError(RiskdrillError):
    """What the user gave cannot be used. The text names rule, value, place and remedy."""


class ScenarioError(InputError):
    """A scenario file breaks a rule; one ``file:line:column: text`` a line when there are several."""


class TransactionFileError(InputError):
    """A file of transactions lacks a column, or a row breaks a rule."""


class ArtifactError(InputError):
    """A model folder is missing, damaged, or made for other features. The model in memory stays."""


class OutputError(InputError):
    """A folder or file for results cannot be written."""


class MachineError(RiskdrillError):
    """The machine lacks something (memory, files, processes, room), or has killed a process of ours for want of it."""


class DependencyError(RiskdrillError):
    """Something the pipeline calls has failed; the caller takes a lower rung of the ladder."""


class SourceError(DependencyError):
    """The source could not say what comes next; the producer is restarted and asks again."""


class FeatureStoreError(DependencyError):
    """A look-up failed, and the batch tier of its transactions is missing; or a refresh, and the old table stays."""


class LabelError(DependencyError):
    """Labels could not be had for a refresh, which fails; its old table stays, and the next one asks for them again."""


class StreamStateError(DependencyError):
    """The windows did not answer; their transactions have no streaming features and are decided by rules."""


class ModelError(DependencyError):
    """Scoring failed; its transactions are decided by rules."""


class SinkError(DependencyError):
    """A decision could not be delivered, or its log line not written; it is counted, never rewritten."""


class InternalError(RiskdrillError):
    """A fault of ours."""


class MailboxError(InternalError):
    """A mailbox was misused, for example sent to after it was closed."""


class EscalationError(InternalError):
    """An actor crashed more often than its restart intensity allows."""
