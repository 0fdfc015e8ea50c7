"""Bodies that aren't wanted, or for which there is no room: refused after the head."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

SHORT = 200
# The number of bytes of a body that are read after its response.
DROPPED = 256 << 10
# A request, and the status that it gets.
REFUSED = (("POST", "/none", 404), ("PUT", "/echo", 405), ("POST", "/files/small", 405), ("PUT", "/%zz", 400),
           ("OPTIONS", "/echo", 204), ("POST", "/files", 405))


def head(method, url, *headers):
    return request(url, *headers, method=method)


def chunks(data, size=1000):
    pieces = (data[at:at + size] for at in range(0, len(data), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Unwanted(netcase.NetCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        for name, size in (("small", 1000), ("large", 3_000_000)):
            (Path(cls.folder.name) / name).write_bytes(netcase.pattern(size))

    def unwanted(self, idle=60_000, memory=0, **options):
        return self.server("http_unwanted", self.folder.name, idle, memory, **options)

    def assertGoesOn(self, client):
        """The connection has nothing of the body left."""
        response = client.get("/echo", method="POST", body=b"hello")
        self.assertEqual((response.status, response.body), (200, b"hello"))


@harness.matrix(threads=(0, 2))
class Refused(Unwanted):
    def test_before_the_body_comes(self):
        """At once, and after a small body the connection stays open."""
        with self.unwanted() as server, Client(server) as client:
            for method, url, status in REFUSED:
                for framing, body in (("Content-Length: 5", b"hello"), ("Transfer-Encoding: chunked", chunks(b"hello")),
                                      (f"Content-Length: {DROPPED}", b"x" * DROPPED),
                                      ("Transfer-Encoding: chunked", chunks(b"x" * DROPPED, 65536))):
                    with self.subTest(method=method, url=url, framing=framing):
                        client.send(head(method, url, framing))
                        response = client.response()
                        self.assertEqual((response.status, response.header("Connection")), (status, "Keep-Alive"))
                        self.assertEqual(response.header("Allow") is not None, status in (204, 405))
                        client.send(body)
                        self.assertGoesOn(client)
            # Only requests that were to be served have reached a handler.
            self.assertEqual(netcase.counts(server).messages, 4 * len(REFUSED))

    def test_in_pieces(self):
        """Wherever the bytes are split, the next request begins after the body."""
        for framing, body in (("Content-Length: 11", b"hello\r\n\r\nhi"), ("Transfer-Encoding: chunked", chunks(b"hello, world", 5))):
            first = head("PUT", "/echo", framing)
            whole = first + body + head("POST", "/echo", "Content-Length: 2") + b"me"
            with self.unwanted() as server:
                for at in range(1, len(whole), 3):
                    with Client(server) as client:
                        client.send(whole[:at])
                        if at >= len(first):
                            self.assertEqual(client.response().status, 405)
                        client.send(whole[at:])
                        if at < len(first):
                            self.assertEqual(client.response().status, 405)
                        self.assertEqual(client.response().body, b"me", at)

    def test_without_100_continue(self):
        """A client that waits gets the answer alone. As it needn't send the body any more, the connection ends."""
        with self.unwanted() as server:
            for method, url, status in REFUSED:
                with Client(server) as client:
                    client.send(head(method, url, "Content-Length: 5", "Expect: 100-continue"))
                    response = client.response()
                    self.assertEqual((response.status, response.header("Connection")), (status, "close"))
                    self.assertEqual(client.end(), b"")
            # A client that doesn't wait isn't affected, nor are wanted bodies.
            with Client(server) as client:
                client.send(head("PUT", "/echo", "Content-Length: 5", "Expect: 100-continue") + b"hello")
                self.assertEqual(client.response().header("Connection"), "Keep-Alive")
                client.send(head("POST", "/echo", "Content-Length: 5", "Expect: 100-continue"))
                harness.wait_until(lambda: client._more() or client.rest.endswith(b"\r\n\r\n"))
                self.assertEqual(client.rest, b"HTTP/1.1 100 Continue\r\n\r\n")
                client.rest = b""
                client.send(b"hello")
                self.assertEqual(client.response().body, b"hello")

    def test_large_ones_need_no_memory(self):
        """60 MB, most of which are sent after the response: the client gets all of that, however late it reads."""
        block = netcase.pattern(1 << 20)
        with self.unwanted() as server:
            before, most = harness.rss(server.pid), 0
            for method, url, status in REFUSED:
                with Client(server) as client:
                    client.send(head(method, url, "Content-Length: 60000000"))
                    for _ in range(30):
                        client.send(block)
                        most = max(most, harness.rss(server.pid))
                    response = client.response()
                    self.assertEqual((response.status, response.header("Connection")), (status, "close"))
                    client.half_close()
                    self.assertEqual(client.end(), b"")
            if not harness.SANITIZER:
                self.assertLess(most - before, 4096)

    def test_of_any_length(self):
        """One byte more than is read: the connection ends. By its chunks: when they become too many."""
        with self.unwanted() as server:
            with Client(server) as client:
                client.send(head("PUT", "/echo", f"Content-Length: {DROPPED + 1}"))
                self.assertEqual(client.response().header("Connection"), "close")
                self.assertEqual(client.end(), b"")
            with Client(server) as client:
                client.send(head("PUT", "/echo", "Transfer-Encoding: chunked"))
                self.assertEqual(client.response().header("Connection"), "Keep-Alive")
                client.send(b"%x\r\n" % DROPPED + b"x" * DROPPED + b"\r\n1\r\n")
                self.assertEqual(client.end(), b"")

    def test_malformed_behind_the_answer(self):
        """The request has had its answer: there is no second one."""
        with self.unwanted() as server, Client(server) as client:
            client.send(head("PUT", "/echo", "Transfer-Encoding: chunked") + b"5\r\nhello\r\nx\r\n")
            self.assertEqual(client.response().status, 405)
            self.assertEqual(client.end(), b"")

    def test_never_sent(self):
        """The rest doesn't arrive: the connection ends without a response, like an idle one."""
        with self.unwanted(idle=SHORT) as server, Client(server) as client:
            client.send(head("PUT", "/echo", "Content-Length: 5") + b"he")
            self.assertEqual(client.response().status, 405)
            self.assertEqual(client.end(), b"")

    def test_files(self):
        """The body of a GET isn't waited for, whether the file is sent at once or gradually."""
        with self.unwanted() as server, Client(server) as client:
            for name, size in (("small", 1000), ("large", 3_000_000)):
                for early in (b"", b"x" * 1000):
                    client.send(head("GET", f"/files/{name}", "Content-Length: 2000") + early)
                    response = client.response()
                    self.assertEqual((response.status, response.body), (200, netcase.pattern(size)))
                    client.send(b"x" * (2000 - len(early)))
                    self.assertGoesOn(client)


