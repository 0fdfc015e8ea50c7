#!/usr/bin/env python3
"""Runs C examples with real clients: examples.py DIRECTORY [NAME...]

DIRECTORY holds the built examples. Each check starts its server on a free port,
talks to it as its readers would, and stops it by a signal: main has to return 0.
That happens once on each back end, or on those that YOLANDA_TEST_MATRIX names.
"""
import contextlib
import http.client
import json
import os
import re
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness

WANTED = os.environ.get("YOLANDA_TEST_MATRIX", "epoll,poll")
DISPATCHERS = [name for name in harness.DISPATCHERS
               if name in {part.split("-")[0] for part in WANTED.split(",")}]
# More than a server can send to `small_socket` without any reads.
BIG = 1 << 20


class Examples:
    """The built examples; `prefix` is a command that runs each of them, such as valgrind."""

    def __init__(self, directory, dispatcher, prefix=(), timeout=harness.TIMEOUT):
        self.directory = Path(directory)
        # With the log that users see.
        self.env = {"YOLANDA_DISPATCHER": dispatcher, "YOLANDA_LOG": None}
        self.prefix = tuple(map(str, prefix))
        self.timeout = timeout

    def command(self, name, *args):
        return [*self.prefix, str(self.directory / name), *args]

    def run(self, name, *args, stdin=b""):
        """Runs an example to its end. Returns its output."""
        done = harness.run(*self.command(name, *args), env=self.env, stdin=stdin,
                           timeout=self.timeout)
        assert done.status == 0, f"{name}: status {done.status}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextlib.contextmanager
    def running(self, name, *args, stop=signal.SIGINT):
        """A process that ends by a signal, with status 0; stop=None: the check makes it end."""
        with harness.Server(*self.command(name, *args), env=self.env, port=False) as process:
            yield process
            if stop is not None:
                process.signal(stop)
            status = process.wait_end(self.timeout)
            assert status == 0, f"{name}: status {status}"

    @contextlib.contextmanager
    def serving(self, name, *args, address="0", stop=signal.SIGINT):
        """A server on a free port, or on another address; that is its first argument, except
        where `args` say with None that it comes later."""
        args = [arg or address for arg in args] if None in args else [address, *args]
        with self.running(name, *args, stop=stop) as server:
            line = server.wait_line(r"^listening on (?:port )?(\S+)$", timeout=self.timeout)
            server.address = line.group(1)
            if not server.address.startswith("unix:"):
                server.port = int(server.address.rpartition(":")[2])
            yield server

    def connect(self, server, **options):
        return harness.connect(server.port, timeout=self.timeout, **options)


def rot13(data):
    upper, lower = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz"
    return data.translate(bytes.maketrans(
        upper + lower, upper[13:] + upper[:13] + lower[13:] + lower[:13]))


def ask(client, data):
    client.sendall(data)
    got = harness.recv_exactly(client, len(data))
    assert got == rot13(data), f"{data!r} came back as {got!r}"


def small_socket(server, timeout):
    """A client that reads little at a time; the kernel's buffers for it on the server's side shrink too."""
    client = socket.socket()
    client.settimeout(timeout)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    client.connect(("127.0.0.1", server.port))
    return client


ANY_PORT = "127.0.0.1:0"


def echo(examples, name, stop):
    text = b"The quick brown fox, 1234.\n" * (BIG // 27)
    with examples.serving(name, stop=stop) as server:
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(examples.connect(server)) for _ in range(8)]
            for _ in range(3):
                for number, client in enumerate(clients):
                    ask(client, b"Hello from %d\n" % number)
            for byte in b"piece by piece":
                ask(clients[0], bytes([byte]))
        for _ in range(20):
            with examples.connect(server) as client:
                ask(client, b"come and go")
        client = examples.connect(server)
        client.sendall(b"not waiting for the answer")
        harness.abort(client)
        # Nobody reads for a while, so the server can't send all at once.
        with small_socket(server, examples.timeout) as client, examples.connect(server) as other:
            client.sendall(text)
            for _ in range(100):
                ask(other, b"others are served meanwhile")
            assert harness.recv_exactly(client, len(text)) == rot13(text)
        with examples.connect(server) as client:
            client.sendall(b"last words")
            client.shutdown(socket.SHUT_WR)
            assert harness.recv_all(client) == rot13(b"last words")
        idle = examples.connect(server)
        ask(idle, b"still there when the server stops")
    idle.close()
    return server.lines


