"""HTTP responses by setters, given later by other threads, and sent in parts."""
import contextlib
import datetime
import email.utils
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

BODY = b"bytes \0 of any kind\0"


def chunks(client):
    """The next response, whose body comes in chunks: its head as text, and its body."""
    while b"\r\n\r\n" not in client.rest:
        client._more()
    head, client.rest = client.rest.split(b"\r\n\r\n", 1)
    body = b""
    while True:
        while b"\r\n" not in client.rest:
            client._more()
        line, client.rest = client.rest.split(b"\r\n", 1)
        size = int(line, 16)
        body += client._take(size)
        assert client._take(2) == b"\r\n"
        if size == 0:
            return head.decode(), body


@harness.matrix(threads=(0, 2))
class Setters(netcase.NetCase):
    def test_they_copy(self):
        """Status text, type, headers and a binary body are sent as they were when they were set."""
        with self.server("http_later") as server, Client(server) as client:
            for _ in range(3):
                response = client.get("/")
                self.assertEqual((response.status, response.reason), (200, "Fine"))
                self.assertEqual(response.header("Content-Type"), "application/octet-stream")
                self.assertEqual(response.header("X-Copied"), "a value")
                self.assertEqual(response.body, BODY)

    def test_what_would_break_the_message_is_refused(self):
        with self.server("http_later") as server, Client(server) as client:
            response = client.get("/bad")
            self.assertEqual(response.body, BODY)
            self.assertEqual([key for key, _ in response.headers].count("X-Many"), 128)
            self.assertEqual(client.get("/").body, BODY)

    def test_a_large_body(self):
        with self.server("http_later") as server, Client(server) as client:
            for size in (1000, 1023, 1024, 8192, 100_000, 5_000_000):
                self.assertTrue(client.get(f"/large/{size}").body == netcase.pattern(size), size)

    def test_head_has_no_body(self):
        with self.server("http_later") as server, Client(server) as client:
            response = client.get("/", method="HEAD")
            self.assertEqual(response.header("Content-Length"), str(len(BODY)))
            self.assertEqual(client.get("/").body, BODY)

    def test_date(self):
        """RFC 9110, 6.6.1: each response says when it was made; a program's own date replaces it."""
        with self.server("http_later") as server, Client(server) as client:
            for url in ("/", "/later/x", "/stream/5"):
                value = client.get(url).header("Date")
                self.assertTrue(value.endswith(" GMT"))
                date = email.utils.parsedate_to_datetime(value)
                self.assertEqual(email.utils.format_datetime(date, usegmt=True), value)
                now = datetime.datetime.now(datetime.timezone.utc)
                self.assertLess(abs((now - date).total_seconds()), 60)
            self.assertEqual(client.get("/date").header("date"), "never")
            client.send(b"nonsense\r\n\r\n")
            self.assertIsNotNone(client.response().header("Date"))


