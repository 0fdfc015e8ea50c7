"""Runs the careless programs of this folder, each with real clients."""
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

FOLDER = Path(__file__).resolve().parent
SLOPPY = ("-w", "-O2")


def get(path, version="1.1", host="localhost:1"):
    return f"GET {path} HTTP/{version}\r\nHost: {host}\r\n\r\n".encode()


def answer(client):
    """One HTTP response: its status line, header lines and body."""
    head = harness.recv_until(client, b"\r\n\r\n").decode().split("\r\n")
    headers = [line for line in head[1:] if line]
    size = [int(line.split(":")[1]) for line in headers if line.lower().startswith("content-length:")]
    body = harness.recv_exactly(client, size[0]).decode() if size else ""
    return head[0].strip(), headers, body


@harness.matrix(threads=(0, 2))
class Course(unittest.TestCase):
    def binary(self, name, cflags=SLOPPY):
        return harness.program(str(FOLDER / f"{name}.c"), self.variation.kind, cflags)

    def server(self, name, *args, cflags=SLOPPY, env=None):
        env = {**self.variation.env, **(env or {})}
        return harness.Server(self.binary(name, cflags), self.variation.threads, *args, env=env)

    def say(self, client, message, reply):
        client.sendall(message)
        self.assertEqual(harness.recv_exactly(client, len(reply)), reply)

    def ends(self, client):
        self.assertEqual(harness.recv_all(client), b"")

    def test_rot13(self):
        with self.server("rot13") as server:
            for number in range(30):
                with server.connect() as client:
                    self.say(client, b"Hello %d\n" % number, b"Uryyb %d\n" % number)
                    self.say(client, b"bye\n", b"olr\n")
                server.wait_line("^connection closed$", count=number + 1)
            with server.connect() as one, server.connect() as two:
                self.say(one, b"one", b"bar")
                self.say(two, b"two", b"gjb")
        # The input that is printed with %s is the new message, and nothing else.
        texts = [line for line in server.lines if line.startswith(("Hello", "bye"))]
        self.assertEqual(texts, [text for number in range(30) for text in (f"Hello {number}", "bye")])
        self.assertEqual(server.output.count("connection completed"), 32)

    def test_rot13_with_much_data(self):
        """D4: bytes that a socket doesn't accept at once are sent, too."""
        table = bytes.maketrans(b"abcdefghijklmnopqrstuvwxyz", b"nopqrstuvwxyzabcdefghijklm")
        data = b"abcdefghijklmnopqrstuvwxyz\n" * 80000
        with self.server("rot13") as server, server.connect() as client:
            self.assertEqual(harness.exchange(client, data), data.translate(table))

    def test_no_return(self):
        with self.server("no_return") as server:
            for number in range(20):
                with server.connect() as client:
                    self.say(client, b"- minus", b"- minus")
                    self.say(client, b"text %d" % number, b"text %d" % number)
            server.wait_line("^completed connection-", count=20)

    def test_unterminated(self):
        with self.server("unterminated") as server:
            for _ in range(50):
                with server.connect() as client:
                    for path in ("/", "/network?x=1", "/network", "/?"):
                        client.sendall(get(path))
                        status, headers, body = answer(client)
                        self.assertEqual(status, "HTTP/1.1 200 OK")
                        self.assertIn("hello", body)
                    client.sendall(get("/other"))
                    self.assertEqual(answer(client)[0], "HTTP/1.1 404 Not Found")
                    self.ends(client)

    @harness.matrix(dispatchers=("epoll",), kinds=("so",))
    def test_memmem_is_declared(self):
        flags = ("-std=c99", "-Wno-error", "-w", "-Wimplicit-function-declaration",
                 "-Werror=implicit-function-declaration")
        self.binary("unterminated", flags)

    def test_closes_fd(self):
        # The second close of a program that closes twice may close a descriptor of another thread.
        for where in ("closed", "twice") if self.variation.threads == 0 else ("closed",):
            with self.subTest(where=where), self.server("closes_fd", where) as server:
                self.serve_and_count(server, keeps_open=True)

    def test_closes_fd_early(self):
        for where in ("message", "shutdown"):
            with self.subTest(where=where), self.server("closes_fd", where) as server:
                self.serve_and_count(server, keeps_open=False)

    def serve_and_count(self, server, keeps_open):
        """Many short connections: each served, each closed once, no descriptor left. One that was
        closed early is noticed when its number comes back from accept: all but the last few."""
        before = harness.fds(server.pid)
        for number in range(100):
            with server.connect() as client:
                self.say(client, b"hello %d" % number, b"hello %d" % number)
                if not keeps_open:
                    self.ends(client)
        if keeps_open:
            clients = [server.connect() for _ in range(20)]
            for client in clients:
                self.say(client, b"all at once", b"all at once")
            for client in clients:
                client.close()
        server.wait_line("^closed$", count=120 if keeps_open else 95)
        self.assertLessEqual(server.lines.count("closed"), 120 if keeps_open else 100)
        harness.wait_until(lambda: harness.fds(server.pid) <= before, "the descriptors of before")

    @harness.matrix()
    def test_undeclared(self):
        done = harness.run(self.binary("undeclared"), stdin=b"one\r\ntwo\nthree\n", env=self.variation.env)
        self.assertEqual(done.status, 0)
        self.assertEqual(done.stdout, "first 4 one\nroom 1\npending 0\nline two\nline three\nend\n")

    @harness.matrix(threads=(0, 2), kinds=harness.KINDS)
    def test_redefines(self):
        with self.server("redefines") as server:
            for _ in range(5):
                with server.connect() as client:
                    client.sendall(get("/mine"))
                    self.assertEqual(answer(client)[2], "mine")
                    client.sendall(get("/x") + get("/mine"))
                    self.assertEqual([answer(client)[2], answer(client)[2]], ["other", "mine"])
                    client.sendall(b"nonsense\r\n\r\n")
                    self.assertRegex(harness.recv_all(client), b"^HTTP/1.1 400 ")

    @harness.matrix(threads=(0, 2), kinds=harness.KINDS)
    def test_own_names(self):
        with self.server("own_names") as server, server.connect() as client:
            self.say(client, b"hello", b"hello\r\n")

    def test_lines(self):
        with self.server("lines") as server, server.connect() as client, server.connect() as other:
            for byte in b"byte by byte\r\n":
                client.sendall(bytes([byte]))
            self.say(other, b"at once\r\nand m", b"<at once>\r\n")
            self.say(client, b"", b"<byte by byte>\r\n")
            self.say(client, b"one\r\ntwo\r\nthr", b"<one>\r\n<two>\r\n")
            self.say(client, b"ee\r", b"")
            self.say(client, b"\n", b"<three>\r\n")
            self.say(other, b"ore\r\n", b"<and more>\r\n")

    def test_own_block(self):
        with self.server("own_block") as server, server.connect() as client:
            for number in range(20):
                message = b"%d" % number * (1 + 997 * number)
                half = len(message) // 2
                client.sendall(message[:half])
                client.sendall(message[half:])
                self.say(client, b"\n", message + b"\n")

    def test_broadcast(self):
        with self.server("broadcast") as server:
            clients = [server.connect() for _ in range(10)]
            server.wait_line("^members 10$")
            for number, client in enumerate(clients):
                message = b"from %d\n" % number
                client.sendall(message)
                for each in clients:
                    self.assertEqual(harness.recv_exactly(each, len(message)), message)
            for client in clients[:9]:
                client.close()
            server.wait_line("^members 1$", start=11)
            self.say(clients[9], b"alone", b"alone")
            clients[9].close()

    def test_worker(self):
        with self.server("worker") as server:
            for number in range(20):
                with server.connect() as client:
                    client.sendall(b"job %d" % number)
                    self.assertEqual(harness.recv_all(client), b"worked on job %d" % number)

    def test_own_fields(self):
        with self.server("own_fields") as server:
            for number in range(20):
                with server.connect() as client:
                    self.say(client, b"?", b"data request response\n")
                    self.say(client, b"?", b"data request response\n")
                server.wait_line("^freed data connection-", count=number + 1)

    def test_frees_buffers(self):
        with self.server("frees_buffers") as server:
            with server.connect() as client, server.connect() as other:
                for _ in range(10):
                    self.say(client, b"hello", b"hello")
                    self.say(other, b"other", b"other")
            server.wait_line(r"^\[err\] ", count=2)

    def test_welcome(self):
        """D21: shutdown first sends the queued bytes."""
        text = bytes(range(ord("a"), ord("z") + 1)) * (8 * 1024 * 1024 // 26 + 1)
        with self.server("welcome") as server:
            with server.connect() as client, server.connect() as other:
                self.assertEqual(harness.recv_all(client), text[:8 * 1024 * 1024])
                self.assertEqual(harness.recv_all(other), text[:8 * 1024 * 1024])

    def test_headers(self):
        with self.server("headers") as server:
            for _ in range(10):
                with server.connect() as client:
                    client.sendall(get("/many?x", host="here:80"))
                    self.assertEqual(answer(client)[1].count("X-Many: here"), 128)
                    client.sendall(get("/mine"))
                    self.assertEqual(answer(client)[1].count("X-Mine: static"), 200)
                    client.sendall(get("/many") + get("/plain"))
                    self.assertEqual(answer(client)[1].count("X-Many: localhost"), 128)
                    status, headers, body = answer(client)
                    self.assertEqual((status, body), ("HTTP/1.1 200 OK", "done"))
                    self.assertFalse([line for line in headers if line.startswith("X-")])
                    client.sendall(get("/last"))
                    self.assertEqual(answer(client)[2], "done")
                    self.ends(client)
                with server.connect() as client:
                    client.sendall(get("/nothing"))
                    self.assertRegex(answer(client)[0], "^HTTP/1.1 500")

    def test_quits(self):
        with self.server("quits") as server:
            with server.connect() as client:
                self.say(client, b"hello", b"hello")
                client.sendall(b"quit")
                self.assertEqual(server.wait_end(), 7)
            self.assertIn("good bye", server.lines)

    def test_console(self):
        with self.server("console") as server:
            with server.connect() as client:
                server.wait_line("^connected$")
                self.say(client, b"hello", b"hello")
                server.tell("from the console")
                self.assertEqual(harness.recv_exactly(client, 17), b"from the console\n")
                server.process.stdin.close()
                server.wait_line("^console gone$")
                self.say(client, b"still there", b"still there")

    @harness.matrix(dispatchers=("epoll",))
    def test_blocking(self):
        done = harness.run(self.binary("blocking"))
        self.assertEqual(done.status, 0)
        self.assertEqual(done.stdout, "message 9 a message\nline 7 a line\nbytes 12 and twelve..\n"
                                      "rest 4 more\nclient done\ndatagram from here\n")
        self.assertEqual(done.stderr, "no error, 0.0.0.0:80\n")

    @harness.matrix(dispatchers=("epoll", "poll"), kinds=("so",), threads=(0, 2))
    def test_log_as_the_course_shows_it(self):
        """With no setting everything is printed, in between the program's own lines."""
        with self.server("rot13", env={"YOLANDA_LOG": None}) as server:
            with server.connect() as client:
                self.say(client, b"text\n", b"grkg\n")
            server.wait_line("^connection closed$")
        lines = server.lines
        for pattern in (r"^\[msg\] set (e?poll) as dispatcher, main thread$",
                        r"^\[msg\] event loop run, main thread$",
                        r"^\[msg\] new connection established, socket == \d+$",
                        r"^\[msg\] activate channel fd == \d+, revents=2, (main thread|Thread-1)$"):
            self.assertTrue([line for line in lines if re.search(pattern, line)], pattern)
        self.assertFalse([line for line in lines if line.startswith("[debug]")])
        self.assertFalse([line for line in lines if line.startswith("[err]")])


if __name__ == "__main__":
    unittest.main()
