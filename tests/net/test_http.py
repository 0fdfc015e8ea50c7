"""The HTTP server with clients that behave: GET, keep-alive, pieces, pipelines, closing."""
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

BIG = bytes(ord("a") + byte % 26 for byte in netcase.pattern(8 << 20))


@harness.matrix(threads=(0, 2))
class Responses(netcase.NetCase):
    def test_D2_the_first_request_is_answered(self):
        """D2: memmem without a declaration: the server crashes on the first request on 64-bit.
        Status line, Content-Type if set, Content-Length, Connection, the extra headers, body."""
        with self.server("http") as server, Client(server) as client:
            response = client.get("/")
            self.assertEqual((response.version, response.status, response.reason, response.body),
                             ("HTTP/1.1", 200, "OK", b"hello"))
            self.assertEqual(response.header("Content-Length"), "5")

    def test_D17_the_content_type_is_sent_when_set_and_only_then(self):
        """D17: contentType is never initialised and never sent. NULL fields are left out."""
        with self.server("http") as server, Client(server) as client:
            self.assertEqual(client.get("/html").header("Content-Type"), "text/html")
            self.assertIsNone(client.get("/").header("Content-Type"))

    def test_a_response_without_a_body_has_length_0(self):
        """A NULL body is length 0."""
        with self.server("http") as server, Client(server) as client:
            response = client.get("/missing")
            self.assertEqual((response.status, response.reason, response.body),
                             (404, "Not Found", b""))
            self.assertEqual(client.get("/").body, b"hello")

    def test_status_0_is_500(self):
        """Status 0: 500."""
        with self.server("http") as server, Client(server) as client:
            self.assertEqual(client.get("/nothing").status, 500)

    def test_no_callback_is_500(self):
        """No callback: 500."""
        with self.server("http", 0, "nocallback") as server, Client(server) as client:
            self.assertEqual(client.get("/").status, 500)

    def test_128_extra_headers(self):
        """Every response given to a callback has room for 128 header entries: programs fill them
        without asking."""
        with self.server("http") as server, Client(server) as client:
            for _ in range(3):
                response = client.get("/headers")
                for number in range(128):
                    self.assertEqual(response.header(f"X-Number-{number}"), f"value {number}")
                self.assertEqual(response.body, b"many")
                self.assertIsNone(client.get("/").header("X-Number-0"))

    def test_the_array_that_is_freed_is_the_librarys(self):
        """It frees the array that it allocated, whatever the field contains by then."""
        with self.server("http") as server:
            for _ in range(5):
                with Client(server) as client:
                    self.assertEqual(client.get("/null-array").body, b"no array")
                    self.assertEqual(client.get("/headers").header("X-Number-127"), "value 127")

    def test_url_method_and_version(self):
        """url, method, version are NUL-terminated and whole."""
        with self.server("http") as server, Client(server) as client:
            self.assertEqual(client.get("/line").body, b"GET /line HTTP/1.1")
            self.assertEqual(client.get("/line", method="DELETE").body, b"DELETE /line HTTP/1.1")
            self.assertEqual(client.get("/search?q=a+b&c=%20d").body, b"/search?q=a+b&c=%20d")

    def test_strings_of_a_request_may_be_cut_up(self):
        """They are writable (programs cut them up in place) and belong to the request."""
        with self.server("http") as server, Client(server) as client:
            for word in ("one", "another", "x" * 1000):
                body = client.get(f"/cut/{word}/rest", "X-Probe: value").body
                self.assertEqual(body, f"{word} *alue".encode())

    def test_D16_header_lookup(self):
        """http_request_get_header compares whole names, ignoring case: the first of several, blanks
        around the value removed. (D16: matches prefixes, and is case-sensitive.)"""
        cases = [
            (["X-Probe: value"], b"value"),
            (["x-pROBE: value"], b"value"),
            (["X-Prob: no", "X-Probe-Longer: no", "X-Probe: yes"], b"yes"),
            (["X-Prob: no", "X-Probe-Longer: no"], b"(null)"),
            (["X-Probe: first", "X-Probe: second"], b"first"),
            (["X-Probe:no blank"], b"no blank"),
            (["X-Probe: \t  blanks \t "], b"blanks"),
            (["X-Probe: a: b: c"], b"a: b: c"),
            (["X-Probe:"], b""),
            ([], b"(null)"),
        ]
        with self.server("http") as server, Client(server) as client:
            for headers, value in cases:
                self.assertEqual(client.get("/probe", *headers).body, value, headers)

    def test_D14_it_listens_on_the_port_that_it_is_given(self):
        """D14: the HTTP server listens on 43211 whatever port it is given."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with self.server("http", port) as server:
            self.assertEqual(server.port, port)
            with Client(server) as client:
                self.assertEqual(client.get("/").body, b"hello")

    def test_HEAD_has_no_body_and_keeps_in_step(self):
        """The answer to HEAD ends with its blank line; the next response follows at once."""
        with self.server("http") as server, Client(server) as client:
            client.send(request("/", method="HEAD") + request("/line"))
            response = client.response(head=True)
            self.assertEqual((response.status, response.header("Content-Length")), (200, "5"))
            self.assertEqual(client.response().body, b"GET /line HTTP/1.1")

    def test_POST_with_a_body_keeps_in_step(self):
        """A body is not taken for the next request."""
        with self.server("http") as server, Client(server) as client:
            trap = b"GET /trapped HTTP/1.1\r\nHost: x\r\n\r\n"
            self.assertEqual(client.get("/line", method="POST", body=trap).body,
                             b"POST /line HTTP/1.1")
            self.assertEqual(client.get("/after").body, b"/after")
            client.send(request("/one", method="POST", body=b"x" * 10000)
                        + request("/two", method="PUT", body=b"y") + request("/three"))
            self.assertEqual([client.response().body for _ in range(3)], [b"/one", b"/two", b"/three"])


@harness.matrix(threads=(0, 2))
class KeepAlive(netcase.NetCase):
    def assertStaysOpen(self, client):
        self.assertEqual(client.get("/line").body, b"GET /line HTTP/1.1")

    def test_many_requests_on_one_connection(self):
        """HTTP/1.1 stays open unless Connection: close."""
        with self.server("http") as server, Client(server) as client:
            for number in range(200):
                self.assertEqual(client.get(f"/{number}").body, b"/%d" % number)
            client.half_close()
            self.assertEqual(client.end(), b"")

    def test_the_connection_header_of_responses(self):
        """The Connection header says what happens next."""
        with self.server("http") as server:
            with Client(server) as client:
                self.assertNotEqual((client.get("/").header("Connection") or "").lower(), "close")
                response = client.get("/", "Connection: close")
                self.assertEqual(response.header("Connection").lower(), "close")

    def test_D13_HTTP_1_0_closes_after_its_response(self):
        """HTTP/1.0 closes unless Connection: keep-alive (D13: without the header it dereferences
        NULL)."""
        with self.server("http") as server, Client(server) as client:
            self.assertEqual(client.get("/line", version="HTTP/1.0").body, b"GET /line HTTP/1.0")
            self.assertEqual(client.end(), b"")

    def test_HTTP_1_0_with_keep_alive_stays_open(self):
        """A 1.0 client that asks for it gets it, and the response says so."""
        with self.server("http") as server, Client(server) as client:
            for _ in range(3):
                response = client.get("/", "Connection: Keep-Alive", version="HTTP/1.0")
                self.assertEqual(response.body, b"hello")
                self.assertEqual((response.header("Connection") or "").lower(), "keep-alive")
            client.get("/", version="HTTP/1.0")
            self.assertEqual(client.end(), b"")

    def test_D15_a_connection_closes_when_the_client_asks(self):
        """D15: after a response that asks for close, the connection stays open. The values are
        case-insensitive lists."""
        for value in ("close", "Close", "CLOSE", "keep-alive, close", "foo,close", "x , Close , y"):
            with self.subTest(value=value), self.server("http") as server, Client(server) as client:
                self.assertEqual(client.get("/", f"Connection: {value}").body, b"hello")
                self.assertEqual(client.end(), b"")

    def test_what_is_no_close_in_a_list(self):
        """Whole words count: "closed" and "x-close" ask for nothing."""
        with self.server("http") as server, Client(server) as client:
            for value in ("closed", "x-close", "keep-alive", "Upgrade, foo", ""):
                self.assertEqual(client.get("/wants-close", f"Connection: {value}").body, b"no", value)

    def test_keep_alive_in_a_list(self):
        """HTTP/1.0 with `Connection: foo, Keep-Alive` stays open."""
        with self.server("http") as server, Client(server) as client:
            for value in ("foo, Keep-Alive", "KEEP-ALIVE", "keep-alive , bar"):
                client.get("/", f"Connection: {value}", version="HTTP/1.0")
            self.assertStaysOpen(client)

    def test_D15_keep_connected_1_means_close_after_this_response(self):
        """The callback may set keep_connected: 1 means close after this response."""
        with self.server("http") as server, Client(server) as client:
            self.assertEqual(client.get("/").body, b"hello")
            response = client.get("/close")
            self.assertEqual((response.body, response.header("Connection").lower()), (b"bye", "close"))
            self.assertEqual(client.end(), b"")

    def test_nothing_is_answered_behind_a_close(self):
        """Pipelined requests after one that closes are not answered."""
        with self.server("http") as server, Client(server) as client:
            client.send(request("/close") + request("/after") * 3)
            self.assertEqual(client.response().body, b"bye")
            self.assertEqual(client.end(), b"")

    def test_1000_requests_in_one_write(self):
        """Pipelined requests are answered in order."""
        with self.server("http") as server, Client(server) as client:
            client.send(b"".join(request(f"/number/{number}") for number in range(1000)))
            for number in range(1000):
                self.assertEqual(client.response().body, b"/number/%d" % number)
            self.assertStaysOpen(client)

    def test_pipelined_requests_behind_a_big_response(self):
        """Order is kept while 8 MB are queued for a slow reader."""
        with self.server("http") as server, Client(server, rcvbuf=4096) as client:
            client.send(request("/big") + request("/one") + request("/html") + request("/two"))
            self.assertTrue(client.response().body == BIG)
            self.assertEqual(client.response().body, b"/one")
            self.assertEqual(client.response().header("Content-Type"), "text/html")
            self.assertEqual(client.response().body, b"/two")


@harness.matrix(threads=(0, 2))
class Pieces(netcase.NetCase):
    def test_D10_a_request_in_two_pieces_spins_no_thread(self):
        """D10: an HTTP request that arrives in two pieces spins a thread for ever."""
        for place in (3, 20, -2):
            text = request("/line")
            with self.subTest(place=place), self.server("http") as server, Client(server) as client:
                client.send(text[:place])
                with Client(server) as other:
                    self.assertEqual(other.get("/").body, b"hello")
                self.assertIdle(server.pid, 0.1)
                client.send(text[place:])
                self.assertEqual(client.response().body, b"GET /line HTTP/1.1")

    def test_D10_a_request_split_at_every_byte(self):
        """D10: wherever the pieces are cut, each answer is right."""
        text = request("/probe", "X-Probe: some value", "Another: header", "Connection: keep-alive")
        with self.server("http") as server, Client(server) as client, Client(server) as other:
            for place in range(1, len(text)):
                client.send(text[:place])
                # Its answer shows that the server has been round since.
                self.assertEqual(other.get("/").body, b"hello")
                client.send(text[place:])
                self.assertEqual(client.response().body, b"some value", place)

    def test_D10_a_request_byte_by_byte(self):
        """D10: one byte at a time."""
        with self.server("http") as server, Client(server) as client:
            for byte in request("/probe", "X-Probe: bytes"):
                client.send(bytes([byte]))
            self.assertEqual(client.response().body, b"bytes")

    def test_a_body_in_pieces(self):
        """A POST whose body comes later, then the next request."""
        text = request("/line", method="POST", body=b"0123456789" * 10)
        with self.server("http") as server, Client(server) as client, Client(server) as other:
            for place in (len(text) - 100, len(text) - 99, len(text) - 50, len(text) - 1):
                client.send(text[:place])
                self.assertEqual(other.get("/").body, b"hello")
                client.send(text[place:] + request("/next"))
                self.assertEqual(client.response().body, b"POST /line HTTP/1.1")
                self.assertEqual(client.response().body, b"/next")

    def test_a_pipeline_cut_anywhere(self):
        """Several requests whose pieces fall where they like."""
        text = b"".join(request(f"/{number}") for number in range(300))
        with self.server("http") as server, Client(server) as client:
            for start in range(0, len(text), 97):
                client.send(text[start:start + 97])
            for number in range(300):
                self.assertEqual(client.response().body, b"/%d" % number)

    def test_empty_lines_before_a_request(self):
        """A CRLF left behind by a clumsy client before the request line is skipped."""
        with self.server("http") as server, Client(server) as client:
            client.send(b"\r\n" + request("/one"))
            self.assertEqual(client.response().body, b"/one")


@harness.matrix(threads=(0, 2))
class Ends(netcase.NetCase):
    def test_a_big_body_to_a_slow_reader_and_then_the_end(self):
        """8 MB to a slow reader, complete, then the end of stream: closing waits for the queue."""
        with self.server("http") as server, Client(server, rcvbuf=4096) as client:
            self.assertTrue(client.get("/big", "Connection: close").body == BIG)
            self.assertEqual(client.end(), b"")

    def test_an_answer_outstanding_at_the_peers_half_close_is_delivered(self):
        """The peer's end of stream ends reading, not sending: what is queued (an HTTP answer still
        outstanding too) is sent first."""
        for url, wanted in (("/", b"hello"), ("/big", BIG)):
            with self.subTest(url=url), self.server("http") as server:
                base = harness.fds(server.pid)
                with Client(server, rcvbuf=4096) as client:
                    client.send(request(url))
                    client.half_close()
                    self.assertTrue(client.response().body == wanted)
                    self.assertEqual(client.end(), b"")
                harness.wait_until(lambda: harness.fds(server.pid) == base)

    def test_a_pipeline_outstanding_at_the_peers_half_close_is_delivered(self):
        """All of a pipeline's answers, not only the first."""
        with self.server("http") as server, Client(server) as client:
            client.send(b"".join(request(f"/{number}") for number in range(1000)))
            client.half_close()
            for number in range(1000):
                self.assertEqual(client.response().body, b"/%d" % number)
            self.assertEqual(client.end(), b"")

    def test_clients_that_leave_in_the_middle(self):
        """Half a request, half a response, a reset: nothing is left behind."""
        with self.server("http") as server:
            base = harness.fds(server.pid)
            for number in range(60):
                client = Client(server, rcvbuf=4096).socket
                text = request("/big" if number % 3 else "/")
                client.sendall(text[:10] if number % 2 else text)
                if number % 5 == 0 and not number % 2:
                    client.recv(100)
                harness.abort(client) if number % 7 else client.close()
            with Client(server) as client:
                self.assertEqual(client.get("/").body, b"hello")
            harness.wait_until(lambda: harness.fds(server.pid) == base)

    @harness.matrix(threads=(0, 2), kinds=("so",))
    @harness.of_the_pools
    def test_descriptors_and_memory_after_many_requests(self):
        """Nothing may leak: 3,000 connections with a request each, and 20,000 on one."""
        def visit():
            with Client(server) as client:
                self.assertEqual(client.get("/headers", "X-Probe: x", "Connection: close").status, 200)
                client.end()
        with self.server("http") as server:
            base = harness.fds(server.pid)
            for _ in range(30):
                visit()
            memory = harness.rss(server.pid)
            for _ in range(3000):
                visit()
            block = b"".join(request(f"/{number}", "A: b", "C: d") for number in range(1000))
            with Client(server) as client:
                for _ in range(20):
                    client.send(block)
                    for number in range(1000):
                        client.response()
            harness.wait_until(lambda: harness.fds(server.pid) == base)
            harness.wait_until(lambda: harness.rss(server.pid) <= memory + 600,
                               f"{memory} KiB again, not {harness.rss(server.pid)}", timeout=harness.scaled(5))

    @harness.of_the_pools
    def test_a_handler_sees_the_path_of_an_absolute_target(self):
        """RFC 9112, 3.2.2: clients write it to proxies, but servers have to take it."""
        with self.server("course_http") as server, Client(server) as client:
            for target in ("http://test/network", "HTTP://test:80/network", "http://test/", "http://test"):
                self.assertEqual(client.get(target).body, b"<p>found</p>", target)
            self.assertEqual(client.get("http://network").status, 200)
            self.assertEqual(client.get("http://test/network/none").status, 404)

    @harness.of_the_pools
    def test_a_handler_that_forgets_the_terminator_finds_fresh_memory(self):
        """A thread that runs callbacks hands nothing back to free while a server serves: the course's
        own HTTP server copies the path with malloc(strlen(url)) and strncpy, and compares it with
        strcmp; it works only as long as malloc returns memory that nobody has used. 10,000 requests
        over 1,000 connections, every answer 200."""
        urls = ["/", "/network", "/a/longer/path"]
        block = b"".join(request(urls[number % 3], "User-Agent: a course client")
                         for number in range(5))
        with self.server("course_http") as server:
            for _ in range(10):
                # Many at once, of which half go early: what they had could be handed out again.
                clients = [Client(server) for _ in range(100)]
                for group in (clients, clients[::2], clients[1::2]):
                    for client in group:
                        client.send(block)
                    for client in group:
                        for _ in range(5):
                            self.assertEqual(client.response().status, 200)
                    if group is not clients:
                        for client in group:
                            client.half_close()
                            self.assertEqual(client.end(), b"")
                            client.socket.close()


if __name__ == "__main__":
    unittest.main()