@harness.matrix(threads=(0, 2))
class Later(netcase.NetCase):
    def test_answers_of_other_threads(self):
        with self.server("http_later") as server, Client(server) as client:
            for number in range(50):
                response = client.get(f"/later/{number}")
                self.assertEqual((response.status, response.reason), (200, "OK"))
                self.assertEqual(response.body, b"/later/%d" % number)
                self.assertEqual(response.header("X-Url"), f"/later/{number}")
            self.assertEqual(client.get("/").body, BODY)

    def test_the_callback_itself_may_give_it(self):
        with self.server("http_later") as server, Client(server) as client:
            for _ in range(5):
                response = client.get("/now")
                self.assertEqual((response.status, response.reason, response.body),
                                 (201, "Created", b"now"))

    def test_pipelined_requests_are_answered_in_order(self):
        """Those after a deferred one wait for it, whichever is answered first."""
        urls = [f"/later/{n}" if n % 3 else "/now" if n % 2 else f"/stream/{n}" for n in range(60)]
        with self.server("http_later") as server, Client(server) as client:
            client.send(b"".join(request(url) for url in urls))
            for number, url in enumerate(urls):
                body = client.response().body
                wanted = url.encode() if number % 3 else b"now" if number % 2 else bytes(number)
                self.assertEqual(body, wanted, url)

    def test_much_behind_a_deferred_one(self):
        """Meanwhile only a little is read, and everything is answered in the end."""
        with self.server("http_later") as server, Client(server) as client:
            filler = "X-Filler: " + "x" * 5000
            client.send(request("/hold"))
            with Client(server) as other:
                self.assertEqual(other.get("/").body, BODY)
                client.socket.settimeout(0.2)
                batch = request("/now", filler)
                sent = 0
                try:
                    for _ in range(20_000):
                        client.send(batch)
                        sent += 1
                except TimeoutError:
                    pass
                client.socket.settimeout(harness.TIMEOUT)
                self.assertLess(sent, 20_000, "the server has read it all")
                other.get("/release")
            self.assertEqual(client.response().status, 200)
            for _ in range(sent):
                self.assertEqual(client.response().body, b"now")

    def test_the_client_goes_before_the_answer(self):
        """The connection is gone: the sender of the response gets an error, and nothing else happens."""
        with self.server("http_later") as server:
            base = harness.fds(server.pid)
            with Client(server) as keeper:
                keeper.send(request("/hold"))
                harness.wait_until(lambda: netcase.counts(server).messages == 1)
                for end in ("close", "reset") * 5:
                    client = server.connect()
                    client.sendall(request(f"/later/{end}"))
                    seen = netcase.counts(server).messages
                    harness.wait_until(lambda: netcase.counts(server).messages >= 2)
                    if end == "reset":
                        harness.abort(client)
                    else:
                        client.close()
                with Client(server) as other:
                    other.get("/release")
                self.assertEqual(keeper.response().status, 200)
            start = len(server.lines)
            server.signal(12)
            server.wait_line(r"^gone \d+ ", start)
            harness.wait_until(lambda: harness.fds(server.pid) <= base + 1)
            self.assertServedHttp(server)

    def test_the_client_goes_between_an_answer_and_a_deferred_one(self):
        """The first can't be sent any more, and yet the other one keeps its request to itself."""
        with self.server("http_later") as server:
            base = harness.fds(server.pid)
            with contextlib.ExitStack() as stack:
                for _ in range(10):
                    clients = [server.connect() for _ in range(4)]
                    for client in clients:
                        client.sendall(request("/"))
                        harness.recv_until(client, BODY)
                    server.signal(signal.SIGSTOP)
                    harness.wait_until(lambda: harness.state(server.pid) == "T")
                    for client in clients:
                        client.sendall(request("/") + request("/later/x") + request("/later/y"))
                        harness.abort(client)
                    server.signal(signal.SIGCONT)
                    harness.wait_until(lambda: harness.fds(server.pid) <= base)
                    others = [stack.enter_context(Client(server)) for _ in range(8)]
                    for number, other in enumerate(others):
                        other.send(b"".join(request(f"/later/{number}/{i}") for i in range(3)))
                    for number, other in enumerate(others):
                        for i in range(3):
                            response = other.response()
                            url = f"/later/{number}/{i}"
                            self.assertEqual((response.header("X-Url"), response.body), (url, url.encode()))
                    base += len(others)

    def assertServedHttp(self, server):
        with Client(server) as client:
            self.assertEqual(client.get("/").body, BODY)

    def test_the_client_half_closes_before_the_answer(self):
        """Outstanding responses are sent to a client that has ended its side."""
        with self.server("http_later") as server, Client(server) as client:
            client.send(request("/later/a") + request("/later/b") + request("/now"))
            client.half_close()
            self.assertEqual(client.response().body, b"/later/a")
            self.assertEqual(client.response().body, b"/later/b")
            self.assertEqual(client.response().body, b"now")
            self.assertEqual(client.end(), b"")

    def test_close_of_both_versions(self):
        with self.server("http_later") as server:
            for headers, version in ((["Connection: close"], "HTTP/1.1"), ([], "HTTP/1.0")):
                for url in ("/later/x", "/now", "/stream/10"):
                    with Client(server) as client:
                        response = client.get(url, *headers, version=version)
                        self.assertEqual(response.header("Connection"), "close")
                        self.assertEqual(client.end(), b"")


