"""Forms of both kinds and cookies, with clients that cut what they send anywhere."""
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

BOUNDARY = b"----WebKitFormBoundary7MA4YWxkTrZu0gW"
MULTIPART = f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}"
URLENCODED = "Content-Type: application/x-www-form-urlencoded"
CHUNKED = "Transfer-Encoding: chunked"


def part(name, data, filename=None, kind=None):
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"'
    if kind is not None:
        head += f"\r\nContent-Type: {kind}"
    return head.encode() + b"\r\n\r\n" + data


def multipart(*parts):
    return b"".join(b"--" + BOUNDARY + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + BOUNDARY + b"--\r\n"


def line(name, data, filename=None, kind=None):
    return f"{name}|{'-' if filename is None else filename}|{kind or '-'}|{len(data)}|{zlib.adler32(data)}\n".encode()


def chunks(*pieces):
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"


# Data that looks like a boundary for as long as it can.
FIELDS = (("a", b"1"), ("empty", b""), ("b", b"\r\n--" + BOUNDARY[:-1] + b"\r\r\n-", "x.bin", "image/png"),
          ("c", b"\r\n\r\n--", ""))
SMALL = multipart(*(part(*field) for field in FIELDS))
EXPECTED = b"".join(line(*field) for field in FIELDS)


@harness.matrix(threads=(0, 2))
class Forms(netcase.NetCase):
    def test_cut_everywhere(self):
        """By chunks, and in two sends."""
        with self.shared("http_forms") as server, Client(server) as client:
            for at in range(len(SMALL) + 1):
                client.send(request("/form", MULTIPART, CHUNKED, method="POST") + chunks(SMALL[:at], SMALL[at:]))
                response = client.response()
                self.assertEqual((response.status, response.body), (200, EXPECTED), at)
            head = request("/form", MULTIPART, f"Content-Length: {len(SMALL)}", method="POST")
            for at in range(0, len(SMALL), 7):
                client.send(head + SMALL[:at])
                client.send(SMALL[at:])
                self.assertEqual(client.response().body, EXPECTED, at)

    def test_byte_by_byte(self):
        with self.shared("http_forms") as server, Client(server) as client:
            pieces = [SMALL[i:i + 1] for i in range(len(SMALL))]
            for url in ("/form", "/slow"):
                client.send(request(url, MULTIPART, CHUNKED, method="POST") + chunks(*pieces))
                self.assertEqual(client.response().body, EXPECTED)

    def test_large_files_need_little_memory(self):
        block, blocks = netcase.pattern(1 << 20), 32
        head = b"--" + BOUNDARY + b"\r\n" + part("file", b"", "large")
        tail = b"\r\n--" + BOUNDARY + b"--"
        size = len(head) + blocks * len(block) + len(tail)
        with self.server("http_forms") as server, Client(server) as client:
            client.send(request("/form", MULTIPART, method="POST", body=SMALL))
            self.assertEqual(client.response().body, EXPECTED)
            before, most, added = harness.rss(server.pid), 0, 1
            client.send(request("/form", MULTIPART, f"Content-Length: {size}", method="POST") + head)
            for _ in range(blocks):
                client.send(block)
                added = zlib.adler32(block, added)
                most = max(most, harness.rss(server.pid))
            client.send(tail)
            self.assertEqual(client.response().body, f"file|large|-|{blocks << 20}|{added}\n".encode())
            if not harness.SANITIZER:
                self.assertLess(most - before, 4096)

    def test_beginnings_of_boundaries(self):
        """Each search that fails goes on behind what it has seen."""
        with self.shared("http_forms") as server, Client(server) as client:
            for unit in (b"\r", b"\r\n", b"\r\n--", b"\r\n--" + BOUNDARY[:-1]):
                data = unit * ((1 << 20) // len(unit))
                client.send(request("/form", MULTIPART, method="POST", body=multipart(part("a", data))))
                self.assertEqual(client.response().body, line("a", data), unit)

    def test_malformed(self):
        """The program is told, and answers; the connection stays."""
        cases = (b"nothing", SMALL[:-5], b"--" + BOUNDARY + b"x\r\n", multipart(b"X: y\r\n\r\n1"),
                 multipart(part("a", b"1").replace(b"\r\n", b"\n")), multipart(part("a" * 500, b"1")),
                 multipart(*(part("a", b"1") for _ in range(101))))
        with self.shared("http_forms") as server, Client(server) as client:
            for body in cases:
                for framing in (f"Content-Length: {len(body)}", CHUNKED):
                    client.send(request("/form", MULTIPART, framing, method="POST"))
                    client.send(chunks(*(body[i:i + 3] for i in range(0, len(body), 3))) if framing == CHUNKED else body)
                    self.assertEqual(client.response().status, 400, body)
            client.send(request("/form", MULTIPART, method="POST", body=multipart(part("stop", b""))))
            self.assertEqual(client.response().status, 403)
            client.send(request("/form", MULTIPART, method="POST", body=SMALL))
            self.assertEqual(client.response().body, EXPECTED)

    def test_other_types_are_refused(self):
        with self.shared("http_forms") as server:
            for kind in ("text/plain", "multipart/form-data", "multipart/mixed; boundary=a"):
                with Client(server) as client:
                    client.send(request("/form", f"Content-Type: {kind}", "Content-Length: 9", "Expect: 100-continue",
                                        method="POST"))
                    self.assertEqual(client.response().status, 415)
                    self.assertEqual(client.end(), b"")

    def test_clients_that_go(self):
        """What a form holds is given back once, wherever its client leaves."""
        with self.server("http_forms") as server:
            head = request("/form", MULTIPART, f"Content-Length: {len(SMALL)}", method="POST")
            cuts = range(0, len(SMALL), 29)
            for number, at in enumerate(cuts):
                client = server.connect()
                client.sendall(head + SMALL[:at])
                harness.wait_until(lambda: netcase.counts(server).completed == number + 1)
                if number & 1:
                    harness.abort(client)
                else:
                    client.close()
            harness.wait_until(lambda: netcase.counts(server).written == len(cuts))
            self.assertEqual(netcase.counts(server).closed, len(cuts))

    def test_urlencoded(self):
        fields = (("name", "Ada & L."), ("empty", ""), ("you", "\u4f60\u597d" * 400), ("name", "2+2=4"))
        body = urlencode(fields).encode()
        expected = "".join(f"{name}={value}\n" for name, value in fields).encode()
        streamed = b"".join(line(name, value.encode()) for name, value in fields)
        with self.shared("http_forms") as server, Client(server) as client:
            client.send(request("/fields", URLENCODED, method="POST", body=body))
            self.assertEqual(client.response().body, expected)
            for size in (1, 2, 3, 100, len(body)):
                pieces = chunks(*(body[i:i + size] for i in range(0, len(body), size)))
                for url in ("/fields", "/form"):
                    client.send(request(url, URLENCODED, CHUNKED, method="POST") + pieces)
                    self.assertEqual(client.response().body, expected if url == "/fields" else streamed, size)
            for url in ("/fields", "/form"):
                for malformed in (b"a=%zz", b"a=b&c=%2", b"a=%00"):
                    client.send(request(url, URLENCODED, method="POST", body=malformed))
                    self.assertEqual(client.response().status, 400)
            client.send(request("/fields", "Content-Type: text/plain", method="POST", body=b"a=b"))
            self.assertEqual(client.response().status, 415)

    @unittest.skipUnless(shutil.which("curl"), "no curl")
    def test_curl(self):
        data = netcase.pattern(300_000)
        with self.shared("http_forms") as server, tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            done = subprocess.run(
                ["curl", "-sS", "--max-time", str(harness.scaled(20)), "-F", "a=1", "-F", "b=two words",
                 "-F", f'file=@{file.name};filename=a "b".bin;type=image/png', f"http://127.0.0.1:{server.port}/form"],
                capture_output=True, check=True)
            lines = done.stdout.splitlines(keepends=True)
            self.assertEqual(lines[:2], [line("a", b"1"), line("b", b"two words")])
            # Its versions differ in how they write a quote.
            self.assertEqual(lines[2].replace(b"%22", b'"'), line("file", data, 'a "b".bin', "image/png"))


@harness.matrix()
class Cookies(netcase.NetCase):
    def test_in_and_out(self):
        with self.shared("http_forms") as server, Client(server) as client:
            response = client.get("/cookies", "Cookie: a=1; b=\"2\"", "cookie:c=x=y;d;;e = 5", "X: f=6")
            self.assertEqual(response.body, b"a=1\nb=2\nc=x=y\nd=\ne=5\n")
            found = SimpleCookie()
            for name, value in response.headers:
                if name == "Set-Cookie":
                    found.load(value)
            self.assertEqual({name: morsel.value for name, morsel in found.items()},
                             {"a": "1", "b": "2", "c": "x=y", "d": "", "e": "5"})
            for morsel in found.values():
                self.assertEqual((morsel["path"], morsel["max-age"], morsel["httponly"], morsel["secure"]),
                                 ("/", "60", True, ""))

    def test_nothing_is_injected(self):
        with self.shared("http_forms") as server, Client(server) as client:
            response = client.get("/cookies", "Cookie: a=b c; d=e,f; g=\tx; h\t=\xe4; i j=k; l=\"m\\\"; n=o")
            cookies = [value for name, value in response.headers if name == "Set-Cookie"]
            self.assertEqual(cookies, ["g=x; Path=/; Max-Age=60; HttpOnly", "n=o; Path=/; Max-Age=60; HttpOnly"])


if __name__ == "__main__":
    unittest.main()