def count(lines, pattern):
    return sum(re.search(pattern, line) is not None for line in lines)


def echo_server(examples):
    lines = echo(examples, "echo_server", signal.SIGINT)
    # Also the one that was there when the server stopped.
    assert count(lines, r"^connection completed: connection-\d+$") == 33
    assert count(lines, r"^connection closed: connection-\d+$") == 33
    assert count(lines, r"^write completed: connection-\d+$") > 0


def echo_server_threads(examples):
    lines = echo(examples, "echo_server_threads", signal.SIGTERM)
    for thread in (1, 2):
        assert count(lines, rf"^\d+ bytes from connection-\d+ on Thread-{thread}$") > 0
    assert count(lines, r"^connection-\d+ closed, 0 open$") > 0


def echo_server_poll(examples):
    lines = echo(examples, "echo_server_poll", signal.SIGTERM)
    assert count(lines, "^this loop runs on poll$") == 1


def http_server(examples):
    with examples.serving("http_server") as server:
        browser = http.client.HTTPConnection("127.0.0.1", server.port, timeout=examples.timeout)
        browser.connect()
        first = browser.sock
        for path, kind, part in (("/", "text/html", b"<h1>hello, network programming</h1>"),
                                 ("/network", "text/plain", b"hello, network programming\n"),
                                 ("/network?query=1", "text/plain", b"hello"),
                                 ("/greeting", "text/plain", b"hello, tester\n")):
            browser.request("GET", path, headers={"User-Agent": "tester"})
            answer = browser.getresponse()
            assert answer.status == 200 and answer.getheader("Content-Type") == kind, path
            assert part in answer.read(), path
            assert browser.sock is first, "the connection wasn't kept"
        browser.request("GET", "/nowhere")
        answer = browser.getresponse()
        assert answer.status == 404 and answer.getheader("Connection") == "close"
        answer.read()
        browser.close()

        with examples.connect(server) as client:
            for part in (b"GET /net", b"work HTTP/1.1\r\nHo", b"st: here\r\n", b"\r\n"):
                client.sendall(part)
            assert harness.recv_until(client, b"programming\n").startswith(b"HTTP/1.1 200 OK\r\n")
            client.sendall(b"GET /network HTTP/1.1\r\nHost: here\r\n\r\n" * 9
                           + b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            assert harness.recv_all(client).count(b"HTTP/1.1 200 OK\r\n") == 10
        with examples.connect(server) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert b"200 OK" in harness.recv_all(client)
        with examples.connect(server) as client:
            client.sendall(b"what is this?\r\n\r\n")
            assert harness.recv_all(client).startswith(b"HTTP/1.1 400 ")
        with examples.connect(server) as client:
            client.sendall(b"GET /half")
        idle = examples.connect(server)
    idle.close()


def blocking_server(examples):
    with examples.serving("blocking_server") as server:
        for text in (b"Hello\n", b"line\n" * 50, b"without an end"):
            answer = examples.run("blocking_client", str(server.port), stdin=text)
            assert answer.encode() == rot13(text), answer
        with examples.connect(server) as client:
            client.sendall(b"\0\0\0\5\0\0")
            client.sendall(b"\0\1wor")
            client.sendall(b"ld\0\0")
            assert harness.recv_exactly(client, 13) == b"\0\0\0\5\0\0\0\1jbeyq"
        with examples.connect(server) as client:
            client.sendall(b"\xff\xff\xff\xff\0\0\0\1")
            assert harness.recv_all(client) == b"", "a message that can't fit was taken"
        idle = examples.connect(server)
        idle.sendall(b"\0")
        server.wait_line(r"^serving 127\.0\.0\.1:%d$" % idle.getsockname()[1])
    idle.close()


def own_channel(examples):
    lines = examples.run("own_channel").splitlines()
    counts = [line for line in lines if " primes up to " in line]
    assert counts == ["4 primes up to 10", "25 primes up to 100", "168 primes up to 1000",
                      "1229 primes up to 10000", "9592 primes up to 100000"], lines


def chat_server(examples):
    def join(server):
        client = stack.enter_context(examples.connect(server))
        welcome = harness.recv_until(client, b"\n")
        assert welcome.startswith(b"welcome, connection-"), welcome
        return client, welcome[len(b"welcome, "):-1]

    def hears(client, line):
        got = harness.recv_until(client, b"\n")
        assert got == line + b"\n", f"{got!r} instead of {line!r}"

    with examples.serving("chat_server") as server, contextlib.ExitStack() as stack:
        (anna, anna_name) = join(server)
        (bert, bert_name) = join(server)
        hears(anna, bert_name + b" has come")
        (carl, carl_name) = join(server)
        for client in (anna, bert):
            hears(client, carl_name + b" has come")
        anna.sendall(b"hello\nhow ")
        anna.sendall(b"are you?\n")
        for client in (bert, carl):
            hears(client, anna_name + b": hello")
            hears(client, anna_name + b": how are you?")
        bert.sendall(b"x" * 5000 + b"\n")
        for client in (anna, carl):
            got = harness.recv_until(client, b"\n")
            assert got.startswith(bert_name + b": xxx") and len(got) >= 4096
        harness.abort(carl)
        for client in (anna, bert):
            hears(client, carl_name + b" has gone")
        for number in range(100):
            anna.sendall(b"%d from anna\n" % number)
            bert.sendall(b"%d from bert\n" % number)
        for number in range(100):
            hears(bert, anna_name + b": %d from anna" % number)
            hears(anna, bert_name + b": %d from bert" % number)


def timer(examples):
    tick = 20
    lines = examples.run("timer", str(tick / 1000)).splitlines()
    events = [(int(found[1]), found[2]) for line in lines
              if (found := re.fullmatch(r" *(\d+) ms: (\w+)", line))]
    ticks = [time for time, what in events if what == "tick"]
    assert len(ticks) == 10, lines
    for number, time in enumerate(ticks, 1):
        assert time >= number * tick, lines
    knocks = [time for time, what in events if what == "knock"]
    assert len(knocks) == 4 and knocks[0] >= tick, lines
    for number in (1, 2, 3):
        assert knocks[number] >= knocks[number - 1] + (tick << number), lines
    barks = [time for time, what in events if what == "woof"]
    assert len(barks) == 1 and barks[0] >= ticks[-1] + 3 * tick, lines


def graceful_shutdown(examples):
    size = 4 << 20

    def ask_for_much(server):
        client = small_socket(server, examples.timeout)
        client.sendall(b"\n")
        assert harness.recv_exactly(client, 1) == b"0"
        return client

    # Queued bytes are sent, also to a slow client.
    with examples.serving("graceful_shutdown", "1000", address=ANY_PORT, stop=None) as server:
        with ask_for_much(server) as slow, examples.connect(server) as idle:
            with examples.connect(server) as other:
                other.sendall(b"\n")
                harness.recv_exactly(other, size)
            server.wait_line(r"^connection-\d+ closed: all was sent$", timeout=examples.timeout)
            server.signal(signal.SIGTERM)
            server.wait_line("^stopping, 2 connections are open$", timeout=examples.timeout)
            assert harness.recv_all(idle) == b""
            with contextlib.suppress(ConnectionRefusedError):
                examples.connect(server)
                raise AssertionError("a client was taken while the server ends")
            answer = b"0" + harness.recv_all(slow)
            assert answer == b"0123456789\n" * (size // 11) + b"0123456789\n"[:size % 11]
    assert count(server.lines, r"^connection-\d+ closed: all was sent$") == 3, server.lines
    assert server.lines.count("the server has stopped") == 1

    # The deadline, and a second signal before it.
    for deadline, impatient in (("0.1", False), ("1000", True)):
        with examples.serving("graceful_shutdown", deadline, address=ANY_PORT, stop=None) as server:
            with ask_for_much(server):
                server.signal(signal.SIGINT)
                if impatient:
                    server.wait_line("^stopping", timeout=examples.timeout)
                    server.signal(signal.SIGINT)
                server.wait_end(examples.timeout)
        assert count(server.lines, r"^connection-\d+ closed: cut short$") == 1, server.lines
        assert server.lines.count("the server has stopped") == (0 if impatient else 1)


def idle_timeout(examples):
    with examples.serving("idle_timeout", "1000", address=ANY_PORT) as server:
        with examples.connect(server) as client:
            ask(client, b"Hello")
    assert count(server.lines, r"^connection-\d+ has left$") == 1, server.lines
    with examples.serving("idle_timeout", "0.2", address=ANY_PORT) as server:
        began = time.monotonic()
        with examples.connect(server) as client:
            assert harness.recv_all(client) == b""
        assert time.monotonic() - began >= 0.2, "too early"
    assert count(server.lines, r"^connection-\d+ was silent for too long$") == 1, server.lines


def most_memory(server):
    """The largest resident size that the process has had, in KiB."""
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{server.pid}/status").read_text(), re.M)[1])


def file_sender(examples):
    content = os.urandom(16 << 20)
    with tempfile.NamedTemporaryFile() as file, contextlib.ExitStack() as stack:
        file.write(content)
        file.flush()
        server = stack.enter_context(examples.serving("file_sender", file.name, None, address=ANY_PORT))
        with examples.connect(server) as client:
            assert harness.recv_all(client) == content
        before = most_memory(server)
        slow = [stack.enter_context(small_socket(server, examples.timeout)) for _ in range(4)]
        for client in slow:
            assert client.recv(1) == content[:1]
        # One that reads everything, while the others read nothing.
        with examples.connect(server) as client:
            client.sendall(b"nobody listens to this")
            assert harness.recv_all(client) == content
        harness.abort(slow.pop())
        for client in slow:
            assert content[:1] + harness.recv_all(client) == content
            client.close()
        grown = most_memory(server) - before
        assert grown < 4 * 1024, f"{grown} KiB for 4 slow clients"
        result = rf"^connection-\d+: {len(content)} bytes, never more than (\d+) of them queued, done$"
        server.wait_line(result, count=5, timeout=examples.timeout)
        queued = [int(found[1]) for line in server.lines if (found := re.search(result, line))]
        assert max(queued) <= 320 * 1024, queued
        assert len([size for size in queued if size >= 256 * 1024]) >= 3, queued
        # One that is at it when the server ends.
        late = small_socket(server, examples.timeout)
        assert late.recv(1) == content[:1]
    late.close()


def client_of_a_slow_server(examples):
    """A server that doesn't read keeps the client's input waiting, not its memory growing."""
    content = os.urandom(32 << 20)
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(examples.timeout)
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        client = stack.enter_context(examples.running("async_client", address, stop=None))
        server = stack.enter_context(listener.accept()[0])
        server.settimeout(examples.timeout)
        client.wait_line("^connected to ", timeout=examples.timeout)
        before = most_memory(client)
        written = 0

        def feed():
            nonlocal written
            for start in range(0, len(content), 65536):
                client.process.stdin.write(content[start:start + 65536])
                written += 65536
            client.process.stdin.close()

        feeder = threading.Thread(target=feed)
        feeder.start()
        # Until nothing changes any more. Checking too early would only make the test weaker.
        seen = -1
        while written != seen:
            seen = written
            feeder.join(0.2)
        assert written < len(content), "nobody reads, and yet all of it has gone"
        assert harness.recv_all(server) == content
        feeder.join()
        grown = most_memory(client) - before
        server.sendall(b"thanks\n")
        server.close()
    assert "thanks" in client.lines
    assert grown < 4 * 1024, f"{grown} KiB for a server that doesn't read"


def async_client(examples):
    text = b"".join(b"line %d\n" % number for number in range(100000))
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        address = f"unix:{place}/socket"
        client = stack.enter_context(examples.running("async_client", address))

        def wait(pattern, **options):
            client.wait_line(pattern, timeout=examples.timeout, **options)

        wait(f"^can't connect to {address}: No such file or directory$")
        for number in (1, 2):
            with examples.serving("idle_timeout", address=address):
                wait(f"^connected to {address}$", count=number)
                client.tell(f"Hello, server {number}")
                wait(f"^Uryyb, freire {number}$")
            wait("^connection lost: ", count=number)
        with examples.serving("idle_timeout", address=address):
            assert examples.run("async_client", address, stdin=text).encode() == rot13(text)
    client_of_a_slow_server(examples)


def unix_socket(examples):
    says = f"of user {os.getuid()} says:"
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "socket")
        address = f"unix:{path}"
        nobody = harness.run(*examples.command("unix_socket", address, "hello"), env=examples.env,
                             timeout=examples.timeout)
        assert nobody.status == 1 and "can't connect: No such file" in nobody.stderr, nobody

        crashed = harness.Server(*examples.command("unix_socket", address), env=examples.env, port=False)
        crashed.wait_line("^listening on ", timeout=examples.timeout)
        crashed.signal(signal.SIGKILL)
        crashed.wait_end()
        assert path.is_socket(), "nothing was left behind"

        with examples.serving("unix_socket", address=address) as server:
            assert server.address == address
            answer = examples.run("unix_socket", address, "Hello, you!")
            assert re.search(rf"^process \d+ {says} Hello, you!$", answer, re.M), answer
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(examples.timeout)
                client.connect(str(path))
                for part in (b"half a", b" line\nand", b" another\n"):
                    client.sendall(part)
                start = f"process {os.getpid()} {says} ".encode()
                expected = start + b"half a line\n" + start + b"and another\n"
                assert harness.recv_exactly(client, len(expected)) == expected
        assert not path.exists(), "the file is still there"


def embedded_loop(examples):
    for stop in (signal.SIGTERM, None):
        with examples.serving("embedded_loop", "0.05", address=ANY_PORT, stop=stop) as server:
            began = time.monotonic()
            with examples.connect(server) as client, examples.connect(server) as other:
                client.sendall(b"what time is it?\n")
                for number in (1, 2, 3):
                    assert harness.recv_until(client, b"\n") == b"tick %d\n" % number
                    assert time.monotonic() - began >= 0.05 * number, "too early"
                assert harness.recv_until(other, b"\n") == b"tick 1\n"
                server.tell("")
                server.wait_line(r"^2 clients, 2 timers, \d+ bytes sent$", timeout=examples.timeout)
                harness.abort(other)
                assert harness.recv_until(client, b"\n") == b"tick 4\n"
            if stop is None:
                server.process.stdin.close()


def static_site(examples):
    film = os.urandom(3 << 20)
    with tempfile.TemporaryDirectory() as place:
        site = Path(place, "site")
        (site / "pictures").mkdir(parents=True)
        (site / "index.html").write_text("<!DOCTYPE html><title>home</title>\n")
        (site / "pictures/cat.PNG").write_bytes(b"a cat")
        (site / "film.mp4").write_bytes(film)
        Path(place, "secret").write_text("not for you")
        with examples.serving("static_site", str(site), None, address=ANY_PORT, stop=None) as server:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=examples.timeout)

            def ask(path, headers={}, method="GET"):
                client.request(method, path, headers=headers)
                answer = client.getresponse()
                return answer, answer.read()

            answer, data = ask("/")
            assert (answer.status, data) == (200, (site / "index.html").read_bytes())
            assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
            assert answer.getheader("Cache-Control") == "max-age=60"
            answer, _ = ask("/", {"If-None-Match": answer.getheader("ETag")})
            assert answer.status == 304
            answer, data = ask("/pictures/cat.PNG")
            assert (answer.getheader("Content-Type"), data) == ("image/png", b"a cat")
            assert ask("/film.mp4")[1] == film
            answer, data = ask("/film.mp4", {"Range": "bytes=1000-1999"})
            assert (answer.status, data) == (206, film[1000:2000])
            answer, data = ask("/film.mp4", method="HEAD")
            assert (answer.getheader("Content-Length"), data) == (str(len(film)), b"")
            for path in ("/none", "/../secret", "/%2e%2e/secret", "/pictures/"):
                assert ask(path)[0].status == 404, path
            assert ask("/pictures")[0].getheader("Location") == "/pictures/"
            assert ask("/", method="POST")[0].status == 405
            server.wait_line(r'"GET /film\.mp4 HTTP/1\.1" 206 1000 ')
            # A client in the middle of a download when the server is told to stop.
            late = small_socket(server, examples.timeout)
            late.sendall(b"GET /film.mp4 HTTP/1.0\r\n\r\n")
            start = harness.recv_until(late, b"\r\n\r\n")
            assert b"206" not in start
            client.close()
            server.signal(signal.SIGTERM)
            assert harness.recv_all(late) == film
            late.close()


