"""An answer that is there at once."""

from collections.abc import Coroutine, Generator
from typing import Any, NoReturn, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Answer(Coroutine[Any, Any, T_co]):
    """What an adapter returns that has answered when it was called: awaited as a coroutine is, again and again.

    Whoever guards calls against long waits takes the value and is done, for a quarter of what a coroutine costs that
    has to be started to find out that it does not wait.

    Args:
        value: the answer.

    Example:
        >>> import asyncio
        >>> async def ask() -> int:
        ...     return await Answer(42)
        >>> asyncio.run(ask())
        42
    """

    __slots__ = ("value",)

    def __init__(self, value: T_co) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, Any, T_co]:
        """Wait for nothing."""
        yield from ()
        return self.value

    def send(self, _: object, /) -> NoReturn:
        """End at once."""
        raise StopIteration(self.value)

    def throw(self, error: BaseException | type[BaseException], *_: object) -> NoReturn:
        """Raise ``error``: there is no wait that it could end."""
        raise error

    def close(self) -> None:
        """Nothing is open."""
