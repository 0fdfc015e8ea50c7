"""TCP connections, and the callbacks of servers and clients."""
from typing import Any, Callable, Optional, Union

from . import _handles
from ._callbacks import callback
from ._errors import check, check_pointer
from ._ffi import NULL, ffi, lib

BytesLike = Union[bytes, bytearray, memoryview]


class Connection:
    """A connection. After its end, methods raise OSError (ENOTCONN); `id` and `error` can still be read.

    `data` is the program's.
    """

    __slots__ = ("_pointer", "data", "__weakref__")

    def __init__(self, pointer: Any) -> None:
        # The reference is released with this object, so no method can meet freed memory, on any thread.
        self._pointer = ffi.gc(check_pointer(lib.yolanda_connection_retain(pointer)), lib.yolanda_connection_release)
        self.data: Any = None

    @property
    def id(self) -> int:
        """A number that no other connection of the process gets."""
        return lib.yolanda_connection_id(self._pointer)

    @property
    def is_open(self) -> bool:
        return lib.yolanda_connection_is_open(self._pointer) == 1

    @property
    def error(self) -> int:
        """Why it has ended, as a number of `errno`; 0 if both sides ended it normally."""
        return lib.yolanda_connection_error(self._pointer)

    @property
    def queued(self) -> int:
        """How many bytes wait to be sent."""
        return lib.yolanda_connection_queued(self._pointer)

    @property
    def peer(self) -> str:
        """The peer's address: `1.2.3.4:5`, `[::1]:5`, `unix:/path`."""
        text = ffi.new("char[]", 128)
        check(lib.yolanda_connection_peer(self._pointer, text, len(text)))
        return ffi.string(text).decode("utf-8", "surrogateescape")

    def send(self, data: BytesLike) -> None:
        """Sends bytes after everything that was sent before. Any thread may call it."""
        if type(data) is bytes:
            check(lib.yolanda_connection_send(self._pointer, data, len(data)))
        else:
            with ffi.from_buffer(data) as view:
                check(lib.yolanda_connection_send(self._pointer, view, len(view)))

    def close(self) -> None:
        """Closes it at once. Any thread may call it; it does nothing if the connection has ended."""
        if self.is_open:
            lib.yolanda_connection_close(self._pointer)

    def close_after_send(self, seconds: float = 5) -> None:
        """Closes it after everything has been sent. Any thread may call it."""
        check(lib.yolanda_connection_close_after_send(self._pointer, round(seconds * 1000)))

    def shutdown(self) -> None:
        """Ends the sending side after everything has been sent; input still arrives. Any thread may call it."""
        lib.tcp_connection_shutdown(self._pointer)

    def pause(self) -> None:
        """Stops reading. Only on the connection's thread: inside its callbacks."""
        check(lib.yolanda_connection_pause(self._pointer))

    def resume(self) -> None:
        check(lib.yolanda_connection_resume(self._pointer))


ConnectionCallback = Callable[[Connection], Any]
DataCallback = Callable[[Connection, bytes], Any]


class Callbacks:
    """What a server or client calls: functions, or methods of the same names of a `handler`.

    `sent` is called when what the socket didn't take at once has been sent. With `input_ended`,
    a connection stays open for sending when the peer has ended its side.
    """

    def __init__(self, loop: Any, handler: Any, connected: Optional[ConnectionCallback],
                 received: Optional[DataCallback], sent: Optional[ConnectionCallback],
                 closed: Optional[ConnectionCallback], input_ended: Optional[ConnectionCallback]) -> None:
        self.loop = loop
        self.connected = connected or getattr(handler, "connected", None)
        self.received = received or getattr(handler, "received", None)
        self.sent = sent or getattr(handler, "sent", None)
        self.closed = closed or getattr(handler, "closed", None)
        self.input_ended = input_ended or getattr(handler, "input_ended", None)
        # Connections stay here until they have closed, so that each has one Python object.
        self.open: dict = {}
        loop._callbacks.add(self)

    def install(self, set_callbacks: Any, owner: Any) -> None:
        """Gives them to the library, which keeps this object until the last connection has ended."""
        handle = _handles.hold(self)
        callbacks = ffi.new("struct yolanda_callbacks *", {
            "size": ffi.sizeof("struct yolanda_callbacks"), "data": handle, "destroy": _handles.destroy,
            "completed": _completed, "message": _message, "closed": _closed,
            "write_completed": _write_completed if self.sent else NULL,
            "input_ended": _input_ended if self.input_ended else NULL,
        })
        try:
            check(set_callbacks(owner, callbacks))
        except OSError:
            _handles.release(handle)
            raise

    def clear(self) -> None:
        """Lets go of the functions when the loop has ended.

        A function may have kept a connection, whose memory in the library keeps this object: a cycle that the garbage
        collector can't see.
        """
        self.connected = self.received = self.sent = self.closed = self.input_ended = None

    def connection(self, pointer: Any) -> Connection:
        known = self.open.get(pointer)
        if known is None:
            known = Connection(pointer)
            self.open[known._pointer] = known
        return known


@callback("yolanda_connection_callback")
def _completed(pointer: Any, data: Any) -> None:
    callbacks = ffi.from_handle(data)
    connection = callbacks.connection(pointer)
    if callbacks.connected:
        callbacks.loop._guard(callbacks.connected, connection)


@callback("yolanda_input_callback")
def _message(pointer: Any, buffer: Any, data: Any) -> None:
    callbacks = ffi.from_handle(data)
    length = lib.yolanda_buffer_length(buffer)
    received = ffi.buffer(lib.yolanda_buffer_data(buffer), length)[:]
    lib.yolanda_buffer_consume(buffer, length)
    if callbacks.received:
        callbacks.loop._guard(callbacks.received, callbacks.connection(pointer), received)


@callback("yolanda_connection_callback")
def _write_completed(pointer: Any, data: Any) -> None:
    callbacks = ffi.from_handle(data)
    callbacks.loop._guard(callbacks.sent, callbacks.connection(pointer))


@callback("yolanda_connection_callback")
def _input_ended(pointer: Any, data: Any) -> None:
    callbacks = ffi.from_handle(data)
    callbacks.loop._guard(callbacks.input_ended, callbacks.connection(pointer))


@callback("yolanda_connection_callback")
def _closed(pointer: Any, data: Any) -> None:
    callbacks = ffi.from_handle(data)
    connection = callbacks.connection(pointer)
    del callbacks.open[pointer]
    if callbacks.closed:
        callbacks.loop._guard(callbacks.closed, connection)