def json_api(examples):
    with examples.serving("json_api", address=ANY_PORT, stop=signal.SIGTERM) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=examples.timeout)

        def ask(method, path, body=None, headers={}):
            client.request(method, path, body, headers)
            answer = client.getresponse()
            data = answer.read()
            if data and answer.getheader("Content-Type") == "application/json":
                data = json.loads(data)
            return answer, data

        def refused(body):
            answer, data = ask("POST", "/notes", body)
            assert answer.status == 400 and "text" in data["error"], (body, answer.status, data)

        answer, data = ask("GET", "/notes")
        assert (answer.status, data) == (200, [])
        texts = ["buy milk", "", "\"quotes\" \\ and / \b\f\n\r\t\x01\x7f", "\u4f60\u597d \U0001f600 \xe9",
                 "</script>", "\0"]
        for number, text in enumerate(texts, 1):
            body = json.dumps({"text": text}, ensure_ascii=number % 2 == 0, indent=number % 3).encode()
            answer, data = ask("POST", "/notes", body + b"\r\n", {"Content-Type": "application/json"})
            assert (answer.status, data) == (201, {"id": number, "text": text}), (answer.status, data)
            assert answer.getheader("Location") == f"/notes/{number}"
            answer, data = ask("GET", f"/notes/{number}")
            assert (answer.status, data) == (200, {"id": number, "text": text}), data
        answer, data = ask("GET", "/notes")
        assert data == [{"id": i, "text": text} for i, text in enumerate(texts, 1)], data

        for body in (b"", b"milk", b"{}", b'"text"', b'{"text": 1}', b'{"text": "a"', b'{"text": "a}',
                     b'{"text": "a"} x', b'{"text": "a", "b": 1}', b'{"note": "a"}', b'[{"text": "a"}]',
                     b'{"text": "\\x41"}', b'{"text": "\\u12"}', b'{"text": "\\u12g4"}', b'{"text": "a\\"}',
                     b'{"text": "a\nb"}', b'{"text": "a\0b"}', b'{"text": "a"}\0', b'{"text": "\xff"}',
                     b'{"text": "\xc0\xaf"}', b'{"text": "\xed\xa0\x80"}', b'{"text": "\xf4\x90\x80\x80"}',
                     b'{"text": "\xe4\xbd"}', b'{"text": "\xe0\x80\xaf"}', b'{"text": "\xf0\x80\x80\xaf"}'):
            refused(body)
        answer, _ = ask("POST", "/notes", b'{"text": "' + b"x" * 4096 + b'"}')
        assert answer.status == 413 and answer.getheader("Connection") == "close"

        answer, data = ask("DELETE", "/notes/2")
        assert (answer.status, data) == (204, b"")
        for method, path in (("GET", "/notes/2"), ("DELETE", "/notes/2"), ("GET", "/notes/01"),
                             ("GET", "/notes/x"), ("GET", "/notes/99999999999999999999"), ("GET", "/")):
            answer, data = ask(method, path)
            assert answer.status == 404 and data["error"], path
        answer, data = ask("PUT", "/notes", b"{}")
        assert (answer.status, answer.getheader("Allow")) == (405, "GET, POST, HEAD, OPTIONS")
        answer, data = ask("POST", "/notes/1", b"{}")
        assert (answer.status, answer.getheader("Allow")) == (405, "GET, DELETE, HEAD, OPTIONS")
        answer, data = ask("HEAD", "/notes/1", headers={"User-Agent": 'a "tester"'})
        assert (answer.status, data) == (200, b"")
        for pattern in (r'^127\.0\.0\.1 - - \[.*\] "POST /notes HTTP/1\.1" 201 \d+ "-" "-"$',
                        r'"POST /notes HTTP/1\.1" 413 17 "-" "-"$',
                        r'"DELETE /notes/2 HTTP/1\.1" 204 - "-" "-"$',
                        r'"HEAD /notes/1 HTTP/1\.1" 200 - "-" "a \\"tester\\""$'):
            server.wait_line(pattern, timeout=examples.timeout)

        # The amount that it keeps is limited, and a client that stays doesn't delay the server's end.
        if not examples.prefix:
            for number in range(1000):
                answer, data = ask("POST", "/notes", b'{"text": "again"}')
                assert answer.status == (201 if number < 995 else 503), (number, answer.status)
    client.close()


