"""``faults``: what can be made to fail."""

from typing import TYPE_CHECKING, Annotated

import typer

from actors.errors import InputError
from sim.commands.entries import entry, paragraph

if TYPE_CHECKING:
    from sim.faults.fault import Fault

_AT = 12  # column of what is said of a fault


def faults(
    word: Annotated[str | None, typer.Argument(help="A kind, told in full, or a word of its name or effect.")] = None,
) -> int:
    """List the faults that a scenario may have: what each does, what one will see, and its own keys.

    Exit code: 0; 2 if no fault has the word.

    Example: python -m sim faults feature_store_latency
    """
    from sim.faults.registry import FAULTS
    from sim.scenario.problems import did_you_mean

    if word in FAULTS:
        typer.echo(_in_full(FAULTS[word]))
        return 0
    wanted = (word or "").lower()
    listed = [each for each in FAULTS.values() if wanted in f"{each.kind} {each.summary} {each.seen}".lower()]
    if not listed:
        remedy = did_you_mean(word or "", FAULTS, "python -m sim faults lists all")
        raise InputError(f"{word} is no kind of fault, and none has that word; {remedy}")
    typer.echo("\n".join(map(_short, listed)))
    if not word:
        text = "Named, a fault is told in full, with every key and an example: python -m sim faults model_slow"
        typer.echo(f"\n{paragraph(text)}")
    return 0


def _short(fault: "type[Fault]") -> str:
    from sim.scenario.fault_keys import fault_keys

    keys = ", ".join(f"{key.name} ({key.default or 'needed'})" for key in fault_keys(fault, own=True))
    told = [("does", fault.summary), ("you see", fault.seen), *([("keys", keys)] if keys else [])]
    return "\n".join([fault.kind, *(entry(f"    {name}", text, at=_AT) for name, text in told)])


def _in_full(fault: "type[Fault]") -> str:
    from sim.scenario.fault_keys import example, fault_keys

    told = (
        ("does", fault.summary),
        ("you see", fault.seen),
        ("met by", fault.mitigation),
        ("counted in", f"{fault.touches} that it touched"),
    )
    lines = [fault.kind, *(entry(name, text, at=_AT) for name, text in told), "", "Its keys:"]
    for key in fault_keys(fault, own=False):
        default = f"{key.default} by default" if key.default else "needed"
        lines.append(entry(f"  {key.name}  ({key.takes}; {default})", key.means))
    return "\n".join([*lines, "", f"  {example(fault)}"])
