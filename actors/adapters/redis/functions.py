"""Functions that run inside the server: loaded when they are first called, and again when the server has lost them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from redis.asyncio import Redis

Argument = str | bytes | int

_NOT_FOUND: Final = "function not found"
_THERE_ALREADY: Final = "already exists"


class FunctionLibrary:
    """One file of Lua. Its functions' names end in a digest of it, so programs of two versions can share a server.

    Args:
        name: of the library; its file registers functions under ``${name}_…``.
        file: with the text, without a first line of its own.
    """

    def __init__(self, name: str, file: Path) -> None:
        self._file = file
        self._short = name
        self._named: tuple[str, str] | None = None

    async def call(self, client: "Redis", function: str, key: str, calls: Sequence[Sequence[Argument]]) -> list[Any]:
        """Return the answers of ``function`` to ``calls``, which are sent together.

        Args:
            client: of the server.
            function: as the file names it, after ``${name}_``.
            key: the only key that it is given.
            calls: the arguments of each.

        Raises:
            RedisError: the server refused one of them or did not answer; the others may have been carried out.
        """
        answers = await self._send(client, function, key, calls)
        if any(isinstance(each, Exception) and _NOT_FOUND in str(each).lower() for each in answers):
            await self._load(client)
            answers = await self._send(client, function, key, calls)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _send(self, client: "Redis", function: str, key: str, calls: Sequence[Sequence[Argument]]) -> list[Any]:
        from redis.exceptions import ResponseError

        name = f"{self._name_and_text()[0]}_{function}"
        if len(calls) == 1:  # a pipeline costs a third more
            try:
                return [await client.execute_command("FCALL", name, 1, key, *calls[0])]  # type: ignore[no-untyped-call]
            except ResponseError as error:
                return [error]
        pipeline = client.pipeline(transaction=False)
        for arguments in calls:
            pipeline.execute_command("FCALL", name, 1, key, *arguments)
        answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    async def _load(self, client: "Redis") -> None:
        from redis.exceptions import ResponseError

        try:
            await client.execute_command("FUNCTION", "LOAD", self._name_and_text()[1])  # type: ignore[no-untyped-call]
        except ResponseError as error:
            if _THERE_ALREADY not in str(error):  # another process was faster
                raise

    def _name_and_text(self) -> tuple[str, str]:
        if self._named is None:
            text = self._file.read_text()
            name = f"riskdrill_{self._short}_{hashlib.blake2s(text.encode(), digest_size=4).hexdigest()}"
            self._named = name, f"#!lua name={name}\n{text.replace('${name}', name)}"
        return self._named
