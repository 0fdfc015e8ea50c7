"""Event loops: running and stopping them, posted functions, timers and signals."""
import atexit
import errno
import threading
import weakref
from contextlib import nullcontext
from typing import Any, Callable, Optional

from . import _handles, _interrupts
from ._callbacks import callback, running
from ._errors import check, check_pointer, closed, ended, failure, unraisable
from ._ffi import NULL, ffi, lib

ErrorHandler = Callable[[BaseException, Any], None]


class Watch:
    """A timer or a signal watcher. The loop keeps it until it ends."""

    def __init__(self, loop: "Loop", stop: Any, once: bool, function: Callable[..., Any], args: tuple) -> None:
        self._loop, self._stop, self._once = loop, stop, once
        self._function, self._args = function, args
        self._id = 0

    @property
    def active(self) -> bool:
        return self in self._loop._watches

    def cancel(self) -> None:
        """Ends it: the function isn't called any more. Does nothing if it has ended. Only on the loop's thread."""
        if self.active:
            pointer = self._loop._use()
            self._loop._watches.pop(self)
            self._stop(pointer, self._id)

    def _call(self) -> None:
        if self._once:
            self._loop._watches.pop(self, None)
        self._loop._guard(self._function, *self._args)


@callback("yolanda_timer_callback")
def _timer_due(_loop: Any, _timer: int, data: Any) -> None:
    ffi.from_handle(data)._call()


@callback("yolanda_signal_callback")
def _signal_came(_loop: Any, _number: int, data: Any) -> None:
    ffi.from_handle(data)._call()


@callback("yolanda_loop_callback")
def _posted(_loop: Any, data: Any) -> None:
    loop, function, args = ffi.from_handle(data)
    _handles.release(data)
    loop._guard(function, *args)


