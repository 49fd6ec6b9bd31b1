"""The screen's own process: reads messages, draws the latest at most ten times a second, sends actions back.

It ends, and gives the terminal back, when the pipe closes (the pipeline ended, crashed or was killed), on SIGTERM and
SIGHUP, and on any error of its own. It ignores Ctrl-C: the pipeline hears it too, drains, and then closes the pipe.
"""

import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.color import ColorSystem
from rich.console import Console

from dashboard.actions import Action, NotRecorded
from dashboard.cast import Cast, open_cast
from dashboard.controls import Controls
from dashboard.frame import Frame, Message, Notice
from dashboard.menus.keyboard import Keyboard
from dashboard.rows import Row
from dashboard.screen import Picture, ViewState, render, render_notice, to_svg
from dashboard.terminal import ENTER, Terminal
from dashboard.wire import Inbox, pack

_BEGIN: Final = "\x1b[?2026h"  # terminals that know it show the whole update at once; others ignore it
_END: Final = "\x1b[?2026l"


class Painter:
    """Remembers what the terminal shows and writes the difference.

    Rich decides which colours the terminal has, and honours NO_COLOR: symbols, words and bold stay.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(force_terminal=True)
        name = console.color_system
        self._colors = None if name is None else ColorSystem[{"256": "EIGHT_BIT"}.get(name, name.upper())]
        self._plain = console.no_color
        self._shown: list[str] = []

    def forget(self) -> None:
        """Write everything next time: the size changed, or someone else may have written."""
        self._shown = []

    def update(self, rows: Sequence[Row]) -> str:
        """Return what brings the terminal from the last picture to this one; "" when they are equal."""
        lines = [self.line(row) for row in rows]
        fresh = len(lines) != len(self._shown)
        changed = [
            f"\x1b[{number}H{line}" for number, line in enumerate(lines, 1) if fresh or line != self._shown[number - 1]
        ]
        self._shown = lines
        return f"{_BEGIN}{''.join(changed)}{_END}" if changed else ""

    def line(self, row: Row) -> str:
        """Return one row with its colours."""
        parts = []
        for text, style, _ in row:
            if style is None:
                parts.append(text)
                continue
            shown = style.without_color if self._plain else style
            parts.append(shown.render(text, color_system=self._colors))
        return "".join(parts)


_STEP_S: Final = 0.1  # ten pictures a second
_REST: Final = 3  # times the cost of a picture before the next: a slow machine gets fewer, not a busy core
_REPAINT_S: Final = 2.0  # then every line is written again, over whatever another process printed
_ESCAPE_S: Final = 0.05  # what belongs to a key has come by then; Esc alone has nothing after it
_SILENT_S: Final = 2.0  # without a frame for so long, the screen says so
_NICENESS: Final = 10  # the pipeline goes first
_ENDING: Final = frozenset({signal.SIGTERM, signal.SIGHUP})
STARTING: Final = Notice(title="starting")


class ScreenLoop:
    """The loop around one terminal and one pipe.

    Args:
        pipe: messages come in, actions go out; closed by the other side at the end.
        terminal: already taken.
        signals: receives the number of every signal that arrives, see `signal.set_wakeup_fd`.
        record: file for a recording; None records nothing.
    """

    def __init__(
        self, pipe: socket.socket, terminal: Terminal, signals: socket.socket, record: Path | None = None
    ) -> None:
        self._signals = signals
        self._pipe = pipe
        self._terminal = terminal
        self._painter = Painter()
        self._inbox = Inbox()
        self._message: Message = STARTING
        self._keyboard = Keyboard()
        self._controls = Controls()
        self._size = (0, 0)
        self._heard_s = self._painted_s = time.monotonic()
        self._due_s = 0.0  # of the next picture
        self._changed = True
        self._has_keys(there=terminal.has_keys)
        self._cast: Cast | None = None
        if record is not None:
            self._begin_recording(record)

    @property
    def _view(self) -> ViewState:
        return self._controls.view

    def run(self) -> None:
        """Draw until the pipe closes."""
        try:
            self._draw_until_the_end()
        finally:
            if self._cast is not None:
                self._cast.close()

    def _draw_until_the_end(self) -> None:
        while self._listen():
            now_s = time.monotonic()
            self._note_silence(now_s)
            self._changed |= self._controls.passed(now_s)
            if self._terminal.size() != self._size or now_s - self._painted_s > _REPAINT_S:
                self._changed = True
            if self._changed and now_s >= self._due_s:
                self._draw()
                cost_s = time.monotonic() - now_s
                self._due_s = now_s + max(_STEP_S, _REST * cost_s)

    def _listen(self) -> bool:
        """Wait for a message, a key, a signal or the time of the next picture; return False at the end."""
        wait_s = max(0.0, self._due_s - time.monotonic()) if self._changed else 0.5
        wait_s = min(wait_s, _ESCAPE_S) if self._keyboard.waiting else wait_s
        sources = [self._pipe.fileno(), self._signals.fileno()]
        if self._terminal.has_keys:
            sources.append(self._terminal.keys_fd)
        ready, _, _ = select.select(sources, [], [], wait_s)
        if self._signals.fileno() in ready and not _ENDING.isdisjoint(self._signals.recv(64)):
            return False
        if self._terminal.has_keys and self._terminal.keys_fd in ready:
            self._take_keys()
        elif self._keyboard.waiting:
            self._press(self._keyboard.flush())
        return self._pipe.fileno() not in ready or self._take_message()

    def _take_message(self) -> bool:
        data = self._pipe.recv(1 << 20)
        self._inbox.feed(data)
        self._controls.know(self._inbox.choices)
        self._heard_s = time.monotonic()
        if (message := self._inbox.take()) is not None:
            self._take(message)
        return bool(data)

    def _take(self, message: Message) -> None:
        before = self._view
        if isinstance(message, Frame):
            self._controls.hear(message.answer, self._heard_s)
        self._changed |= self._view is not before
        if self._view.frozen:
            return
        self._message, self._changed = message, True
        if self._cast is not None and isinstance(message, Frame):
            self._cast.mark(message, self._heard_s)

    def _begin_recording(self, file: Path) -> None:
        try:
            self._cast = open_cast(file, self._terminal.size(), time.monotonic(), round(time.time()))
        except OSError as error:
            self._send(NotRecorded(error.strerror or str(error)))
        else:
            self._cast.write(ENTER, time.monotonic())

    def _write(self, text: str) -> None:
        self._terminal.write(text)
        if self._cast is not None:
            self._cast.write(text, time.monotonic())
            if self._cast.trouble:
                self._send(NotRecorded(self._cast.trouble))
                self._cast = None

    def _take_keys(self) -> None:
        data = self._terminal.read_keys()
        self._has_keys(there=bool(data))
        self._press(self._keyboard.feed(data))

    def _has_keys(self, *, there: bool) -> None:
        self._terminal.has_keys = there
        self._controls.view = replace(self._view, deaf=not there)

    def _press(self, keys: Sequence[str]) -> None:
        frame = self._message if isinstance(self._message, Frame) else None
        for key in keys:
            if self._view.menu is None and key.lower() == "s" and frame is not None:
                self._save_picture(frame)
            action = self._controls.press(key, frame, self._inbox.choices, time.monotonic())
            if action is not None:
                self._controls.sent(action, time.monotonic(), out=self._send(action))
            self._changed = True

    def _save_picture(self, frame: Frame) -> None:
        """Write what is shown beside the folder of the run, in which nothing but its own files may be."""
        now_s = time.monotonic()
        file = Path(f"{self._inbox.choices.folder or 'riskdrill'}-{frame.header.elapsed_s:.1f}s.svg")
        try:
            file.write_text(to_svg(frame, *self._terminal.size(), view=self._view), encoding="utf-8")
        except OSError as error:
            self._controls.say(f"{file.name}: cannot be written: {error.strerror}", now_s)
        else:
            self._controls.say(f"saved {file}", now_s, good=True)

    def _send(self, action: Action) -> bool:
        """Send the action whole or not at all; return whether it went out. The screen never waits for the run."""
        data = pack(action)
        try:
            sent = self._pipe.send(data, socket.MSG_DONTWAIT)
        except OSError:
            return False
        if sent < len(data):  # a socket takes such small messages whole; if not, the rest must follow
            self._pipe.sendall(data[sent:])
        return True

    def _note_silence(self, now_s: float) -> None:
        silent_s = float(int(now_s - self._heard_s))
        silent_s = silent_s if silent_s >= _SILENT_S and isinstance(self._message, Frame) else 0.0
        if silent_s != self._view.silent_s:
            self._controls.view = replace(self._view, silent_s=silent_s)
            self._changed = True

    def _draw(self) -> None:
        size = self._terminal.size()
        now_s = time.monotonic()
        if size != self._size or now_s - self._painted_s > _REPAINT_S:
            self._painter.forget()
            self._painted_s = now_s
        if size != self._size:
            if self._cast is not None:
                self._cast.resize(size, now_s)
            self._write("\x1b[2J")
        self._size = size
        self._write(self._painter.update(self._picture(*size).rows))
        self._changed = False

    def _picture(self, width: int, height: int) -> Picture:
        if isinstance(self._message, Frame):
            return render(self._message, width, height, self._view)
        return render_notice(self._message, width, height)


def main(pipe_fd: int, record: Path | None = None) -> None:
    """Own the terminal until the pipe closes.

    Args:
        pipe_fd: inherited end of the socket pair.
        record: file for a recording of the screen; None records nothing.
    """
    with suppress(OSError):
        os.nice(_NICENESS)
    with (
        _signals() as signals,
        socket.socket(fileno=pipe_fd) as pipe,
        Terminal() as terminal,
        suppress(ConnectionError),
    ):
        ScreenLoop(pipe, terminal, signals, record).run()


def _signals() -> socket.socket:
    """Return where signals arrive as bytes: nothing is ever interrupted, least of all giving the terminal back."""
    for ignored in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(ignored, signal.SIG_IGN)
    for heard in (*_ENDING, signal.SIGWINCH):
        if signal.getsignal(heard) != signal.SIG_IGN:  # `nohup` outlives its terminal
            signal.signal(heard, lambda _number, _frame: None)
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    signal.set_wakeup_fd(sender.detach(), warn_on_full_buffer=False)
    return receiver
