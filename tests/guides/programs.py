"""The programs of the guides that serve: the C blocks of docs/http.md and docs/beyond.md, and c_examples/.

Each is started on a free port by `Program.running`, and says by `talks` what clients have to say to it.
"""
import contextlib
import os
import re
import socket
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

# Fragments: not all functions are called, and few use all of their arguments.
FRAGMENTS = ("-Wno-unused-parameter", "-Wno-unused-function")
SAYS_PORT = '    printf("port %d\\n", {port});\n    fflush(stdout);\n    event_loop_run(loop);'
LARGE = 300_000


def blocks(name, language="c"):
    """The blocks of a page, in their order."""
    text = (harness.ROOT / name).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def _replaced(text, old, new):
    assert text.count(old) == 1, f"{text.count(old)} times {old!r}"
    return text.replace(old, new)


def beyond(name):
    """All blocks of docs/beyond.md: an echo server."""
    text = _replaced("\n".join(blocks(name)), '":43211"', '"127.0.0.1:0"')
    return _replaced(text, "    event_loop_run(loop);", SAYS_PORT.format(port="server->port"))


def beyond_pieces(name):
    """The same with the page's other functions in their places: limits, questions, work on threads, a clock."""
    text = _replaced(beyond(name), "NULL, on_message, NULL, NULL, 2)", "on_arrival, on_question, NULL, on_closed, 2)")
    arrival = ("static int on_arrival(struct tcp_connection *connection)\n{\n    on_completed(connection);\n"
               "    begin_work(connection);\n    return 0;\n}\n\n")
    main = re.search(r"^int main\(void\)\n\{.*?^\}\n", text, re.DOTALL | re.MULTILINE)[0]
    started = "    yolanda_signal_start(loop, SIGINT"
    return (text.replace(main, "") + arrival
            + _replaced(main, started, "    set_limits(server);\n    start_clock(loop);\n" + started)
            .replace("    event_loop_run(loop);", "    start_clock_from_anywhere(loop);\n    event_loop_run(loop);"))


def http(name):
    """All blocks of docs/http.md: an HTTP server of the repository's files."""
    text = _replaced("\n".join(blocks(name)), '":43211"', '"127.0.0.1:0"').replace('"."', f'"{harness.ROOT}"')
    return _replaced(text, "    event_loop_run(loop);", SAYS_PORT.format(port="server->tcpServer->port"))


class Talk(NamedTuple):
    """What a client says, and what the answer has in it. `is_whole`: it is read to its end. `is_slow`: nobody
    waits for it again and again."""
    said: bytes
    answer: bytes
    is_whole: bool = True
    is_slow: bool = False


def get(path, answer=b" 200 ", more=""):
    return Talk(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{more}\r\n".encode(), answer)


def put(method, path, body, answer, more=""):
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return Talk(head.encode() + body, answer)


def chunks(method, path, body, answer):
    half = len(body) // 2
    framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:], b""))
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    return Talk(head.encode() + framed, answer)


def pipelined(*talks):
    """One after the other; only the last one closes the connection."""
    said = b"".join(talk.said.replace(b"Connection: close\r\n", b"") for talk in talks[:-1])
    return Talk(said + talks[-1].said, talks[-1].answer)


