"""The corpus of requests: http_corpus/NAME holds why it is there, what it gets, and the bytes.

    # RFC 9112, 5.1: no white space there
    400
    ---
    GET / HTTP/1.1 ...

What it gets: a status for each response, and below it, indented, what http_show saw of the request.
Behind the line of dashes stand the bytes as they are sent, to the end of the file.
"""
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness
from httpclient import Client

FOLDER = Path(__file__).resolve().parent / "http_corpus"
INDENT = "    "


class Case(NamedTuple):
    name: str
    why: str
    outcomes: list
    raw: bytes

    @property
    def is_refused(self):
        return bool(self.outcomes) and not self.outcomes[-1].startswith("200")


def read(path):
    top, raw = path.read_bytes().split(b"---\n", 1)
    why, *lines = top.decode().splitlines()
    outcomes = []
    for line in lines:
        if line.startswith(INDENT):
            outcomes[-1] += f"\n{line.removeprefix(INDENT)}"
        else:
            outcomes.append(line)
    return Case(path.name, why.removeprefix("# "), outcomes, raw)


def write(case):
    lines = [f"# {case.why}"]
    for outcome in case.outcomes:
        lines.append(outcome.replace("\n", f"\n{INDENT}"))
    (FOLDER / case.name).write_bytes("\n".join([*lines, "---\n"]).encode() + case.raw)


def cases():
    return [read(path) for path in sorted(FOLDER.iterdir())]


def replay(server, pieces, methods=()):
    """Sends the pieces, one after the other as `between` lets them, and reads what comes. The
    responses as in a case; `methods` of the requests, where one is HEAD."""
    with Client(server) as client:
        try:
            for piece in pieces:
                client.send(piece)
            client.half_close()
        except OSError:
            # Refused before the end: the response can still be read.
            pass
        return responses(client, methods)


def responses(client, methods=()):
    stream, client.rest = client.rest + harness.recv_all(client.socket), b""
    found, methods = [], list(methods)
    while stream:
        top, blank, stream = stream.partition(b"\r\n\r\n")
        assert blank, f"half a response: {top!r}"
        status, *fields = top.decode("latin-1").split("\r\n")
        assert status.startswith("HTTP/1.1 "), status
        status = status.split(" ")[1]
        if status == "100":
            assert not fields, fields
            continue
        fields = dict(field.split(": ", 1) for field in fields)
        size = int(fields["Content-Length"])
        if methods and methods.pop(0) == "HEAD":
            size = 0
        body, stream = stream[:size], stream[size:]
        assert len(body) == size, "half a response"
        if status == "200":
            found.append("\n".join([status, *body.decode().splitlines()]))
        else:
            assert fields["Connection"] == "close" and not stream, "something behind an error"
            found.append(status)
    return found
