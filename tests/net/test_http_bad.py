"""Malformed HTTP gets its status, complete, and then the end; nothing spins, crashes or leaks."""
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

MALFORMED = [
    b"\x00\x01\x02\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET  / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1 extra\r\n\r\n",
    b" GET / HTTP/1.1\r\n\r\n",
    b"G@T / HTTP/1.1\r\n\r\n",
    b"GET / FTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1x\r\n\r\n",
    b"GET / HTTP/11\r\n\r\n",
    b"GET / http/1.1\r\n\r\n",
    b"GET /a\tb HTTP/1.1\r\n\r\n",
    b"GET /\x7f\x01 HTTP/1.1\r\n\r\n",
    b"just some text\r\n\r\n",
    b"=========\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
    b"GET / HTTP/1.1\r\n: no name\r\n\r\n",
    b"GET / HTTP/1.1\r\nA b: blank in the name\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: nul \x00 here\r\n\r\n",
    b"GET / HTTP/1.1\r\n folded: first\r\n\r\n",
]

AMBIGUOUS = [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: 5, 6",
    b"Content-Length: -5",
    b"Content-Length: +5",
    b"Content-Length: 5x",
    b"Content-Length: 0x5",
    b"Content-Length: 5 5",
    b"Content-Length:",
    b"Content-Length : 5",
    b"Transfer-Encoding : chunked",
    b"X-Thing : space before the colon",
    b"X-Thing: a bare \r CR",
    b"X-Thing: one\r\n continued",
]


class BadCase(netcase.NetCase):
    def assertRefused(self, server, text, *statuses):
        """One complete response with a status of these, then the end of stream."""
        with self.subTest(text=text[:60]), Client(server) as client:
            client.send(text)
            response = client.response()
            self.assertIn(response.status, statuses)
            self.assertEqual(response.version, "HTTP/1.1")
            self.assertEqual((response.header("Connection") or "").lower(), "close")
            self.assertEqual(client.end(), b"", "more than one response")

    def assertStillServes(self, server):
        with Client(server) as client:
            self.assertEqual(client.get("/").body, b"hello")
        self.assertIdle(server.pid, 0.05)


