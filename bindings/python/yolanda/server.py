"""TCP servers, and what HTTP servers share with them."""
from typing import Any, Callable, Optional

from ._callbacks import callback
from ._errors import check, check_pointer, closed
from ._ffi import NULL, ffi, lib
from .connection import Callbacks, ConnectionCallback, DataCallback
from .loop import Loop


@callback("yolanda_server_callback")
def _stopped(_server: Any, data: Any) -> None:
    loop, done = ffi.from_handle(data)
    loop._guard(done)


class BaseServer:
    """Starting and stopping. `_pointer` is the TCP server, which ends with the loop at the latest."""

    def __init__(self, loop: Loop, pointer: Any) -> None:
        self._loop = loop
        self._pointer = pointer

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        if not self._loop.closed:
            self.close()

    @property
    def port(self) -> int:
        return lib.yolanda_server_port(self._use())

    @property
    def connection_count(self) -> int:
        return lib.yolanda_server_connections(self._use())

    def start(self) -> None:
        check(lib.yolanda_server_start(self._use()))

    def stop(self, seconds: Optional[float] = None, done: Optional[Callable[[], Any]] = None) -> None:
        """Stops gracefully: what has begun is finished, until `seconds` have passed. Then `done` is called."""
        pointer = self._use()
        limit = -1 if seconds is None else round(seconds * 1000)
        if done is None:
            check(lib.yolanda_server_stop(pointer, limit, NULL, NULL))
            return
        handle = ffi.new_handle((self._loop, done))
        check(lib.yolanda_server_stop(pointer, limit, _stopped, handle))
        # There is no `destroy` for it, and the library may never call it: it lives as long as the server.
        self._loop._kept[pointer] = handle

    def close(self) -> None:
        """Stops at once and frees the server; its connections are closed."""
        if self._pointer is not None:
            pointer = self._use()
            check(lib.yolanda_server_free(pointer))
            self._loop._kept.pop(pointer, None)
            self._pointer = None

    def _use(self) -> Any:
        self._loop._use()
        if self._pointer is None:
            raise closed("the server")
        return self._pointer


class Server(BaseServer):
    """A TCP server. The callbacks are functions, or methods of `handler` with the same names.

    With `threads`, connections are served by as many threads of the library, whose callbacks run there.
    """

    def __init__(self, loop: Loop, address: str, handler: Any = None, *,
                 connected: Optional[ConnectionCallback] = None, received: Optional[DataCallback] = None,
                 sent: Optional[ConnectionCallback] = None, closed: Optional[ConnectionCallback] = None,
                 input_ended: Optional[ConnectionCallback] = None,
                 threads: int = 0) -> None:
        callbacks = Callbacks(loop, handler, connected, received, sent, closed, input_ended)
        pointer = check_pointer(lib.yolanda_server_new(
            loop._use(), address.encode(), NULL, NULL, NULL, NULL, threads))
        super().__init__(loop, pointer)
        callbacks.install(lib.yolanda_server_set_callbacks, pointer)
