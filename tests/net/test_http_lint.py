"""httplint, a linter for HTTP messages, finds nothing wrong with the server's responses."""
import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
import packages
from httpclient import Client, request

LATER = [request(url) for url in ("/later/x", "/later/parts/3", "/later/exact/1")]
PLAIN = [
    request("/"),
    request("/html", "Connection: close"),
    request("/headers"),
    request("/missing"),
    request("/", method="HEAD"),
    request("/nothing"),
    request("/line", method="POST", body=b"hello"),
    request("/", version="HTTP/1.0"),
    request("/", "Connection: keep-alive", version="HTTP/1.0"),
]
REFUSED = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/2.0\r\n\r\n",
    request("/" + "a" * 9000),
    request("/", "X: " + "a" * 70000),
    request("/", "Expect: more"),
    request("/", "Content-Length: 99999999999"),
    request("/", "Transfer-Encoding: gzip"),
    request("https://a/"),
    request("a:443", method="CONNECT"),
]


FILES = [
    request("/page.html"),
    request("/page.html", method="HEAD"),
    request("/page.html", "Range: bytes=1-3"),
    request("/page.html", "Range: bytes=100-"),
    request("/page.html", "If-None-Match: *"),
    request("/page.html", "If-Match: \"x\""),
    request("/page.html", method="POST"),
    request("/folder"),
    request("/missing"),
]


def fields(lines):
    return [tuple(line.split(b": ", 1)) for line in lines]


def bad_notes(sent, received):
    """The bad things about a response, in httplint's words."""
    lint = packages.provide("httplint")
    line, *lines = sent.partition(b"\r\n\r\n")[0].split(b"\r\n")
    asked = lint.HttpRequestLinter()
    asked.process_request_topline(*line.split(b" "))
    asked.process_headers(fields(lines))
    asked.finish_content(True)
    top, blank, body = received.partition(b"\r\n\r\n")
    assert blank, received
    line, *lines = top.split(b"\r\n")
    response = lint.HttpResponseLinter()
    response.request = asked
    response.is_head_response = sent.startswith(b"HEAD ")
    response.process_response_topline(*line.split(b" ", 2))
    response.process_headers(fields(lines))
    if b"\r\nTransfer-Encoding: chunked" in top:
        body = b"".join(re.findall(rb"[0-9a-f]+\r\n(.*?)\r\n", body, re.DOTALL))
    response.feed_content(body)
    response.finish_content(True)
    # That an error is one is no news.
    is_status = re.compile(r"STATUS_(?!CODE|PHRASE)")
    return [f"{type(note).__name__}: {note.summary}" for note in response.notes
            if note.level.name == "BAD" and not is_status.match(type(note).__name__)]


@unittest.skipUnless(packages.provide("httplint"), "httplint can't be installed")
@harness.matrix(dispatchers=("epoll",), kinds=("so",), threads=(0,))
class Lint(netcase.NetCase):
    def assertClean(self, program, requests, *args):
        with self.server(program, *args) as server:
            for sent in requests:
                with self.subTest(request=sent[:60]), Client(server) as client:
                    client.send(sent)
                    client.half_close()
                    self.assertEqual(bad_notes(sent, client.end()), [])

    def test_responses(self):
        self.assertClean("http", PLAIN)

    def test_refusals(self):
        self.assertClean("http", REFUSED)

    def test_responses_in_parts(self):
        self.assertClean("http_later", LATER)

    def test_files(self):
        with tempfile.TemporaryDirectory() as root:
            Path(root, "folder").mkdir()
            Path(root, "page.html").write_text("<!DOCTYPE html><title>page</title>\n")
            self.assertClean("http_files", FILES, root, 0, "", 60, "route", 0)

    def test_it_would_be_told(self):
        """The linter finds what is wrong."""
        for head in (b"Content-Length: 7", b"Date: now\r\nContent-Length: 5",
                     b"Content-Length: 5\r\nContent-Length: 6", b"A B: c\r\nContent-Length: 5"):
            received = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\nhello"
            self.assertNotEqual(bad_notes(request("/"), received), [], head)


if __name__ == "__main__":
    unittest.main()
