"""A small HTTP client that sees exactly the bytes on the wire."""
import socket
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness


class Response(NamedTuple):
    version: str
    status: int
    reason: str
    headers: list
    body: bytes

    def header(self, name):
        """The value of a header, None without it; twice is an error."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} twice: {values}"
        return values[0] if values else None


class Client:
    """One connection. What arrived beyond a response is kept for the next one."""

    def __init__(self, server, **options):
        self.socket = server.connect(**options)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def get(self, url, *headers, version="HTTP/1.1", method="GET", body=b""):
        """Sends a request and reads its response."""
        self.send(request(url, *headers, version=version, method=method, body=body))
        return self.response(head=method == "HEAD")

    def _more(self):
        part = self.socket.recv(1 << 18)
        if not part:
            raise AssertionError(f"end of stream within a response, after {self.rest[-200:]!r}")
        self.rest += part

    def response(self, head=False):
        """The next complete response; `head`: it has no body, whatever its length is."""
        while b"\r\n\r\n" not in self.rest:
            self._more()
        top, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        version, status, reason = (lines[0].split(" ", 2) + [""])[:3]
        headers = []
        for line in lines[1:]:
            key, colon, value = line.partition(": ")
            assert colon, f"a header without a colon: {line!r}"
            headers.append((key, value))
        response = Response(version, int(status), reason, headers, b"")
        if response.status == 204:
            return response
        size = response.header("Content-Length")
        assert size is not None and size.isdigit(), f"Content-Length {size!r}"
        body = b"" if head else self._take(int(size))
        return response._replace(body=body)

    def _take(self, size):
        if len(self.rest) < size:
            self.rest += harness.recv_exactly(self.socket, size - len(self.rest))
        body, self.rest = self.rest[:size], self.rest[size:]
        return body

    def end(self):
        """Everything up to the end of stream; a reset raises."""
        rest, self.rest = self.rest + harness.recv_all(self.socket), b""
        return rest

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)


def request(url, *headers, version="HTTP/1.1", method="GET", body=b""):
    lines = [f"{method} {url} {version}"]
    if version == "HTTP/1.1":
        lines.append("Host: test")
    lines += headers
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
