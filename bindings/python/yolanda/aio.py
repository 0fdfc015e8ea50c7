"""A loop inside asyncio's: both run on one thread."""
import asyncio
from typing import Any, Callable, Optional

from ._errors import check
from ._ffi import lib
from .loop import Loop


class Embedded:
    """Lets asyncio drive a loop; run() of it isn't called. close() or the loop's stop() ends that; the loop is
    closed afterwards.

    Code of asyncio uses the loop's objects through call(), which then asks the loop when it has to run next.
    """

    def __init__(self, loop: Loop, outer: Optional[asyncio.AbstractEventLoop] = None) -> None:
        self._loop = loop
        self._outer = outer or asyncio.get_running_loop()
        self._timer: Optional[asyncio.TimerHandle] = None
        self._fd = check(lib.yolanda_loop_fd(loop._use()))
        self._outer.add_reader(self._fd, self._run)
        self._arm()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        finally:
            self._arm()

    def close(self) -> None:
        self._outer.remove_reader(self._fd)
        self._disarm()

    def _run(self) -> None:
        try:
            self._loop.run_once(0)
        finally:
            if self._loop.stopping:
                self.close()
            else:
                self._arm()

    def _arm(self) -> None:
        self._disarm()
        limit = lib.yolanda_loop_timeout(self._loop._use())
        if limit >= 0:
            self._timer = self._outer.call_later(limit / 1000, self._run)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
