"""The access log: one entry for each response, from whatever source, and its content."""
import re
import sys
import time
import unittest
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

SHORT = 150
LINE = re.compile(r'^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
                  r'"((?:[^"\\]|\\.)*)" (-|\d{3}) (-|\d+) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$')


class Entry(NamedTuple):
    status: int
    cut: int
    bytes: int
    microseconds: int
    with_request: int
    url: str
    line: str


@harness.matrix(threads=(0, 2))
class Access(netcase.NetCase):
    def logging(self, answer=0, head=0):
        return self.server("http_access", answer, head)

    def entries(self, server, count):
        """So many entries, which are all there are."""
        found = []
        for number in range(1, count + 1):
            text = server.wait_line(r"^log (.*)$", 0, count=number).group(1)
            fields, line = text.split(" | ", 1)
            *numbers, url = fields.split(" ")
            found.append(Entry(*map(int, numbers), url, line))
        server.ask("stats", "^responses")
        self.assertEqual(len([line for line in server.lines if line.startswith("log ")]), count)
        return found

    def assertLine(self, entry, asked, status, size, referer="-", agent="-"):
        match = LINE.match(entry.line)
        self.assertIsNotNone(match, entry.line)
        self.assertEqual(match.groups(), (asked, status, size, referer, agent))

    def test_what_a_line_says(self):
        """As the client wrote it, whatever the callback does to the request's strings."""
        with self.logging() as server, Client(server) as client:
            client.get("/plain/a?b=c", "Referer: http://x/ y", "User-Agent: a/1 (b; c)")
            client.get("/plain/", method="HEAD")
            client.get("/plain/b", method="POST", body=b"some")
            one, head, post = self.entries(server, 3)
            self.assertEqual(one[:3] + one[4:6], (200, 0, 5, 1, "/plain/a?b=c"))
            self.assertLine(one, "GET /plain/a?b=c HTTP/1.1", "200", "5", "http://x/ y", "a/1 (b; c)")
            self.assertEqual(head[:3], (200, 0, 0))
            self.assertLine(head, "HEAD /plain/ HTTP/1.1", "200", "-")
            self.assertLine(post, "POST /plain/b HTTP/1.1", "200", "5")

    def test_a_pipeline(self):
        """In order, those of the library and of other threads among them."""
        asks = [("GET", "/plain/1", 200), ("GET", "/none", 404), ("PUT", "/held", 405),
                ("GET", "/later/whole", 200), ("OPTIONS", "/held", 204), ("GET", "/plain/%zz", 400),
                ("GET", "/later/parts", 201), ("OPTIONS", "*", 204), ("GET", "/plain/2", 200)]
        with self.logging() as server, Client(server) as client:
            client.send(b"".join(request(url, method=method) for method, url, _ in asks))
            found = self.entries(server, len(asks))
            self.assertEqual([(e.url, e.status, e.cut) for e in found],
                             [(url, status, 0) for _, url, status in asks])
            self.assertEqual([e.bytes for e in found], [5, 9, 18, 5, 0, 11, 7, 0, 5])
            self.assertEqual({e.with_request for e in found}, {1})

    def test_absolute_targets(self):
        """The log, the routes and the program have the same path."""
        with self.logging() as server, Client(server) as client:
            self.assertEqual(client.get("http://a/plain/x?y=z").status, 200)
            self.assertEqual(client.get("http://a").status, 404)
            one, two = self.entries(server, 2)
            self.assertLine(one, "GET /plain/x?y=z HTTP/1.1", "200", "5")
            self.assertLine(two, "GET / HTTP/1.1", "404", "9")

    def test_what_isnt_served(self):
        """The library's own responses: the entry has the parts of the request that were understood."""
        host = "Host: a\r\n"
        with self.logging() as server:
            cases = [("nonsense\r\n", 400, "-"),
                     ("GET /a HTTP/1.1\r\n\r\n", 400, "GET /a HTTP/1.1"),
                     ("GET /a HTTP/2.0\r\n", 505, "-"),
                     (f"GET /{'a' * 2000}", 414, "-"),
                     (f"GET /b HTTP/1.1\r\n{host}A: {'a' * 4000}", 431, "GET /b HTTP/1.1"),
                     (f"PUT /c HTTP/1.1\r\n{host}Content-Length: 1001\r\n\r\n", 413, "PUT /c HTTP/1.1"),
                     (f"PUT /d HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n", 501, "PUT /d HTTP/1.1"),
                     (f"GET /e HTTP/1.1\r\n{host}Expect: more\r\n", 417, "GET /e HTTP/1.1")]
            for number, (data, status, asked) in enumerate(cases):
                with Client(server) as client:
                    client.send(data.encode())
                    body = client.response().body
                    entry = self.entries(server, number + 1)[-1]
                    self.assertEqual(entry[:3], (status, 0, len(body)))
                    self.assertLine(entry, asked, str(status), str(len(body)))

    def test_deadlines(self):
        """408 and 503 are told as the connection ends."""
        with self.logging(answer=SHORT, head=SHORT) as server:
            for number, (data, status, url) in enumerate((
                    (b"GET /a", 408, "-"),
                    (b"GET /b HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\nX: ", 408, "/b"),
                    (request("/held", "User-Agent: me"), 503, "/held"))):
                with Client(server) as client:
                    client.send(data)
                    self.assertEqual(client.response().status, status)
                    self.assertEqual(client.end(), b"")
                entry = self.entries(server, number + 1)[-1]
                self.assertEqual((entry.status, entry.cut, entry.url, entry.with_request),
                                 (status, 0, url, 0))
                self.assertEqual(entry.line.endswith('"me"'), number > 0)
            # A response that is too late gets no entry either.
            server.ask("release", "^released$")
            self.entries(server, 3)

    def test_a_late_answer_to_a_503(self):
        """Given while the connection waits for its end."""
        with self.logging(answer=SHORT) as server, Client(server) as client:
            client.send(request("/held"))
            self.assertEqual(client.response().status, 503)
            server.ask("release", "^released$")
            client.socket.close()
            entry, = self.entries(server, 1)
            self.assertEqual((entry.status, entry.cut, entry.url), (503, 0, "/held"))

    def test_the_client_goes_first(self):
        """Nothing, or a part, was sent: told as the connection ends, and not again with the answer."""
        for url, status, size in (("/held", 0, 0), ("/begun", 202, 4)):
            with self.logging() as server:
                with Client(server) as client:
                    client.send(request(url, "User-Agent: me") + request("/plain/behind"))
                    harness.wait_until(lambda: netcase.counts(server).messages == 1)
                    harness.abort(client.socket)
                entry, = self.entries(server, 1)
                self.assertEqual(entry[:3] + entry[4:6], (status, 1, size, 0, url))
                self.assertLine(entry, f"GET {url} HTTP/1.1", str(status or "-"), str(size or "-"),
                                agent="me")
                server.ask("release", "^released$")
                with Client(server) as client:
                    client.get("/plain/")
                self.entries(server, 2)

    def test_broken_off(self):
        """By the program: fewer bytes than it had announced, or closed in the callback."""
        with self.logging() as server:
            for number, (url, status, size) in enumerate((("/later/short", 201, 7), ("/close", 0, 0))):
                with Client(server) as client:
                    client.send(request(url) + request("/plain/"))
                    try:
                        client.end()
                    except ConnectionResetError:
                        pass
                entry = self.entries(server, number + 1)[-1]
                self.assertEqual(entry[:3] + entry[5:6], (status, 1, size, url))

    def test_files(self):
        """A large file gets its entry when it has been sent, before later requests get theirs."""
        size = 16 << 20
        for url in (f"/file/{size}?then=", f"/later/file/{size}?then="):
            with self.logging() as server:
                with Client(server, rcvbuf=4096) as client:
                    client.send(request(url, "User-Agent: me") + request("/plain/")
                                + request("/file/1000?then=") + request(url, "Connection: close"))
                    with Client(server) as other:
                        other.get("/plain/other")
                    self.entries(server, 1)
                    for length in (size, 5, 1000, size):
                        self.assertEqual(len(client.response().body), length)
                    self.assertEqual(client.end(), b"")
                found = self.entries(server, 5)[1:]
                self.assertEqual([e[:3] for e in found], [(200, 0, n) for n in (size, 5, 1000, size)])
                self.assertLine(found[0], f"GET {url} HTTP/1.1", "200", str(size), agent="me")
                self.assertLine(found[3], f"GET {url} HTTP/1.1", "200", str(size))

    def test_files_that_are_cut_off(self):
        """Aborted by the client, or because the file has become shorter: the entry says how much was sent."""
        size = 16 << 20
        with self.logging() as server:
            with Client(server, rcvbuf=4096) as client:
                client.send(request(f"/file/{size}?then=") + request("/plain/"))
                harness.recv_exactly(client.socket, 1000)
                harness.abort(client.socket)
            entry, = self.entries(server, 1)
            self.assertEqual((entry.status, entry.cut), (200, 1))
            self.assertTrue(0 < entry.bytes < size, entry)
            for number, (length, most) in enumerate(((size, size - 1), (1000, 0))):
                with Client(server) as client:
                    client.send(request(f"/file/{length}?then=shorter") + request("/plain/"))
                    rest = b""
                    try:
                        while part := client.socket.recv(1 << 18):
                            rest += part
                    except ConnectionResetError:
                        pass
                    self.assertNotIn(b"hello", rest)
                found = [e for e in self.entries(server, number + 2) if f"/file/{length}?" in e.url]
                self.assertEqual((found[-1].status, found[-1].cut), (200, 1))
                self.assertLessEqual(found[-1].bytes, most)

    def test_how_long_it_took(self):
        """From the first byte to the end of the response."""
        with self.logging() as server, Client(server) as client:
            client.send(request("/held"))
            harness.wait_until(lambda: netcase.counts(server).messages == 1)
            start = time.monotonic()
            for _ in range(20):
                netcase.counts(server)
            least = time.monotonic() - start
            server.ask("release", "^released$")
            self.assertEqual(client.response().body, b"held")
            start = time.monotonic()
            client.get("/plain/")
            most = time.monotonic() - start
            held, plain = self.entries(server, 2)
            self.assertGreaterEqual(held.microseconds, least * 1_000_000 - 1)
            self.assertLess(held.microseconds, 60_000_000)
            # The time of another request is its own.
            self.assertLessEqual(plain.microseconds, most * 1_000_000 + 1)

    def test_half_a_request_has_no_entry(self):
        """Nor has a connection without one."""
        with self.logging() as server:
            for data in (b"", b"GET /plain/ HTTP/1.1\r\nHost", request("/plain/") + b"POST / HT"):
                with Client(server) as client:
                    client.send(data)
                    client.half_close()
                    client.end()
            self.assertEqual([e.url for e in self.entries(server, 1)], ["/plain/"])

    def test_hostile_requests(self):
        """Whatever comes, an entry is one line of printable ASCII, and its quotes are its own."""
        odd = bytes(byte for byte in range(256) if byte not in b"\r\n")
        target = bytes(byte for byte in range(0x21, 256) if byte not in b"#\x7f")
        value = bytes(byte for byte in range(0x20, 256) if byte != 0x7f)
        forged = b'" 200 1 "-" "-"\\x0a127.0.0.1 - - '
        with self.logging() as server:
            cases = [b"GET /" + target + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: " + value + b"\r\nReferer: \t"
                     + value[::-1] + b"\tx\r\n\r\n",
                     b"GET /" + forged.replace(b" ", b"+") + b" HTTP/1.1\r\nHost: a\r\nUser-Agent: "
                     + forged + b"\r\n\r\n",
                     b"GET /a\x1b[2J HTTP/1.1\r\n\r\n", b"GET /a HTTP/1.1\r\nHost: a\r\nB: \x00\r\n\r\n",
                     b"GET /a\nforged HTTP/1.1\r\n\r\n", b"GET /a HTTP/1.1\r\nUser-Agent: a\nb\r\n\r\n",
                     odd + b"\r\n\r\n", b"GET /a HTTP/1.1\r\nHost: a\r\n" + odd + b": b\r\n\r\n"]
            for number, data in enumerate(cases):
                with Client(server) as client:
                    client.send(data)
                    self.assertLessEqual(client.response().status, 404)
                    entry = self.entries(server, number + 1)[-1]
                    self.assertRegex(entry.line, r"^[ -~]*$")
                    self.assertRegex(entry.line, LINE)
            agent = self.entries(server, len(cases))[2].line
            self.assertTrue(agent.endswith(r'"\" 200 1 \"-\" \"-\"\\x0a127.0.0.1 - -"'), agent)

    def test_as_many_as_responses(self):
        """Many clients on whatever threads."""
        with self.logging() as server:
            clients = [Client(server) for _ in range(20)]
            for number, client in enumerate(clients):
                client.send(request(f"/plain/{number}") * 10 + request("/none") + request("/later/whole"))
            for client in clients:
                for _ in range(12):
                    client.response()
            found = self.entries(server, 240)
            server.ask("stats", "^responses 240$")
            self.assertEqual(sum(e.status == 404 for e in found), 20)
            for number in range(20):
                self.assertEqual(sum(e.url == f"/plain/{number}" for e in found), 10)


if __name__ == "__main__":
    unittest.main()