def upload(examples):
    with tempfile.TemporaryDirectory() as place:
        def serving(stop=signal.SIGTERM):
            return examples.serving("upload", place, None, address=ANY_PORT, stop=stop)

        def names():
            return sorted(path.name for path in Path(place).iterdir())

        content = os.urandom(1 << 20) * (2 if examples.prefix else 20)
        with serving() as server:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=examples.timeout)

            def ask(method, path, body=None, **options):
                client.request(method, path, body, **options)
                answer = client.getresponse()
                return answer.status, answer.read()

            for number, body in enumerate((b"x", content[:100_000], content)):
                done = b"%d bytes\n" % len(body)
                assert ask("PUT", f"/{number}.bin", body) == (201, done)
                blocks = (body[at:at + 70_000] for at in range(0, len(body), 70_000))
                assert ask("PUT", f"/{number}", blocks, encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"}) == (201, done)
                for name in (f"{number}.bin", str(number)):
                    assert Path(place, name).read_bytes() == body, name
            assert ask("PUT", "/0", b"another") == (201, b"7 bytes\n")
            assert Path(place, "0").read_bytes() == b"another"
            assert ask("PUT", "/empty") == (201, b"0 bytes\n")
            assert Path(place, "empty").read_bytes() == b""
            before = names()
            assert before == ["0", "0.bin", "1", "1.bin", "2", "2.bin", "empty"], before
            for method, path, status in (("POST", "/a", 405), ("GET", "/a", 405), ("PUT", "/", 404),
                                         ("PUT", "/.hidden", 400), ("PUT", "/a%20b", 400), ("PUT", "/a/b", 404),
                                         ("PUT", "/..%2Fa", 404), ("PUT", "/%zz", 400)):
                assert ask(method, path, b"body")[0] == status, path
            client.close()
            assert names() == before, names()

            # Neither clients that leave nor the end of the server leave anything behind.
            head = b"PUT /half HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf of it"
            with examples.connect(server) as gone:
                gone.sendall(head)
                harness.wait_until(lambda: names() != before, timeout=examples.timeout)
            server.wait_line("/half: cut after 10 bytes$", timeout=examples.timeout)
            assert names() == before, names()
        # A second signal would find a server that has ended already.
        with serving(stop=None) as server, examples.connect(server) as late:
            late.sendall(head)
            harness.wait_until(lambda: names() != before, timeout=examples.timeout)
            server.signal(signal.SIGTERM)
            late.sendall(b"x" * 990)
            assert harness.recv_until(late, b"1000 bytes\n")
        assert Path(place, "half").read_bytes() == b"half of it" + b"x" * 990


def slow_answer(examples):
    def ask(client, path):
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())

    def answer(client):
        head = harness.recv_until(client, b"\r\n\r\n")
        size = int(re.search(rb"\r\nContent-Length: (\d+)\r\n", head)[1])
        return int(head.split()[1]), harness.recv_exactly(client, size).decode()

    def has(client, busy, waiting):
        ask(client, "/status")
        return answer(client) == (200, f"{busy} workers are busy, {waiting} requests wait\n")

    def wait(client, busy, waiting):
        harness.wait_until(lambda: has(client, busy, waiting), f"{busy} busy, {waiting} waiting", examples.timeout)

    endless = "/primes/100000000"
    with examples.serving("slow_answer", address=ANY_PORT, stop=None) as server:
        with contextlib.ExitStack() as stack:
            def connect():
                return stack.enter_context(examples.connect(server))

            quick = connect()
            for number, count in ((0, 0), (1, 0), (2, 1), (3, 2), (10, 4), (1000, 168), (100000, 9592)):
                ask(quick, f"/primes/{number}")
                assert answer(quick) == (200, f"{count} primes up to {number}\n"), number
            for text in ("x", "-1", "1x", "100000001", "99999999999999999999999", "%20"):
                ask(quick, f"/primes/{text}")
                assert answer(quick)[0] == 400, text
            # While both workers are busy, other clients are served; those that need a worker wait.
            busy = [connect() for _ in range(2)]
            for client in busy:
                ask(client, endless)
            wait(quick, 2, 0)
            queued = [connect() for _ in range(100)]
            for number, client in enumerate(queued, 1):
                ask(client, f"/primes/{number}")
            wait(quick, 2, 100)
            ask(quick, "/primes/10")
            assert answer(quick) == (503, "too many wait already\n")
            queued.pop().close()
            # The workers notice that the clients have gone, and continue with the others.
            for client in busy:
                harness.abort(client)
            server.wait_line("^nobody waits for the primes up to 100000000 any more$", count=2,
                             timeout=examples.timeout)
            for number, client in enumerate(queued, 1):
                assert answer(client)[1].endswith(f" primes up to {number}\n"), number
            wait(quick, 0, 0)
            # One more that is in flight when the server ends: it is answered.
            ask(quick, "/primes/300000")
            with examples.connect(server) as other:
                harness.wait_until(lambda: has(other, 1, 0) or select.select([quick], [], [], 0)[0])
            server.signal(signal.SIGTERM)
            assert answer(quick) == (200, "25997 primes up to 300000\n")
            server.wait_end(examples.timeout)

    # After a second signal the server waits neither for this response nor for later ones.
    with examples.serving("slow_answer", address=ANY_PORT, stop=None) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(examples.connect(server)) for _ in range(4)]
        for client in clients:
            ask(client, endless)
        with examples.connect(server) as client:
            wait(client, 2, 2)
        server.signal(signal.SIGINT)
        server.signal(signal.SIGTERM)
        server.wait_end(examples.timeout)


