"""Python's signal handlers while a loop runs: Ctrl-C becomes KeyboardInterrupt at once.

Python's C handler only takes a note; the handler in Python runs when the interpreter continues. A signal that arrives
just before the loop waits would be noticed after the wait, so the note also goes to a socket that the loop watches.
"""
import signal
import socket
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from . import _handles
from ._callbacks import callback
from ._errors import check, check_pointer
from ._ffi import NULL, ffi, lib


@callback("event_read_callback")
def _noticed(data: Any) -> int:
    # Python runs its pending handlers somewhere in here: `guard` passes on what they raise.
    ffi.from_handle(data)()
    return 0


def _drain(reader: socket.socket) -> None:
    try:
        reader.recv(4096)
    except BlockingIOError:
        pass


@contextmanager
def noticed(loop: Any, guard: Callable[..., None]) -> Iterator[None]:
    """Makes the C loop notice signals. Only the main thread can, and only there do handlers run."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    handle = _handles.hold(lambda: guard(_drain, reader))
    channel = check_pointer(lib.channel_new(reader.fileno(), lib.EVENT_READ, _noticed, NULL, handle))
    check(lib.event_loop_add_channel_event(loop, reader.fileno(), channel))
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        lib.event_loop_remove_channel_event(loop, reader.fileno(), channel)
        lib.yolanda_channel_free(channel)
        _handles.release(handle)
        reader.close()
        writer.close()