@harness.matrix(threads=(0, 2))
class Malformed(BadCase):
    def test_D11_malformed_lines_get_400(self):
        """Malformed HTTP: 400, complete, then close (D11: a malformed request line ends the process
        through assert)."""
        with self.server("http") as server:
            base = harness.fds(server.pid)
            for text in MALFORMED:
                self.assertRefused(server, text, 400)
            self.assertStillServes(server)
            harness.wait_until(lambda: harness.fds(server.pid) == base)

    def test_D12_the_400_is_complete_and_nothing_goes_on_behind_it(self):
        """D12: the 400 reply is cut to 8 bytes; the connection goes on after it."""
        with self.server("http") as server, Client(server) as client:
            client.send(request("/first") + b"nonsense\r\n\r\n" + request("/behind"))
            self.assertEqual(client.response().body, b"/first")
            rest = client.end()
            self.assertRegex(rest, rb"\AHTTP/1\.1 400 Bad Request\r\n")
            head, blank, body = rest.partition(b"\r\n\r\n")
            self.assertEqual(blank, b"\r\n\r\n")
            length = re.search(rb"(?im)^Content-Length: (\d+)\r?$", head)
            self.assertEqual(int(length.group(1)), len(body))
            self.assertNotIn(b"/behind", rest)

    def test_a_refused_HEAD_has_no_body(self):
        """RFC 9110, 9.3.2: whatever the answer is."""
        with self.server("http") as server:
            for header, status in ((b"Expect: more", 417), (b"Content-Length: 99999999999", 413), (b"a b: c", 400)):
                with self.subTest(header=header), Client(server) as client:
                    client.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n\r\n")
                    answer = client.end()
                    self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer)
                    self.assertTrue(answer.endswith(b"\r\n\r\n") and answer.count(b"\r\n\r\n") == 1, answer)

    def test_a_HEAD_whose_line_is_refused_has_no_body(self):
        """As far as it can be recognised as one; empty lines before it don't count."""
        with self.server("http") as server:
            for line, status in ((b"HEAD / HTTP/2.0\r\n", 505), (b"HEAD https://a/ HTTP/1.1\r\n", 421),
                                 (b"HEAD a HTTP/1.1\r\n", 400), (b"\r\nHEAD / a\r\n", 400), (b"HEAD /\n", 400),
                                 (b"HEAD /" + b"u" * 10000, 414), (b"HEADS / HTTP/2.0\r\n", 505)):
                with self.subTest(line=line[:40]), Client(server) as client:
                    client.send(line)
                    answer = client.end()
                    self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer)
                    self.assertEqual(answer.endswith(b"\r\n\r\n"), not line.startswith(b"HEADS"), answer)
                    self.assertEqual(answer.count(b"\r\n\r\n"), 1, answer)

    def test_the_callback_is_not_asked_about_malformed_requests(self):
        """400 comes from the library, not from the callback."""
        with self.server("http") as server:
            self.assertRefused(server, b"GET / FTP/1.1\r\n\r\n", 400)
            self.assertEqual(netcase.counts(server).messages, 0)

    def test_ambiguous_framing_is_refused_never_guessed(self):
        """Both Content-Length and Transfer-Encoding, differing lengths, bare CR, space before the
        colon: refused, and the bytes behind are not taken for a request."""
        with self.server("http") as server:
            for headers in AMBIGUOUS:
                text = b"POST /line HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n"
                self.assertRefused(server, text + b"0\r\n\r\n" + request("/smuggled"), 400)
            self.assertStillServes(server)

    def test_malformed_requests_in_pieces(self):
        """The same byte by byte."""
        with self.server("http") as server, Client(server) as other:
            for text in MALFORMED[:6] + MALFORMED[-5:]:
                with self.subTest(text=text), Client(server) as client:
                    for byte in text:
                        try:
                            client.send(bytes([byte]))
                        except ConnectionError:
                            break
                        self.assertEqual(other.get("/").body, b"hello")
                    self.assertEqual(client.response().status, 400)
                    self.assertEqual(client.end(), b"")

    def test_bytes_that_are_no_HTTP_at_all(self):
        """All 256 bytes, a TLS greeting, a line without end: no crash, no spin."""
        with self.server("http") as server:
            base = harness.fds(server.pid)
            for text in (bytes(range(256)), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
                         b"\r\n" * 10, b"\n", b"\r", b"A" * 100, b"GET / HTTP/1.1\r\n" + b"\xff" * 300):
                with Client(server) as client:
                    client.send(text)
                    client.half_close()
                    client.end()
            self.assertStillServes(server)
            harness.wait_until(lambda: harness.fds(server.pid) == base)


