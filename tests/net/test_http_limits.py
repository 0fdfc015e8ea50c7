"""Deadlines and limits of HTTP servers, and their end."""
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

LONG = 60_000
SHORT = 150


@harness.matrix(threads=(0, 2))
class Limits(netcase.NetCase):
    def limited(self, idle=LONG, head=LONG, body=LONG, answer=LONG, write=LONG, requests=0, most=1000):
        return self.server("http_limits", idle, head, body, answer, write, requests, most)

    def assertEnds(self, client, started, least):
        """The connection ends, but not too early. Returns what was received."""
        rest = client.end()
        self.assertGreaterEqual(time.monotonic() - started, least / 1000)
        return rest

    def test_an_idle_connection_is_closed(self):
        """Between requests and before the first: without a response."""
        with self.limited(idle=SHORT) as server:
            with Client(server) as client:
                started = time.monotonic()
                self.assertEqual(self.assertEnds(client, started, SHORT), b"")
            with Client(server) as client:
                self.assertEqual(client.get("/").body, b"hello")
                started = time.monotonic()
                self.assertEqual(self.assertEnds(client, started, SHORT - 20), b"")
            harness.wait_until(lambda: netcase.counts(server).completed == 0)

    def test_a_busy_connection_stays(self):
        with self.limited(idle=SHORT, head=SHORT) as server, Client(server) as client:
            end = time.monotonic() + 5 * SHORT / 1000
            while time.monotonic() < end:
                self.assertEqual(client.get("/").body, b"hello")

    def test_half_a_head_gets_408(self):
        """A client that sends half a request and waits, or a byte now and then."""
        for part in (b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n"):
            with self.limited(head=SHORT) as server, Client(server) as client:
                started = time.monotonic()
                client.send(part)
                response = client.response()
                self.assertEqual((response.status, response.header("Connection")), (408, "close"))
                self.assertEqual(self.assertEnds(client, started, SHORT), b"")

    def test_half_a_head_of_HEAD_gets_408_without_a_body(self):
        for part in (b"HEAD ", b"\r\nHEAD /", b"HEAD / HTTP/1.1\r\nHost: x\r\n"):
            with self.limited(head=SHORT) as server, Client(server) as client:
                client.send(part)
                self.assertEqual(client.response(head=True).status, 408)
                self.assertEqual(client.end(), b"")

    def test_a_byte_now_and_then_gets_408(self):
        """Slowloris: each byte alone is in time, the head is not."""
        with self.limited(head=2 * SHORT) as server, Client(server) as client:
            client.send(b"GET / HTTP/1.1\r\nX: ")
            client.socket.settimeout(0.02)
            answer = b""
            for _ in range(500):
                try:
                    client.send(b"x")
                    answer = client.socket.recv(1 << 16)
                    break
                except TimeoutError:
                    pass
            self.assertTrue(answer.startswith(b"HTTP/1.1 408 "), answer)

    def test_a_head_in_two_pieces_behind_a_response(self):
        """Its time begins with its own first byte."""
        with self.limited(head=SHORT) as server, Client(server) as client:
            client.send(request("/") + b"GET / HT")
            self.assertEqual(client.response().body, b"hello")
            self.assertEqual(client.response().status, 408)

    def test_a_body_that_stops_gets_408(self):
        with self.limited(body=SHORT) as server, Client(server) as client:
            started = time.monotonic()
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n12345")
            self.assertEqual(client.response().status, 408)
            self.assertEqual(self.assertEnds(client, started, SHORT), b"")

    def test_a_slow_body_is_taken(self):
        """Each of its pieces begins the time anew."""
        with self.limited(body=4 * SHORT) as server, Client(server) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
            for _ in range(10):
                client.socket.settimeout(SHORT / 1000)
                with self.assertRaises(TimeoutError):
                    client.socket.recv(1)
                client.socket.settimeout(harness.TIMEOUT)
                client.send(b"x")
            self.assertEqual(client.response().body, b"hello")

    def test_a_worker_that_never_answers_is_cut_off(self):
        """503; bytes that the program sends later do no harm."""
        with self.limited(answer=SHORT) as server:
            base = harness.fds(server.pid)
            for _ in range(3):
                with Client(server) as client:
                    started = time.monotonic()
                    client.send(request("/never") + request("/"))
                    response = client.response()
                    self.assertEqual((response.status, response.header("Connection")), (503, "close"))
                    self.assertEqual(self.assertEnds(client, started, SHORT), b"")
            harness.wait_until(lambda: harness.fds(server.pid) <= base)

    def test_a_worker_that_answers_after_the_503(self):
        """While the connection waits for its end: what was sent is gone for good, its callback too."""
        with self.limited(answer=SHORT) as server:
            base = harness.fds(server.pid)
            with Client(server) as client:
                client.send(request("/late"))
                self.assertEqual(client.response().status, 503)
                server.ask("late", "^sent$")
                with Client(server) as other:
                    self.assertEqual(other.get("/").body, b"hello")
                self.assertEqual(client.end(), b"")
            harness.wait_until(lambda: harness.fds(server.pid) <= base)
            with Client(server) as client:
                self.assertEqual(client.get("/").body, b"hello")

    def test_a_stream_that_stops_is_cut_off(self):
        with self.limited(answer=SHORT) as server, Client(server) as client:
            client.send(request("/flow"))
            try:
                rest = client.end()
            except ConnectionResetError:
                rest = b"4\r\nsome\r\n"
            self.assertTrue(rest.endswith(b"4\r\nsome\r\n"), rest)

    def test_a_client_that_takes_nothing_is_cut_off(self):
        with self.limited(write=SHORT) as server:
            base = harness.fds(server.pid)
            client = Client(server, rcvbuf=4096)
            client.send(request("/huge"))
            harness.wait_until(lambda: harness.fds(server.pid) > base)
            harness.wait_until(lambda: harness.fds(server.pid) <= base)
            self.assertIn("timeouts 1", server.ask("stats", r"^requests .*").group(0))

    @harness.matrix(kinds=("so",), threads=(0,))
    def test_many_slow_clients(self):
        """A hundred with half a head each: others are served meanwhile, and all of them get 408."""
        with self.limited(head=SHORT) as server:
            base = harness.fds(server.pid)
            slow = [Client(server) for _ in range(100)]
            for client in slow:
                client.send(b"GET / HTTP/1.1\r\nHos")
            with Client(server) as other:
                for _ in range(100):
                    self.assertEqual(other.get("/").body, b"hello")
            for client in slow:
                self.assertEqual(client.response().status, 408)
                self.assertEqual(client.end(), b"")
                client.socket.close()
            harness.wait_until(lambda: harness.fds(server.pid) <= base)
            self.assertIn("timeouts 100", server.ask("stats", r"^requests .*").group(0))

    @harness.matrix(kinds=("so",), threads=(0,))
    def test_one_that_asks_and_never_reads(self):
        """Pipelined requests whose responses aren't read: reading stops, and the connection is aborted."""
        with self.limited(write=SHORT) as server:
            base, sent = harness.fds(server.pid), 0
            client = Client(server, rcvbuf=4096)
            with self.assertRaises(ConnectionError):
                while sent < 1_000_000:
                    client.send(request("/") * 200)
                    sent += 200
            self.assertIn("timeouts 1", server.ask("stats", r"^requests .*").group(0))
            harness.wait_until(lambda: harness.fds(server.pid) <= base)

    def test_a_client_that_takes_a_little_isnt(self):
        with self.limited(write=4 * SHORT) as server, Client(server, rcvbuf=4096) as client:
            client.send(request("/huge"))
            pause = time.monotonic() + 6 * SHORT / 1000
            while time.monotonic() < pause:
                client.rest += client.socket.recv(20_000)
                time.sleep(0.01)
            self.assertEqual(len(client.response().body), 8 << 20)

    def test_no_deadlines(self):
        with self.limited(0, 0, 0, 0, 0) as server, Client(server) as client:
            client.send(b"GET / HTTP")
            client.socket.settimeout(2 * SHORT / 1000)
            with self.assertRaises(TimeoutError):
                client.socket.recv(1)
            client.socket.settimeout(harness.TIMEOUT)
            client.send(b"/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(client.response().body, b"hello")

    def test_requests_per_connection(self):
        with self.limited(requests=3) as server:
            for _ in range(3):
                with Client(server) as client:
                    client.send(b"".join(request(url) for url in ("/a", "/b", "/c", "/d")))
                    for number in range(3):
                        connection = client.response().header("Connection")
                        self.assertEqual(connection == "close", number == 2)
                    self.assertEqual(client.end(), b"")

    def test_sizes(self):
        """414, 431 and 413 at the server's own limits."""
        for text, status in ((b"GET /" + b"x" * 200 + b" HTTP/1.1\r\n\r\n", 414),
                             (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 6 + b"\r\n", 431),
                             (b"GET / HTTP/1.1\r\nX: " + b"y" * 1000 + b"\r\n\r\n", 431),
                             (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413)):
            with self.limited() as server, Client(server) as client:
                client.send(text)
                self.assertEqual(client.response().status, status)
                self.assertEqual(client.end(), b"")

    def test_the_counts(self):
        with self.limited() as server, Client(server) as client:
            for url in ("/", "/", "/missing"):
                client.get(url)
            client.send(b"nonsense\r\n\r\n")
            self.assertEqual(client.response().status, 400)
            self.assertEqual(server.ask("stats", r"^requests .*").group(0),
                             "requests 3 2xx 2 3xx 0 4xx 2 5xx 0 timeouts 0")


@harness.matrix(threads=(0, 2))
class End(netcase.NetCase):
    def limited(self):
        return self.server("http_limits", LONG, LONG, LONG, LONG, LONG, 0, 1000)

    def test_a_graceful_stop_answers_what_is_in_flight(self):
        """... with Connection: close; idle clients are closed, and new ones refused."""
        with self.limited() as server:
            idle, half = Client(server), Client(server)
            self.assertEqual(idle.get("/").body, b"hello")
            self.assertEqual(half.get("/").body, b"hello")
            half.send(b"GET / HTTP/1.1\r\nHo")
            server.tell("stop")
            self.assertEqual(idle.end(), b"")
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", server.port), 1).close()
            half.send(b"st: x\r\n\r\n")
            response = half.response()
            self.assertEqual((response.body, response.header("Connection")), (b"hello", "close"))
            self.assertEqual(half.end(), b"")
            idle.socket.close()
            half.socket.close()
            server.wait_line("^stopped$")
            server.ask("free", "^freed$")
            server.tell("end")
            self.assertEqual(server.wait_end(), 0)

    def test_free_with_everything_open(self):
        with self.limited() as server:
            clients = [Client(server) for _ in range(4)]
            clients[0].send(request("/never"))
            clients[1].send(request("/flow"))
            clients[2].send(b"GET / HT")
            harness.wait_until(lambda: netcase.counts(server).messages == 2)
            server.ask("free", "^freed$")
            for client in clients:
                try:
                    client.end()
                except ConnectionResetError:
                    pass
                client.socket.close()
            server.tell("end")
            self.assertEqual(server.wait_end(), 0)

    def test_the_loop_frees_it(self):
        with self.limited() as server:
            client = Client(server)
            client.send(request("/never"))
            harness.wait_until(lambda: netcase.counts(server).messages == 1)
            server.tell("end")
            self.assertEqual(server.wait_end(), 0)
            client.socket.close()


if __name__ == "__main__":
    unittest.main()
