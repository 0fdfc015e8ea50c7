"""Python objects that the library has a pointer to.

The library's `data` pointers don't keep a Python object alive, so this module does, until the library calls `destroy`.
"""
from typing import Any

from ._callbacks import callback
from ._ffi import ffi

_held: dict = {}


def hold(value: Any) -> Any:
    """A `data` pointer for `value`, valid until release()."""
    handle = ffi.new_handle(value)
    _held[handle] = handle
    return handle


def release(data: Any, held: dict = _held) -> None:
    # `held` is bound here, because connections that are dropped at the interpreter's end still call this.
    held.pop(data, None)


def count() -> int:
    """How many objects the library has pointers to: a program that leaks none returns to 0."""
    return len(_held)


# Library threads call it too. It is made once and never freed, like all callbacks of this package.
destroy = callback("yolanda_destroy")(release)