class Loop:
    """An event loop of the thread that makes it. Other threads may only call stop() and post().

    `on_error(exception, function)` is told of exceptions of callbacks; without it sys.unraisablehook is.
    """

    def __init__(self, name: str = "main thread", on_error: Optional[ErrorHandler] = None) -> None:
        self.on_error = on_error
        self._thread = threading.get_ident()
        # Reentrant, because a signal handler may call stop() on a thread that is inside it.
        self._lock = threading.RLock()
        self._interrupt: Optional[BaseException] = None
        # The values are the handles that the library has as `data`.
        self._watches: dict = {}
        self._callbacks: "weakref.WeakSet[Any]" = weakref.WeakSet()
        # C servers and clients to handles that are to live as long as they do.
        self._kept: dict = {}
        self._pointer = check_pointer(lib.yolanda_loop_new(name.encode(), NULL))
        lib.yolanda_loop_set_interruptible(self._pointer, 1)
        _open_loops.add(self)

    def __enter__(self) -> "Loop":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._pointer is None

    @property
    def stopping(self) -> bool:
        """Whether stop() was called; run() resets it when it returns."""
        with self._lock:
            return self._pointer is not None and lib.yolanda_loop_is_quitting(self._pointer) == 1

    def run(self) -> None:
        """Runs until stop(). Raises KeyboardInterrupt after Ctrl-C, and what else isn't an Exception in a callback."""
        pointer = self._use()
        main = threading.current_thread() is threading.main_thread()
        with running(self), _interrupts.noticed(pointer, self._guard) if main else nullcontext():
            # A signal has ended the run, but its handler in Python has raised nothing.
            while lib.event_loop_run(pointer) < 0:
                if ffi.errno != errno.EINTR:
                    raise failure()
        check(lib.yolanda_loop_clear_quit(pointer))
        self._raise_interrupt()

    def run_once(self, seconds: Optional[float] = None) -> int:
        """Runs until a callback has been called or the time is over, and returns the number of callbacks called."""
        pointer = self._use()
        with running(self):
            called = lib.yolanda_loop_run_once(pointer, -1 if seconds is None else round(seconds * 1000))
        # cffi keeps the call's errno, whatever Python has done since.
        if called < 0 and ffi.errno != errno.EINTR:
            raise failure()
        if self._interrupt is not None:
            check(lib.yolanda_loop_clear_quit(pointer))
            self._raise_interrupt()
        return max(called, 0)

    def stop(self) -> None:
        """Makes run() return. Any thread may call it, also before run(), and on a closed loop."""
        with self._lock:
            if self._pointer is not None:
                lib.yolanda_loop_quit(self._pointer)

    def post(self, function: Callable[..., Any], *args: Any) -> None:
        """Has the loop's thread call a function, later. Any thread may call it."""
        handle = _handles.hold((self, function, args))
        try:
            with self._lock:
                if self._pointer is None:
                    raise closed("the loop")
                check(lib.yolanda_loop_post(self._pointer, _posted, handle))
        except OSError:
            _handles.release(handle)
            raise

    def call_later(self, seconds: float, function: Callable[..., Any], *args: Any) -> Watch:
        """Calls a function once."""
        return self._time(seconds, 0, function, args)

    def call_every(self, seconds: float, function: Callable[..., Any], *args: Any) -> Watch:
        """Calls a function again and again."""
        return self._time(seconds, seconds, function, args)

    def signal(self, number: int, function: Callable[..., Any], *args: Any) -> Watch:
        """Calls a function on each signal, in place of the handler of the signal module."""
        watch = Watch(self, lib.yolanda_signal_stop, False, function, args)
        return self._watch(watch, lambda handle: lib.yolanda_signal_start(self._use(), number, _signal_came, handle))

    def close(self) -> None:
        """Frees the loop with its servers, clients, connections and timers. Not inside its callbacks."""
        if self._pointer is None:
            return
        pointer = self._use()
        with self._lock:
            # Callbacks that run while the loop is freed, and other threads, can't use it.
            self._pointer = None
        if lib.yolanda_loop_free(pointer) < 0:
            error = failure()
            self._pointer = pointer
            raise error
        for callbacks in self._callbacks:
            callbacks.clear()
        self._watches.clear()
        self._kept.clear()
        _open_loops.discard(self)

    def _time(self, delay: float, period: float, function: Callable[..., Any], args: tuple) -> Watch:
        watch = Watch(self, lib.yolanda_timer_stop, period == 0, function, args)
        times = round(delay * 1000), max(round(period * 1000), 1) if period else 0
        return self._watch(watch, lambda handle: lib.yolanda_timer_start(self._use(), *times, _timer_due, handle))

    def _watch(self, watch: Watch, start: Callable[[Any], int]) -> Watch:
        handle = ffi.new_handle(watch)
        watch._id = start(handle)
        if watch._id == 0:
            raise failure()
        self._watches[watch] = handle
        return watch

    def _use(self) -> Any:
        """The C loop, for functions that only its own thread may call."""
        if self._pointer is None:
            raise closed("the loop")
        if threading.get_ident() != self._thread:
            raise ended(errno.EPERM, "called on another thread than the loop's")
        return self._pointer

    def _guard(self, function: Callable[..., Any], *args: Any) -> None:
        """Calls a callback. Nothing that it raises may reach C."""
        try:
            function(*args)
        except BaseException as error:
            self._failed(error, function)

    def _failed(self, error: BaseException, function: Any) -> None:
        if not isinstance(error, Exception) and threading.get_ident() == self._thread:
            # KeyboardInterrupt and SystemExit end the loop: run() raises them.
            self._interrupt = error
            self.stop()
            return
        try:
            (self.on_error or unraisable)(error, function)
        except Exception as worse:
            unraisable(worse, self.on_error)

    def _raise_interrupt(self) -> None:
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt


_open_loops: "weakref.WeakSet[Loop]" = weakref.WeakSet()


@atexit.register
def _close_open_loops() -> None:
    # A thread of the library that called Python after the interpreter's end would end the process.
    for loop in list(_open_loops):
        if loop._thread == threading.get_ident():
            try:
                loop.close()
            except OSError as error:
                unraisable(error, loop)
