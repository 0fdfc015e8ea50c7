"""HTTP servers: routes, requests and responses."""
import json
import threading
from contextlib import suppress
from typing import Any, Callable, List, Optional, Tuple, Union

from . import _handles
from ._callbacks import callback
from ._errors import check, check_pointer, closed
from ._ffi import NULL, ffi, lib
from .connection import BytesLike
from .loop import Loop
from .server import BaseServer

Handler = Callable[["Request", "Response"], Any]
Pairs = List[Tuple[str, str]]


def _text(pointer: Any, encoding: str = "utf-8") -> str:
    return ffi.string(pointer).decode(encoding, "surrogateescape")


class _Message:
    """A request or response: an object of the library that ends with the handler, or when it is sent."""

    __slots__ = ("_pointer",)

    def __init__(self, pointer: Any) -> None:
        self._pointer = pointer

    def _use(self) -> Any:
        pointer = self._pointer
        if pointer is None:
            raise closed(type(self).__name__.lower())
        return pointer


class Request(_Message):
    """A request, valid until the handler returns, or until its deferred response has been sent.

    Texts of the client that aren't UTF-8 (headers: Latin-1) have surrogate escapes.
    """

    __slots__ = ()

    @property
    def method(self) -> str:
        return _text(lib.yolanda_http_request_method(self._use()))

    @property
    def url(self) -> str:
        return _text(lib.yolanda_http_request_url(self._use()))

    @property
    def path(self) -> str:
        """The path of the URL, decoded, without the query."""
        return _text(check_pointer(lib.yolanda_http_request_path(self._use())))

    @property
    def body(self) -> bytes:
        length = ffi.new("unsigned long *")
        data = lib.yolanda_http_request_body(self._use(), length)
        return ffi.buffer(data, length[0])[:]

    def json(self) -> Any:
        """The body as JSON; ValueError if it isn't."""
        return json.loads(self.body)

    def param(self, name: str) -> str:
        """What a name of the route's pattern stands for."""
        value = lib.yolanda_http_request_param(self._use(), name.encode())
        if value == NULL:
            raise KeyError(name)
        return _text(value)

    def query(self, name: str, default: Optional[str] = None) -> Optional[str]:
        """The first value of a name in the query."""
        value = lib.yolanda_http_request_query(self._use(), name.encode())
        return default if value == NULL else _text(value)

    @property
    def query_pairs(self) -> Pairs:
        return self._pairs(lib.yolanda_http_request_query_count, lib.yolanda_http_request_query_at, "utf-8")

    def header(self, name: str, default: Optional[str] = None) -> Optional[str]:
        """The first header of a name, whose case doesn't matter."""
        value = lib.yolanda_http_request_header(self._use(), name.encode())
        return default if value == NULL else _text(value, "latin-1")

    @property
    def headers(self) -> Pairs:
        return self._pairs(lib.yolanda_http_request_header_count, lib.yolanda_http_request_header_entry, "latin-1")

    def _pairs(self, count: Any, entry: Any, encoding: str) -> Pairs:
        pointer, pairs = self._use(), []
        name, value = ffi.new("const char **"), ffi.new("const char **")
        for index in range(check(count(pointer))):
            check(entry(pointer, index, name, value))
            pairs.append((_text(name[0], encoding), _text(value[0], encoding)))
        return pairs


class Response(_Message):
    """The response to a request, which is sent when the handler returns: status 200 if the handler sets no other."""

    __slots__ = ("_request",)

    def __init__(self, pointer: Any, request: Request) -> None:
        super().__init__(pointer)
        self._request = request

    @property
    def status(self) -> int:
        return lib.yolanda_http_response_status(self._use())

    @status.setter
    def status(self, code: int) -> None:
        check(lib.yolanda_http_response_set_status(self._use(), code, NULL))

    def header(self, name: str, value: str) -> None:
        """Adds a header. Content-Type is the argument of body()."""
        check(lib.yolanda_http_response_add_header(self._use(), name.encode(), value.encode("latin-1")))

    def body(self, data: Union[str, BytesLike], content_type: str = "text/plain; charset=utf-8") -> None:
        pointer = self._use()
        check(lib.yolanda_http_response_set_content_type(pointer, content_type.encode("latin-1")))
        with ffi.from_buffer(data.encode() if isinstance(data, str) else data) as view:
            check(lib.yolanda_http_response_set_body(pointer, view, len(view)))

    def json(self, value: Any) -> None:
        self.body(json.dumps(value), "application/json")

    def defer(self) -> "Deferred":
        """Lets the handler return without an answer. What this response has already is discarded."""
        deferred = Deferred(check_pointer(lib.yolanda_http_response_defer(self._use())), self._request)
        deferred.status = 200
        return deferred


class Deferred(Response):
    """A response that is sent later, by one thread at a time. If it is dropped unsent, status 500 is sent."""

    __slots__ = ("_lock",)

    def __init__(self, pointer: Any, request: Request) -> None:
        super().__init__(pointer, request)
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the client still waits for it."""
        return self._pointer is not None and lib.yolanda_http_response_is_open(self._pointer) == 1

    def send(self) -> None:
        """Sends it. Neither it nor its request can be used afterwards; a client that has left is no failure."""
        with self._lock:
            pointer = self._use()
            self._pointer = self._request._pointer = None
        lib.yolanda_http_response_send(pointer)

    def defer(self) -> "Deferred":
        return self

    def __del__(self) -> None:
        if self._pointer is not None:
            _answer_failure(self)
            self.send()


def _answer_failure(response: Response) -> None:
    response.status = 500
    response.body("Internal Server Error\n")


def _answer(handler: Handler, request: Request, response: Response) -> None:
    try:
        handler(request, response)
    except BaseException:
        # A response that was deferred before is answered by the end of its object.
        with suppress(OSError):
            _answer_failure(response)
        raise


@callback("yolanda_http_handler")
def _requested(request_pointer: Any, response_pointer: Any, data: Any) -> None:
    loop, handler = ffi.from_handle(data)
    request = Request(request_pointer)
    response = _FirstResponse(response_pointer, request)
    response.status = 200
    try:
        loop._guard(_answer, handler, request, response)
    finally:
        response._pointer = None
        if not response.deferred:
            request._pointer = None


class _FirstResponse(Response):
    """The handler's own response, which knows whether the request outlives the handler."""

    __slots__ = ("deferred",)

    def __init__(self, pointer: Any, request: Request) -> None:
        super().__init__(pointer, request)
        self.deferred = False

    def defer(self) -> Deferred:
        later = super().defer()
        self.deferred = True
        return later


class HTTPServer(BaseServer):
    """An HTTP server. Requests without a route get 404."""

    def __init__(self, loop: Loop, address: str, threads: int = 0) -> None:
        self._http = check_pointer(lib.yolanda_http_server_new(loop._use(), address.encode(), NULL, threads))
        super().__init__(loop, lib.yolanda_http_server_tcp_server(self._http))

    def route(self, method: str, pattern: str, handler: Optional[Handler] = None) -> Any:
        """Adds a route such as `GET /users/:id`, before start(). Without `handler` it is a decorator."""
        if handler is None:
            return lambda function: self.route(method, pattern, function)
        self._use()
        data = _handles.hold((self._loop, handler))
        added = lib.yolanda_http_server_route(
            self._http, method.encode(), pattern.encode(), _requested, data, _handles.destroy)
        try:
            check(added)
        except OSError:
            _handles.release(data)
            raise
        return handler

    def start(self) -> None:
        self._use()
        check(lib.yolanda_http_server_start(self._http))
