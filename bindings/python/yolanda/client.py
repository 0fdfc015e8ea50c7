"""TCP clients, which connect and may connect again."""
from typing import Any, Callable, Optional

from ._callbacks import callback
from ._errors import check, check_pointer
from ._errors import closed as closed_error
from ._ffi import NULL, ffi, lib
from .connection import Callbacks, Connection, ConnectionCallback, DataCallback
from .loop import Loop

FailedCallback = Callable[[OSError], Any]


@callback("yolanda_client_failed_callback")
def _failed(_client: Any, error: int, data: Any) -> None:
    # In this callback, yolanda_last_error() explains `error`.
    reason = OSError(error, ffi.string(lib.yolanda_last_error()).decode("utf-8", "replace"))
    callbacks, failed = ffi.from_handle(data)
    callbacks.loop._guard(failed, reason)


class Client:
    """A client of `1.2.3.4:80`, `[::1]:80`, `name:80` or `unix:/path`. All methods are for the loop's thread.

    The callbacks are like a server's; `failed` gets an OSError for each attempt that fails.
    """

    def __init__(self, loop: Loop, address: str, handler: Any = None, *,
                 connected: Optional[ConnectionCallback] = None, received: Optional[DataCallback] = None,
                 sent: Optional[ConnectionCallback] = None, closed: Optional[ConnectionCallback] = None,
                 input_ended: Optional[ConnectionCallback] = None,
                 failed: Optional[FailedCallback] = None) -> None:
        self._loop = loop
        self._callbacks = Callbacks(loop, handler, connected, received, sent, closed, input_ended)
        self._pointer = check_pointer(lib.yolanda_client_new(
            loop._use(), address.encode(), NULL, NULL, NULL, NULL))
        self._callbacks.install(lib.yolanda_client_set_callbacks, self._pointer)
        failed = failed or getattr(handler, "failed", None)
        if failed is not None:
            handle = ffi.new_handle((self._callbacks, failed))
            check(lib.yolanda_client_set_failed_callback(self._pointer, _failed, handle))
            # The loop keeps it, because the program may drop the client, which ends with the loop.
            loop._kept[self._pointer] = handle

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        if not self._loop.closed:
            self.close()

    @property
    def active(self) -> bool:
        """Whether it is connected, is connecting, or will try again."""
        return lib.yolanda_client_is_active(self._use()) == 1

    @property
    def connection(self) -> Optional[Connection]:
        pointer = lib.yolanda_client_connection(self._use())
        return None if pointer == NULL else self._callbacks.connection(pointer)

    def reconnect(self, least: float, most: float, attempts: int = 0) -> None:
        """Connects again after failures and ends, waiting from `least` to `most` seconds."""
        times = round(least * 1000), round(most * 1000)
        check(lib.yolanda_client_set_reconnect(self._use(), *times, attempts))

    def start(self) -> None:
        check(lib.yolanda_client_start(self._use()))

    def stop(self) -> None:
        """Ends the attempt, or closes the connection."""
        check(lib.yolanda_client_stop(self._use()))

    def close(self) -> None:
        """Stops and frees the client."""
        if self._pointer is not None:
            pointer = self._use()
            check(lib.yolanda_client_free(pointer))
            self._loop._kept.pop(pointer, None)
            self._pointer = None

    def _use(self) -> Any:
        self._loop._use()
        if self._pointer is None:
            raise closed_error("the client")
        return self._pointer
