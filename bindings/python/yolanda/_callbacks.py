"""Callbacks that the library calls, and exceptions that would leave them."""
import threading
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from ._errors import unraisable
from ._ffi import ffi

# Thread to the loop that runs on it.
_running: dict = {}


@contextmanager
def running(loop: Any) -> Iterator[None]:
    thread = threading.get_ident()
    outer = _running.get(thread)
    _running[thread] = loop
    try:
        yield
    finally:
        _running[thread] = outer
        if outer is None:
            del _running[thread]


def _escaped(_kind: Any, error: BaseException, _trace: Any) -> None:
    # Python runs its signal handlers where a function begins, so KeyboardInterrupt may come before any `try`.
    loop = _running.get(threading.get_ident())
    if loop is None:
        unraisable(error, None)
    else:
        loop._failed(error, None)


def callback(kind: str) -> Callable[[Callable[..., Any]], Any]:
    """Makes a C function pointer, which must live as long as the program: use it at module level."""
    return ffi.callback(kind, onerror=_escaped)
