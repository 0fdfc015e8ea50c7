"""Finds yolanda_ffi.h and libyolanda.so, and loads them."""
import os
from pathlib import Path

import cffi

_HERE = Path(__file__).resolve().parent
# The second place is the repository's, for programs that use the package without installing it.
_HEADERS = (_HERE / "yolanda_ffi.h", _HERE.parents[2] / "include/yolanda_ffi.h")


def _library() -> str:
    named = os.environ.get("YOLANDA_LIBRARY")
    if named:
        return named
    packaged = _HERE / "libyolanda.so"
    return str(packaged) if packaged.exists() else "libyolanda.so"


def _load() -> tuple:
    header = next((path for path in _HEADERS if path.exists()), None)
    if header is None:
        raise ImportError("yolanda_ffi.h isn't in the package")
    interface = cffi.FFI()
    interface.cdef(header.read_text(encoding="utf-8"))
    try:
        library = interface.dlopen(_library())
    except OSError as error:
        raise ImportError(f"{error}; YOLANDA_LIBRARY may name libyolanda.so") from error
    if library.yolanda_version_check(library.YOLANDA_VERSION_NUMBER) != 0:
        version = interface.string(library.yolanda_version()).decode()
        raise ImportError(f"libyolanda.so has version {version}, which doesn't match yolanda_ffi.h")
    return interface, library


ffi, lib = _load()
NULL = ffi.NULL