@harness.matrix(threads=(0, 2))
class Parts(netcase.NetCase):
    def test_chunks(self):
        """RFC 9112, 7.1: a body whose length isn't known."""
        with self.server("http_later") as server, Client(server) as client:
            for parts in (0, 1, 17, 1000):
                client.send(request(f"/later/parts/{parts}"))
                head, body = chunks(client)
                self.assertIn("\r\nTransfer-Encoding: chunked\r\n", head)
                self.assertNotIn("Content-Length", head)
                self.assertEqual(body, b"".join(b"part %d\n" % n for n in range(parts)))
            self.assertEqual(client.get("/").body, BODY)

    def test_no_chunks_for_http_1_0(self):
        """RFC 9112, 6.1: such a body ends with the connection."""
        with self.server("http_later") as server, Client(server) as client:
            client.send(request("/later/parts/3", "Connection: keep-alive", version="HTTP/1.0"))
            head, _, body = client.end().partition(b"\r\n\r\n")
            self.assertNotIn(b"chunked", head)
            self.assertNotIn(b"Content-Length", head)
            self.assertIn(b"Connection: close", head)
            self.assertEqual(body, b"part 0\npart 1\npart 2\n")

    def test_a_length_that_is_kept(self):
        with self.server("http_later") as server, Client(server) as client:
            for _ in range(3):
                self.assertEqual(client.get("/later/exact/").body, b"1234567890")

    def test_a_length_that_isnt_kept_cuts_the_connection(self):
        """A client never mistakes later bytes for the rest of a body."""
        with self.server("http_later") as server, Client(server) as client:
            client.send(request("/later/short/") + request("/"))
            rest = b""
            try:
                rest = client.end()
            except ConnectionResetError:
                pass
            self.assertLessEqual(len(rest.partition(b"\r\n\r\n")[2]), 5)

    def test_head(self):
        """Writes are dropped for HEAD."""
        with self.server("http_later") as server, Client(server) as client:
            client.send(request("/later/parts/5", method="HEAD") + request("/"))
            while b"\r\n\r\n" not in client.rest:
                client._more()
            head, client.rest = client.rest.split(b"\r\n\r\n", 1)
            self.assertIn(b"chunked", head)
            self.assertEqual(client.response().body, BODY)
            self.assertEqual(client.get("/stream/1000", method="HEAD").header("Content-Length"), "1000")
            self.assertEqual(client.get("/").body, BODY)

    def test_a_large_stream_needs_little_memory(self):
        with self.server("http_later") as server:
            with Client(server) as client:
                client.get("/stream/100000")
                memory = harness.rss(server.pid)
            with Client(server, rcvbuf=1 << 16) as client:
                client.send(request("/stream/200000000"))
                while b"\r\n\r\n" not in client.rest:
                    client._more()
                left = 200_000_000 - len(client.rest.split(b"\r\n\r\n", 1)[1])
                most = 0
                while left > 0:
                    left -= len(client.socket.recv(1 << 20))
                    if left % 7 == 0:
                        most = max(most, harness.rss(server.pid))
                # A sanitizer keeps what was freed for a while.
                if not harness.SANITIZER:
                    self.assertLess(most, memory + 8192)
                client.rest = b""
                self.assertEqual(client.get("/").body, BODY)

    def test_a_stream_whose_client_goes(self):
        """Its callback is called, once."""
        with self.server("http_later") as server:
            base = harness.fds(server.pid)
            for number in range(10):
                client = server.connect(rcvbuf=4096)
                client.sendall(request("/stream/50000000"))
                harness.recv_exactly(client, 1000)
                harness.abort(client) if number % 2 else client.close()
            def closed():
                start = len(server.lines)
                server.signal(12)
                return int(server.wait_line(r"streams closed (\d+)", start).group(1))
            harness.wait_until(lambda: closed() == 10, "ten ends")
            harness.wait_until(lambda: harness.fds(server.pid) <= base)

    def test_many_at_once(self):
        with self.server("http_later") as server:
            clients = [Client(server) for _ in range(100)]
            for number, client in enumerate(clients):
                client.send(request(f"/stream/{number * 1000}") + request(f"/later/{number}"))
            for number, client in enumerate(clients):
                self.assertEqual(len(client.response().body), number * 1000)
                self.assertEqual(client.response().body, b"/later/%d" % number)


if __name__ == "__main__":
    unittest.main()