@harness.matrix(threads=(0,))
class Memory(Unwanted):
    """Of collected bodies, over all connections."""

    def refused(self, client):
        response = client.response()
        self.assertEqual((response.status, response.header("Retry-After"), response.header("Connection")),
                         (503, "1", "close"))
        client.half_close()
        self.assertEqual(client.end(), b"")

    def test_together(self):
        data = b"x" * 600_000
        with self.unwanted(memory=1_000_000) as server, Client(server) as client, Client(server) as other:
            client.send(head("POST", "/held", f"Content-Length: {len(data)}") + data)
            harness.wait_until(lambda: netcase.counts(server).messages == 1)
            # While it is collected: with chunks the length isn't known.
            other.send(head("POST", "/echo", "Transfer-Encoding: chunked") + b"%x\r\n" % len(data) + data[:300_000])
            try:
                other.send(data[300_000:])
            except ConnectionError:
                pass
            self.refused(other)
            # Before it is sent, if the client announces the length.
            with Client(server) as third:
                third.send(head("POST", "/echo", "Content-Length: 500000", "Expect: 100-continue"))
                self.refused(third)
            # A small one fits in any case.
            with Client(server) as fourth:
                self.assertGoesOn(fourth)
            server.ask("go", "^gone on$")
            self.assertEqual(client.response().status, 200)
            # There is room again, for as much as there may be.
            for framing, body in (("Content-Length: 1000000", b"y" * 1_000_000),
                                  ("Transfer-Encoding: chunked", chunks(b"y" * 1_000_000, 50_000))):
                client.send(head("POST", "/echo", framing) + body)
                self.assertEqual(client.response().body, b"y" * 1_000_000)

    def test_more_than_there_may_be(self):
        with self.unwanted(memory=100_000) as server, Client(server) as client:
            client.send(head("POST", "/echo", "Content-Length: 100001", "Expect: 100-continue"))
            self.assertEqual(client.response().status, 413)
            self.assertEqual(client.end(), b"")

    def test_clients_that_go(self):
        """Theirs is room again."""
        with self.unwanted(memory=1_000_000) as server:
            for _ in range(5):
                with Client(server) as other:
                    other.send(head("POST", "/echo", "Content-Length: 900000") + b"x" * 800_000)
                    harness.abort(other.socket)

            def fits():
                with Client(server) as other:
                    other.send(head("POST", "/echo", "Content-Length: 900000", "Expect: 100-continue"))
                    return other.socket.recv(20).startswith(b"HTTP/1.1 100")
            harness.wait_until(fits)



if __name__ == "__main__":
    unittest.main()
