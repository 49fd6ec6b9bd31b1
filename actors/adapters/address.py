"""What addresses of servers have in common."""

from urllib.parse import SplitResult, unquote, urlsplit

from actors.core.errors import InputError


def split_address(text: str, place: str, *, instead: str, example: str) -> SplitResult:
    """Return the parts of an address, which has no credentials in it.

    Args:
        text: the address.
        place: where it was written, for errors.
        instead: what to do with credentials.
        example: of such an address.

    Raises:
        InputError: it has credentials in it, which are not repeated, or a bracket that is not closed.
    """
    if "@" in unquote(text):  # before anything that would repeat it
        raise InputError(
            f"{place}: an address must not hold a user or a password, which every list of processes would show; "
            f"{instead}"
        )
    try:
        return urlsplit(text)
    except ValueError as error:
        raise InputError(f"{place} {text}: {error}; an address looks like {example}") from error