def download(examples):
    def expected(lines):
        return b"".join(b"%015d\n" % number for number in range(1, lines + 1))

    def get(server, path, method="GET"):
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=examples.timeout)
        with contextlib.closing(client):
            client.request(method, path)
            answer = client.getresponse()
            return answer.status, answer.getheader("Content-Length"), answer.read()

    much = 1000000
    with examples.serving("download", address=ANY_PORT, stop=None) as server, contextlib.ExitStack() as stack:
        for lines in (0, 1, 4095, 4096, 4097, 20000):
            assert get(server, f"/lines/{lines}") == (200, str(16 * lines), expected(lines)), lines
        assert get(server, "/lines/1000000000000", "HEAD") == (200, "16000000000000", b"")
        for path, status in (("/lines/x", 400), ("/lines/-1", 400), ("/lines/1x", 400),
                             ("/lines/1000000000001", 400), ("/", 404)):
            assert get(server, path)[0] == status, path
        before = most_memory(server)
        slow = [stack.enter_context(small_socket(server, examples.timeout)) for _ in range(4)]
        for client in slow:
            client.sendall(f"GET /lines/{much} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
            harness.recv_until(client, b"\r\n\r\n")
        harness.abort(slow.pop())
        server.wait_line("^[0-9]+ of 1000000 lines, .*, and the client has gone$", timeout=examples.timeout)
        # Under memcheck only the start: it is slow.
        client = slow.pop()
        if not examples.prefix:
            assert harness.recv_all(client) == expected(much)
            server.wait_line(r"^1000000 of 1000000 lines, never more than \d+ bytes queued$",
                             timeout=examples.timeout)
            grown = most_memory(server) - before
            assert grown < 2 * 1024, f"{grown} KiB for 4 slow clients"
        client.close()
        # Those that are left don't hold up the server's end for ever.
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGINT)
        server.wait_end(examples.timeout)
        assert count(server.lines, ", and the client has gone$") >= 3, server.lines
    queued = [int(found[1]) for line in server.lines if (found := re.search(r"more than (\d+) bytes", line))]
    assert max(queued) <= 65536, queued


CHECKS = {check.__name__: check for check in (
    echo_server, echo_server_threads, echo_server_poll, http_server, blocking_server,
    own_channel, chat_server, timer, graceful_shutdown, idle_timeout, file_sender, async_client,
    unix_socket, embedded_loop, static_site, json_api, upload, slow_answer, download)}


def main():
    directory, *names = sys.argv[1:]
    for name in names or CHECKS:
        for dispatcher in DISPATCHERS:
            CHECKS[name](Examples(directory, dispatcher))
            print(f"{name} passed on {dispatcher}")


if __name__ == "__main__":
    main()
