"""Three parsers of HTTP/1.1 behind one face: the library's, h11 and httptools (llhttp).

`parse(bytes)` gives a Request, REFUSED, or INCOMPLETE where more bytes could follow. Only the first
request counts.
"""
import ctypes
import functools
from typing import NamedTuple

import harness
import packages

REFUSED, INCOMPLETE = "refused", "incomplete"


class Request(NamedTuple):
    method: bytes
    target: bytes
    version: bytes
    headers: list
    body: bytes

    def values(self, name):
        return [value for key, value in self.headers if key == name]


# --- the library ----------------------------------------------------------------

class _Header(ctypes.Structure):
    _fields_ = [("key", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class _Request(ctypes.Structure):
    _fields_ = [("version", ctypes.c_char_p), ("method", ctypes.c_char_p), ("url", ctypes.c_char_p),
                ("state", ctypes.c_int), ("headers", ctypes.POINTER(_Header)),
                ("headers_number", ctypes.c_int)]


@functools.cache
def _library():
    library = ctypes.CDLL(str(harness.library() / "libyolanda.so"))
    library.http_request_new.restype = ctypes.POINTER(_Request)
    library.buffer_new.restype = ctypes.c_void_p
    for name in ("parse_http_request", "buffer_append", "buffer_free"):
        getattr(library, name).argtypes = [ctypes.c_void_p] + {
            "parse_http_request": [ctypes.c_void_p],
            "buffer_append": [ctypes.c_char_p, ctypes.c_int],
        }.get(name, [])
    library.http_request_clear.argtypes = [ctypes.c_void_p]
    body = library.yolanda_http_request_body
    body.restype = ctypes.c_void_p
    body.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)]
    return library


def yolanda(data):
    library = _library()
    request, buffer = library.http_request_new(), library.buffer_new()
    try:
        library.buffer_append(buffer, data, len(data))
        if library.parse_http_request(buffer, request) == 0:
            return REFUSED
        seen = request.contents
        if seen.state != 3:
            return INCOMPLETE
        length = ctypes.c_size_t()
        body = library.yolanda_http_request_body(request, ctypes.byref(length))
        headers = [(seen.headers[i].key.lower(), seen.headers[i].value)
                   for i in range(seen.headers_number)]
        found = Request(seen.method, seen.url, seen.version, headers,
                        ctypes.string_at(body, length.value))
        # The server's rule; a program that parses by itself may do without.
        if found.version != b"HTTP/1.0" and not found.values(b"host"):
            return REFUSED
        return found
    finally:
        library.http_request_clear(request)
        library.buffer_free(buffer)


# --- the others -----------------------------------------------------------------

@functools.cache
def others():
    """The other parsers by name; those that can be installed."""
    found = {"h11": _h11, "httptools": _httptools}
    modules = {name: packages.provide(name) for name in found}
    return {name: functools.partial(parse, modules[name]) for name, parse in found.items()
            if modules[name]}


def _h11(h11, data):
    if not data:
        # To h11 that is the end of the stream.
        return INCOMPLETE
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=64 << 10)
    connection.receive_data(data)
    found, body = None, b""
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return INCOMPLETE
            if isinstance(event, h11.Request):
                found = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                headers = [(bytes(key), bytes(value)) for key, value in found.headers]
                return Request(bytes(found.method), bytes(found.target),
                               b"HTTP/" + bytes(found.http_version), headers, body)
    except h11.RemoteProtocolError:
        return REFUSED


def _httptools(httptools, data):
    class Protocol:
        def __init__(self):
            self.url, self.body, self.headers, self.found = b"", b"", [], None
            self.is_head_done = False

        def on_url(self, url):
            if self.found is None:
                self.url += url

        def on_header(self, name, value):
            # Those after the last chunk are reported, too.
            if self.found is None and not self.is_head_done:
                self.headers.append((name.lower(), value))

        def on_headers_complete(self):
            self.is_head_done = True

        def on_body(self, body):
            if self.found is None:
                self.body += body

        def on_message_complete(self):
            if self.found is None:
                self.found = Request(parser.get_method(), self.url,
                                     b"HTTP/" + parser.get_http_version().encode(), self.headers,
                                     self.body)

    protocol = Protocol()
    parser = httptools.HttpRequestParser(protocol)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        if protocol.found is None:
            return REFUSED
    return protocol.found or INCOMPLETE