@harness.matrix(threads=(0, 2))
class TooMuch(BadCase):
    def test_D11_500_headers(self):
        """D11: many headers (from the 385th) overrun the array."""
        with self.server("http") as server:
            for count in (100, 384, 385, 500, 5000):
                with self.subTest(count=count), Client(server) as client:
                    client.send(request("/probe", *[f"H{i}: {i}" for i in range(count)], "X-Probe: last"))
                    response = client.response()
                    self.assertIn(response.status, (200, 431) if count > 100 else (200,))
                    if response.status == 200:
                        self.assertEqual(response.body, b"last")
            self.assertStillServes(server)

    def test_D11_long_methods_urls_and_versions(self):
        """D11: one byte is written after method, URL and version."""
        with self.server("http") as server:
            for size in (1, 15, 16, 31, 100, 255, 1000, 4000):
                with self.subTest(size=size), Client(server) as client:
                    url = "/" + "u" * (size - 1)
                    if size > 1:
                        self.assertEqual(client.get(url).body, url.encode())
                    self.assertIn(client.get("/line", method="M" * size).status, (200, 400, 501))
            for size in (10, 100, 1000):
                self.assertRefused(server, b"GET / HTTP/1." + b"1" * size + b"\r\n\r\n", 400, 505)
            self.assertRefused(server, b"GET / HTTP/1." + b"1" * 100000 + b"\r\n\r\n", 400, 414, 505)
            self.assertStillServes(server)

    def test_a_method_too_long_gets_501(self):
        """RFC 9112, 3: longer than any that there is; whether its line ends or not, and in whatever pieces."""
        with self.server("http") as server:
            for size in (65, 1000, 8190, 8193, 20000):
                for end in (b"", b" / HTTP/1.1\r\nHost: a\r\n\r\n"):
                    if end or size > 8192:
                        self.assertRefused(server, b"M" * size + end, 501)
            with Client(server) as client:
                client.send(b"M" * 70)
                self.assertEqual(client.get("/", method="").status, 501)
            with Client(server) as client:
                self.assertEqual(client.get("/line", method="M" * 64).status, 200)
            self.assertStillServes(server)

    def test_a_url_too_long_gets_414(self):
        """414 URL too long."""
        with self.server("http") as server:
            self.assertRefused(server, request("/" + "u" * (1 << 20)), 414)
            self.assertStillServes(server)

    def test_headers_too_large_get_431(self):
        """431 headers too large, by one or by many."""
        with self.server("http") as server:
            self.assertRefused(server, request("/", "Large: " + "h" * (1 << 20)), 431)
            self.assertRefused(server, request("/", *[f"H{i}: {'h' * 100}" for i in range(10000)]), 431)
            self.assertStillServes(server)

    def test_a_header_without_end_is_refused_before_the_limit_of_the_input(self):
        """A line that never ends doesn't fill the memory: refused long before 64 MiB."""
        with self.server("http") as server:
            memory = harness.rss(server.pid)
            for start, statuses in ((b"GET /", (414,)), (b"GET / HTTP/1.1\r\nLarge: ", (431,)), (b"G", (501,))):
                with Client(server) as client:
                    try:
                        client.send(start + b"x" * (4 << 20))
                    except ConnectionError:
                        pass
                    self.assertIn(client.response().status, statuses)
            self.assertLess(harness.rss(server.pid), memory + 8192)
            self.assertStillServes(server)

    def test_a_body_too_large_gets_413(self):
        """413 body too large: for an absurd length, before the first byte."""
        with self.server("http") as server:
            for size in (b"99999999999999", b"18446744073709551617", b"9" * 100):
                text = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + b"\r\n\r\n"
                self.assertRefused(server, text, 413)
            self.assertStillServes(server)

    def test_an_unknown_transfer_coding_gets_501(self):
        """501 unknown transfer coding."""
        with self.server("http") as server:
            text = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: rot13\r\n\r\n" + request("/smuggled")
            self.assertRefused(server, text, 501)
            self.assertStillServes(server)

    def test_a_chunked_body_keeps_in_step_or_is_refused(self):
        """A body's bytes are never taken for a request: in step with the next one, or closed."""
        trap = request("/trapped")
        text = (b"POST /line HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + b"%x\r\n%s\r\n0\r\n\r\n" % (len(trap), trap))
        with self.server("http") as server, Client(server) as client:
            client.send(text + request("/next", "Connection: close"))
            first = client.response()
            if first.status == 200:
                self.assertEqual(first.body, b"POST /line HTTP/1.1")
                self.assertEqual(client.response().body, b"/next")
            else:
                self.assertIn(first.status, (411, 501))
            self.assertEqual(client.end(), b"")
            self.assertStillServes(server)

    def test_another_version_gets_505(self):
        """505 version."""
        with self.server("http") as server:
            for version in ("HTTP/2.0", "HTTP/3.7", "HTTP/0.9"):
                self.assertRefused(server, f"GET / {version}\r\nHost: x\r\n\r\n".encode(), 505)
            self.assertStillServes(server)

    def test_an_error_response_is_not_lost_to_a_reset(self):
        """400 complete, then close: also when the client is still sending. A close with bytes unread
        would make the kernel send a reset, which eats the response."""
        for size in (1000, 100000, 1 << 20):
            with self.subTest(size=size), self.server("http") as server:
                base = harness.fds(server.pid)
                for _ in range(10):
                    with Client(server) as client:
                        client.send(b"nonsense\r\n\r\n" + b"x" * size)
                        client.half_close()
                        response = client.response()
                        self.assertEqual(response.status, 400)
                        self.assertEqual(client.end(), b"")
                harness.wait_until(lambda: harness.fds(server.pid) == base)

    def test_a_closing_response_is_not_lost_to_a_reset(self):
        """The same for a 200 that closes, with more requests under way behind it."""
        with self.server("http") as server:
            for _ in range(10):
                with Client(server) as client:
                    client.send(request("/close") + request("/more") * 20000)
                    client.half_close()
                    self.assertEqual(client.response().body, b"bye")
                    self.assertEqual(client.end(), b"")


if __name__ == "__main__":
    unittest.main()