class Program:
    """source: C text, or the name of an example. args: "ADDRESS" stands for the address, FOLDER for an empty
    folder, FILE for a file of LARGE bytes."""

    def __init__(self, source, talks, args=(), address="127.0.0.1:0"):
        self.source, self.talks, self.args, self.address = source, talks, args, address

    def binary(self, name, kind):
        if "\n" not in self.source:
            return harness.program(f"c_examples/{self.source}.c", kind)
        path = harness.BIN / "guides" / f"{name}.c"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != self.source:
            path.write_text(self.source)
        return harness.program(path, kind, FRAGMENTS)

    @contextlib.contextmanager
    def running(self, name, variation, folder):
        """The server, with its `connect()`. It has to end well by SIGTERM."""
        file = Path(folder, "file")
        file.write_bytes(b"0123456789" * (LARGE // 10))
        words = {"ADDRESS": self.address, "FOLDER": folder, "FILE": str(file)}
        args = [words.get(arg, arg) for arg in self.args]
        with harness.Server(self.binary(name, variation.kind), *args, env=variation.env, port=False) as server:
            found = server.wait_line(r"^(?:port|listening on(?: port)?) (?:unix:@(\S+)|(?:\S+:)?(\d+))$")
            if found[1]:
                server.connect = lambda: _connect_unix(found[1])
            else:
                server.port = int(found[2])
                server.connect = lambda: harness.connect(server.port)
            yield server


def _connect_unix(name):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(harness.TIMEOUT)
    client.connect(b"\0" + name.encode())
    return client


URLENCODED = "Content-Type: application/x-www-form-urlencoded\r\n"
MULTIPART = "Content-Type: multipart/form-data; boundary=b\r\n"
PHOTO = b'Content-Disposition: form-data; name="photo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
GUIDE = (get("/"), get("/hello?name=Ada"), get("/users/7"), get("/slow", b"42\n")._replace(is_slow=True), get("/count", b"\n999\n"),
         get("/files/README.md"), get("/none", b"hello"), put("POST", "/echo", b"e" * 3000, b"eee"),
         put("POST", "/upload", b"u" * 100_000, b"100000 bytes"), chunks("POST", "/upload", b"c" * 5000, b"5000 bytes"),
         put("PUT", "/upload", b"u" * 5000, b"HTTP/1.1 405 "),
         put("POST", "/upload", b"u" * 100, b"100 bytes", "Expect: 100-continue\r\n"),
         put("POST", "/login", b"name=Ada&x=", b"\r\nSet-Cookie: name=Ada; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax\r\n",
             URLENCODED),
         put("POST", "/login", b"name=a+b", b"byte 0x20 can't stand in a value", URLENCODED),
         put("POST", "/login", b"name=Ada", b" 415 "), get("/whoami", b"Ada", "Cookie: x; name=Ada\r\n"),
         put("POST", "/photos", b"--b\r\n" + PHOTO + b"p" * 9000 + b"\r\n--b--\r\n", b"1 files, 9000 bytes", MULTIPART),
         put("POST", "/photos", b"--b\r\n" + PHOTO + b"p" * 9000, b" 400 ", MULTIPART),
         put("POST", "/photos", b"p", b" 415 "),
         pipelined(get("/count"), put("POST", "/upload", b"u" * 1000, b""), get("/users/8"), get("/count", b"999\n")))
ECHO = (Talk(b"Hello, network.\n" * 20, b"Hello, network.\n" * 20),)
ROT13 = (Talk(b"Hello, network.\n" * 20, b"Uryyb, argjbex.\n" * 20),)

PROGRAMS = {}
for _page in ("", ".zh-CN"):
    _suffix = re.sub(r"\W", "_", _page)
    PROGRAMS[f"http{_suffix}"] = Program(http(f"docs/http{_page}.md"), GUIDE)
    PROGRAMS[f"beyond{_suffix}"] = Program(beyond(f"docs/beyond{_page}.md"), ECHO)
    PROGRAMS[f"pieces{_suffix}"] = Program(beyond_pieces(f"docs/beyond{_page}.md"), (Talk(b"hello\n", b"good bye\n"),))
for _name in ("echo_server", "echo_server_poll", "echo_server_threads"):
    PROGRAMS[_name] = Program(_name, ROT13, ("0",))
PROGRAMS["idle_timeout"] = Program("idle_timeout", ROT13, ("ADDRESS",))
PROGRAMS["unix_socket"] = Program("unix_socket", (Talk(b"hello\n", b" says: hello\n"),), ("ADDRESS",),
                                  address="unix:@yolanda-guides-%d" % os.getpid())
PROGRAMS["blocking_server"] = Program(
    "blocking_server", (Talk(b"\0\0\0\5\0\0\0\1world", b"\0\0\0\5\0\0\0\1jbeyq"),), ("0",))
PROGRAMS["chat_server"] = Program("chat_server", (Talk(b"one\ntwo\n", b"welcome", False),), ("0",))
PROGRAMS["embedded_loop"] = Program("embedded_loop", (Talk(b"a clock doesn't listen", b"tick 1\n", False),),
                                    ("ADDRESS", "0.02"))
PROGRAMS["file_sender"] = Program("file_sender", (Talk(b"nobody listens", b"0123456789" * 20_000, False),),
                                  ("FILE", "ADDRESS"))
PROGRAMS["graceful_shutdown"] = Program("graceful_shutdown", (Talk(b"\n", b"0123456789\n" * 1000, False),),
                                        ("ADDRESS", "1"))
PROGRAMS["http_server"] = Program(
    "http_server", (get("/"), get("/network"), pipelined(get("/"), get("/network"), get("/"))), ("0",))
PROGRAMS["json_api"] = Program(
    "json_api", (get("/notes"), get("/notes/9", b" 404 "), put("POST", "/notes", b'{"text": "milk"}', b"milk")),
    ("ADDRESS",))
PROGRAMS["slow_answer"] = Program(
    "slow_answer", (get("/status"), get("/primes/1000", b"168 primes"),
                    pipelined(get("/primes/10"), get("/status"), get("/primes/100"))), ("ADDRESS",))
PROGRAMS["static_site"] = Program(
    "static_site", (get("/file", b"0123456789" * 1000), get("/none", b" 404 "),
                    get("/file", b" 206 ", "Range: bytes=1000-200000\r\n")), ("FOLDER", "ADDRESS"))
PROGRAMS["download"] = Program(
    "download", (get("/lines/5", b"000000000000005\n"), get("/lines/20000", b"000000000020000\n")), ("ADDRESS",))
PROGRAMS["upload"] = Program(
    "upload", (put("PUT", "/a", b"u" * 100_000, b"100000 bytes"), chunks("PUT", "/b", b"c" * 5000, b"5000 bytes"),
               put("POST", "/c", b"u" * 1000, b" 405 ")), ("FOLDER", "ADDRESS"))
