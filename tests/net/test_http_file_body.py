"""Files as bodies of HTTP responses: from the page cache, in order, with little memory."""
import os
import shutil
import socket
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

# Sizes around those that are read, collected, and sent in one piece.
SIZES = [0, 1, 1000, *(size + more for size in (60 << 10, 64 << 10, 512 << 10) for more in (-1, 0, 1)),
         3_000_000]
LARGE = 30_000_000


class FileCase(netcase.NetCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="yolanda-files-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for size in (*SIZES, LARGE):
            Path(cls.folder, str(size)).write_bytes(netcase.pattern(size))
        Path(cls.folder, "folder").mkdir()

    def files(self, write=60_000, without=0):
        return self.server("http_file_body", self.folder, write, without)

    def assertFile(self, client, name, query="", start=0, size=None, **options):
        """The file, or a part of it."""
        size = int(name) - start if size is None else size
        response = client.get(f"/{name}{query}", **options)
        self.assertEqual((response.status, response.header("Content-Length")), (200, str(size)))
        if options.get("method") != "HEAD":
            self.assertTrue(response.body == netcase.pattern(size, start), f"{name}{query}")
        return response

    def base(self, server, client):
        """How many descriptors the server has with this client."""
        self.assertEqual(client.get("/text").body, b"hello")
        return harness.fds(server.pid)

    def assertNoneLeft(self, server, base):
        harness.wait_until(lambda: harness.fds(server.pid) <= base, f"{base} descriptors again")


@harness.matrix(threads=(0, 2))
class Bodies(FileCase):
    def test_all_sizes(self):
        for without in (0, 1):
            with self.files(without=without) as server, Client(server) as client:
                base = self.base(server, client)
                for size in SIZES:
                    for query in ("", "?later"):
                        self.assertFile(client, size, query)
                        self.assertFile(client, size, query, method="HEAD")
                self.assertFile(client, LARGE)
                self.assertNoneLeft(server, base)

    def test_parts(self):
        """From any place, to any place."""
        with self.files() as server, Client(server) as client:
            for start, size in ((0, 0), (0, 1), (1, 0), (999, 1), (4095, 4097), (4096, 60_000), (12_345, 100_000),
                                (2_999_999, 1), (3_000_000, 0), (1, 2_999_999), (100_000, 600_000)):
                self.assertFile(client, 3_000_000, f"?offset={start}&length={size}", start, size)
            self.assertFile(client, 3_000_000, "?offset=2900000", 2_900_000)
            for query in ("offset=-1", "length=-2", "offset=3000001", "offset=2999999&length=2",
                          "length=3000001", "length=9223372036854775807", "offset=9223372036854775807"):
                self.assertEqual(client.get(f"/3000000?{query}").body, b"EINVAL", query)
            self.assertEqual(client.get("/folder").body, b"EINVAL")

    def test_what_replaces_a_file(self):
        """Another file, a body, the field of that name; a status without a body. None stays open."""
        with self.files() as server, Client(server) as client:
            base = self.base(server, client)
            for later in ("", "&later"):
                self.assertFile(client, 3_000_000, "?twice" + later, 1, 2)
                for query in ("text", "field"):
                    self.assertEqual(client.get(f"/3000000?{query}{later}").body, query.encode())
                client.send(request(f"/3000000?status=204{later}") + request("/text"))
                response = client.rest = harness.recv_until(client.socket, b"\r\n\r\n")
                self.assertNotIn(b"Content-Length", response)
                client.rest = b""
                self.assertEqual(client.response().body, b"hello")
                response = client.get(f"/3000000?status=304{later}", method="HEAD")
                self.assertEqual(response.header("Content-Length"), "3000000")
            self.assertEqual(client.get("/3000000?later&begin").body, b"")
            self.assertNoneLeft(server, base)

    def test_pipelined(self):
        """Small and large, files and text, HEAD: all in their order."""
        plan = [(1000, "GET"), ("text", "GET"), (3_000_000, "GET"), (60 << 10, "GET"), (3_000_000, "HEAD"),
                ("text", "GET"), (512 << 10, "GET"), (0, "GET"), (3_000_000, "GET"), ("text", "GET")] * 5
        for later in ("", "?later"):
            with self.files() as server, Client(server, rcvbuf=100_000) as client:
                client.send(b"".join(request(f"/{name}{later if name != 'text' else ''}", method=method)
                                     for name, method in plan))
                for name, method in plan:
                    response = client.response(head=method == "HEAD")
                    if name == "text":
                        self.assertEqual(response.body, b"hello")
                    else:
                        self.assertEqual(response.header("Content-Length"), str(name))
                        self.assertTrue(response.body == (b"" if method == "HEAD" else netcase.pattern(name)))

    def test_the_end_of_the_connection(self):
        """Asked for by the client, its version, or the program: all of the file comes before."""
        for how in ({}, {"later": 1}):
            later = "&later" if how else ""
            with self.files() as server:
                for query, headers, version in (("?x", ["Connection: close"], "HTTP/1.1"), ("?x", [], "HTTP/1.0"),
                                                ("?close", [], "HTTP/1.1")):
                    for size in (1000, 3_000_000, LARGE):
                        with Client(server) as client:
                            self.assertFile(client, size, "?x" + later)
                            client.send(request(f"/{size}{query}{later}", *headers, version=version))
                            self.assertTrue(client.response().body == netcase.pattern(size))
                            self.assertEqual(client.end(), b"")

    def test_after_the_clients_end(self):
        """A half-close doesn't end the transfer."""
        with self.files() as server:
            for _ in range(3):
                with Client(server) as client:
                    client.send(request(f"/{LARGE}") + request("/text") + request("/3000000") * 3)
                    client.half_close()
                    self.assertTrue(client.response().body == netcase.pattern(LARGE))
                    self.assertEqual(client.response().body, b"hello")
                    for _ in range(3):
                        self.assertTrue(client.response().body == netcase.pattern(3_000_000))
                    self.assertEqual(client.end(), b"")

    def test_many_requests_at_once(self):
        """More than have their turn together, and then the client's end."""
        with self.files() as server, Client(server) as client:
            count = 1000
            client.send(request(f"/{60 << 10}") * count)
            client.half_close()
            for _ in range(count):
                self.assertTrue(client.response().body == netcase.pattern(60 << 10))
            self.assertEqual(client.end(), b"")

    def test_others_are_served_meanwhile(self):
        with self.files() as server, Client(server, rcvbuf=4096) as slow, Client(server) as other:
            slow.send(request(f"/{LARGE}"))
            for _ in range(20):
                slow.rest += slow.socket.recv(1000)
                self.assertEqual(other.get("/text").body, b"hello")
            self.assertTrue(slow.response().body == netcase.pattern(LARGE))

    def test_a_stop_waits_for_the_file(self):
        with self.files() as server, Client(server, rcvbuf=100_000) as client:
            client.send(request(f"/{LARGE}"))
            client.rest += client.socket.recv(1000)
            server.tell("stop")
            self.assertTrue(client.response().body == netcase.pattern(LARGE))
            self.assertEqual(client.end(), b"")
            client.socket.close()
            server.wait_line("^stopped$")


@harness.matrix(threads=(0,), kinds=("so",))
class Trouble(FileCase):
    @harness.of_the_pools
    def test_a_slow_reader_costs_no_memory(self):
        """Nor do its other requests, whatever they ask for."""
        with self.files() as server:
            with open(Path(self.folder, "sparse"), "wb") as file:
                file.truncate(200 << 20)
            with Client(server) as client:
                self.assertFile(client, 3_000_000)
            before = harness.rss(server.pid)
            clients = [Client(server, rcvbuf=4096) for _ in range(10)]
            for client in clients:
                client.send(request("/sparse") * 100)
            more = [Client(server, rcvbuf=4096) for _ in range(10)]
            for client in more:
                client.send(request(f"/{60 << 10}") * 1000)
            for client in (*clients, *more):
                client.rest = harness.recv_exactly(client.socket, 1000)
                self.assertTrue(client.rest.startswith(b"HTTP/1.1 200 OK"))
            self.assertLess(harness.rss(server.pid) - before, 6 << 10)
            with Client(server) as client:
                response = client.get("/sparse")
                self.assertEqual((len(response.body), response.body.count(0)), (200 << 20, 200 << 20))
            self.assertLess(harness.rss(server.pid) - before, 6 << 10)
            for client in (*clients, *more):
                client.socket.close()

    def test_clients_that_go(self):
        """In the middle of a file, by a reset or an end: it is closed, and the process lives."""
        for without in (0, 1):
            with self.files(without=without) as server:
                base = harness.fds(server.pid)
                for number in range(20):
                    client = Client(server, rcvbuf=4096)
                    client.send(request(f"/{LARGE}?later" if number % 3 == 0 else f"/{LARGE}"))
                    client.socket.recv(1000)
                    if number % 2 == 0:
                        harness.abort(client.socket)
                    else:
                        client.socket.close()
                self.assertNoneLeft(server, base)
                with Client(server) as client:
                    self.assertFile(client, 3_000_000)

    def test_a_client_that_takes_nothing_is_cut_off(self):
        """Whether the connection stays open after the file or not."""
        with self.files(write=150) as server:
            base = harness.fds(server.pid)
            for number, header in enumerate(("X: y", "Connection: close"), 1):
                client = Client(server, rcvbuf=4096)
                client.send(request(f"/{LARGE}", header))
                harness.wait_until(lambda: harness.fds(server.pid) > base)
                self.assertNoneLeft(server, base)
                server.ask("stats", f"^timeouts {number}$")

    def test_a_client_that_takes_a_little_isnt(self):
        with self.files(write=900) as server, Client(server, rcvbuf=4096) as client:
            client.send(request("/3000000"))
            for _ in range(44):
                client.rest += client.socket.recv(1000)
                harness.select.select([], [], [], 0.025)
            self.assertTrue(client.response().body == netcase.pattern(3_000_000))

    def test_a_file_that_becomes_shorter(self):
        """Missing bytes can't be replaced: the connection ends."""
        for without in (0, 1):
            with self.files(without=without) as server:
                base = harness.fds(server.pid)
                for later in ("", "?later"):
                    path = Path(self.folder, "shrinks")
                    path.write_bytes(netcase.pattern(LARGE))
                    with Client(server, rcvbuf=4096) as client:
                        client.send(request(f"/shrinks{later}") + request("/text"))
                        while b"\r\n\r\n" not in client.rest:
                            client.rest += client.socket.recv(4096)
                        os.truncate(path, 1 << 20)
                        try:
                            while part := client.socket.recv(1 << 18):
                                client.rest += part
                        except ConnectionResetError:
                            pass
                        head, body = client.rest.split(b"\r\n\r\n", 1)
                        self.assertIn(f"Content-Length: {LARGE}".encode(), head)
                        self.assertLess(len(body), LARGE)
                        # Bytes beyond may have become zeros on their way.
                        self.assertTrue(body[:1 << 20] == netcase.pattern(LARGE)[:min(len(body), 1 << 20)])
                self.assertNoneLeft(server, base)

    def test_a_file_that_grows(self):
        """As much is sent as was announced."""
        with self.files() as server, Client(server, rcvbuf=4096) as client:
            path = Path(self.folder, "grows")
            path.write_bytes(netcase.pattern(LARGE))
            client.send(request("/grows") + request("/text"))
            client.rest += client.socket.recv(1000)
            with open(path, "ab") as file:
                file.write(b"more" * 100_000)
            self.assertTrue(client.response().body == netcase.pattern(LARGE))
            self.assertEqual(client.response().body, b"hello")

    def test_requests_that_pile_up(self):
        """While a file is sent, what the client sends isn't read without end."""
        with self.files() as server, Client(server, rcvbuf=4096) as client:
            client.send(request(f"/{LARGE}"))
            client.rest += client.socket.recv(1000)
            client.socket.setblocking(False)
            flood, sent = request("/text") * 1000, 0
            with self.assertRaises(BlockingIOError):
                while sent < 64 << 20:
                    sent += client.socket.send(flood)
            client.socket.settimeout(harness.TIMEOUT)
            self.assertTrue(client.response().body == netcase.pattern(LARGE))
            self.assertEqual(client.response().body, b"hello")
            client.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(client.end().endswith(b"hello"))


if __name__ == "__main__":
    unittest.main()
