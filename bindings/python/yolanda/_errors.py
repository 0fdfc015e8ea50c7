"""Failures of the library as OSError, and exceptions of callbacks."""
import errno
import os
import sys
import traceback
from types import SimpleNamespace
from typing import Any

from ._ffi import NULL, ffi, lib


def failure() -> OSError:
    """The failure of the last call on this thread: errno, and the library's explanation."""
    # cffi keeps errno per thread and restores it before each call, so yolanda_last_error() sees the right one.
    number = ffi.errno
    return OSError(number, ffi.string(lib.yolanda_last_error()).decode("utf-8", "replace"))


def check(result: int) -> int:
    if result < 0:
        raise failure()
    return result


def check_pointer(pointer: Any) -> Any:
    if pointer == NULL:
        raise failure()
    return pointer


def ended(number: int, what: str) -> OSError:
    return OSError(number, f"{what}: {os.strerror(number)}")


def closed(what: str) -> OSError:
    return ended(errno.ESHUTDOWN, what)


def unraisable(error: BaseException, function: Any) -> None:
    """Reports an exception that has no caller to go to, as Python does for __del__."""
    if sys.unraisablehook is sys.__unraisablehook__:
        # The default hook takes only a type that Python code can't make.
        print(f"Exception ignored in: {function!r}", file=sys.stderr)
        traceback.print_exception(type(error), error, error.__traceback__)
    else:
        sys.unraisablehook(SimpleNamespace(
            exc_type=type(error), exc_value=error, exc_traceback=error.__traceback__, err_msg=None, object=function,
        ))
