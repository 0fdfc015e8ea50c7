"""The HTTP server with the clients that people have: curl, ab, wrk, h2load, Python's own, and one
that loads pages as a browser does."""
import concurrent.futures
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase

BOTH = b"bytes \0 of any kind\0"
LONG = 60_000


def needs(tool):
    """scripts/setup installs them; CI has them all."""
    return unittest.skipUnless(shutil.which(tool) or os.environ.get("CI"), f"no {tool}")


def run(tool, *args, stdin=b""):
    """Runs a client, which has to succeed. Returns its stdout and stderr."""
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run([tool, *map(str, args)], input=stdin, capture_output=True, env=env,
                          timeout=3 * harness.TIMEOUT)
    if done.returncode != 0:
        raise AssertionError(f"{tool} {args}: status {done.returncode}, {done.stdout[-2000:]!r}, "
                             f"{done.stderr[-2000:]!r}")
    return done.stdout, done.stderr.decode()


def url(server, path="/"):
    return f"http://127.0.0.1:{server.port}{path}"


def shown(data):
    """Bytes as http_show writes them."""
    return b"".join(bytes([byte]) if 32 <= byte <= 126 and byte != 92 else b"\\x%02x" % byte
                    for byte in data)


@needs("curl")
@harness.matrix(threads=(2,))
class Curl(netcase.NetCase):
    def curl(self, *args, stdin=b""):
        return run("curl", "-q", "--silent", "--show-error", "--max-time", harness.TIMEOUT, *args, stdin=stdin)

    def each(self, *args):
        """For each URL: its status, how many connections were made for it, its body's size."""
        out, _ = self.curl("--write-out", "%{stderr}%{http_code} %{num_connects} %{size_download}\n", *args)
        return out, [tuple(map(int, line.split())) for line in _.splitlines()]

    def test_several_urls_on_one_connection(self):
        """Of a known length, in chunks, with an upload in between."""
        with self.server("http_later") as server:
            paths = ("/", "/later/parts/3", "/large/100000", "/stream/300000", "/later/end")
            out, seen = self.each(*(url(server, path) for path in paths))
            parts = b"part 0\npart 1\npart 2\n"
            self.assertEqual(out[:41], BOTH + parts)
            self.assertEqual(out[41:100041], netcase.pattern(100000))
            self.assertEqual(out[-10:], b"/later/end")
            sizes = (20, 21, 100000, 300000, 10)
            self.assertEqual(seen, [(200, int(number == 0), size) for number, size in enumerate(sizes)])

    def test_head(self):
        """curl waits for no body, and keeps the connection."""
        with self.server("http_later") as server:
            out, seen = self.each("--head", *(url(server, path)
                                              for path in ("/large/5000", "/later/parts/3", "/stream/70", "/")))
            self.assertEqual(seen, [(200, 1, 0), (200, 0, 0), (200, 0, 0), (200, 0, 0)])
            self.assertEqual(re.findall(rb"Content-Length: (\d+)\r\n", out), [b"5000", b"70", b"20"])
            self.assertEqual(out.count(b"Transfer-Encoding: chunked\r\n"), 1)

    def test_http_1_0(self):
        """Each ends with its connection, also one whose length isn't known."""
        with self.server("http_later") as server:
            out, seen = self.each("--http1.0", url(server), url(server, "/later/parts/2"), url(server))
            self.assertEqual(out, BOTH + b"part 0\npart 1\n" + BOTH)
            self.assertEqual(seen, [(200, 1, 20), (200, 1, 14), (200, 1, 20)])

    def test_posts(self):
        data = netcase.pattern(200_000)
        with self.server("http_show") as server:
            out, _ = self.curl("--data-binary", "@-", url(server, "/a?b=c%20d"), url(server, "/again"), stdin=data)
            self.assertEqual(out.count(b"\nbody " + shown(data) + b"\n"), 2)
            self.assertTrue(out.startswith(b"POST /a?b=c%20d\n"), out[:100])
            self.assertIn(b"\nparameter b c d\n", out)
            self.assertIn(b"\nPOST /again\n", out)
            out, _ = self.curl("--data-urlencode", "text=\u4f60 &", url(server))
            self.assertIn(b"\nbody text=%E4%BD%A0%20%26\n", out.replace(b"+", b"%20"))
            out, _ = self.curl("--form", "file=@-;filename=x", url(server), stdin=b"in a form")
            self.assertIn(b"\\x0d\\x0a\\x0d\\x0ain a form\\x0d\\x0a--", out)

    def test_an_upload_in_chunks_that_asks_first(self):
        """Without the interim response curl would wait for a minute."""
        data = netcase.pattern(300_000)
        with self.server("http_show") as server:
            for upload in ("-", __file__):
                content = data if upload == "-" else Path(__file__).read_bytes()
                out, err = self.curl("-v", "--upload-file", upload, "--header", "Expect: 100-continue",
                                     "--expect100-timeout", 60, url(server, "/to"), stdin=data)
                self.assertTrue(out.startswith(b"PUT /to\n"), out[:100])
                self.assertEqual(b"\nheader Transfer-Encoding chunked\n" in out, upload == "-")
                self.assertIn(b"\nbody " + shown(content) + b"\n", out)
                self.assertIn("< HTTP/1.1 100 Continue", err)

    def test_an_upload_that_is_too_large_isnt_sent(self):
        """The answer is 413 at once, in place of the interim one."""
        with self.server("http_limits", LONG, LONG, LONG, LONG, LONG, 0, 1000) as server:
            _, err = self.curl("--upload-file", __file__, "--header", "Expect: 100-continue",
                               "--expect100-timeout", 60, "--output", "/dev/null",
                               "--write-out", "%{stderr}%{http_code} %{size_upload}", url(server))
            self.assertEqual(err, "413 0")

    def test_parallel(self):
        """curl's parallel transfers: every transfer gets its own response."""
        with self.server("http_later") as server, tempfile.TemporaryDirectory() as place:
            self.curl("--parallel", "--parallel-max", 8, "--output", f"{place}/#1",
                      url(server, "/large/[1-100]001"))
            for number in range(1, 101):
                self.assertEqual(Path(place, str(number)).read_bytes(), netcase.pattern(number * 1000 + 1))


@harness.matrix(threads=(2,))
class Load(netcase.NetCase):
    """Load generators: all of their requests are answered, and well."""

    @needs("ab")
    def test_ab(self):
        """HTTP/1.0: a connection for each request, and with -k one for many; HEAD and POST as well."""
        with self.server("http_later") as server, tempfile.NamedTemporaryFile() as body:
            body.write(b"x" * 3000)
            body.flush()
            rounds = ((400, (), "/"), (2000, ("-k",), "/"), (200, ("-k",), "/large/100000"),
                      (300, ("-k", "-i"), "/large/100000"), (200, (), "/later/parts/3"),
                      (500, ("-k", "-p", body.name, "-T", "text/plain"), "/"))
            for count, options, path in rounds:
                with self.subTest(options=options, path=path):
                    out, _ = run("ab", "-q", "-r", "-n", count, "-c", 10, *options, url(server, path))
                    said = dict(re.findall(r"^([\w -]+):\s+(\d+)", out.decode(), re.M))
                    self.assertEqual((said["Complete requests"], said["Failed requests"]), (str(count), "0"))
                    self.assertEqual(said.get("Keep-Alive requests"), str(count) if "-k" in options else None)
                    self.assertNotIn("Non-2xx responses", said)
                    self.assertNotIn("Write errors", said)
            self.assertEqual(netcase.counts(server).messages, sum(count for count, *_ in rounds))

    @needs("wrk")
    def test_wrk(self):
        """Pipelined, of all kinds."""
        script = """
            local paths, at = {"/", "/later/x", "/large/5000", "/later/parts/5", "/now", "/stream/90000"}, 0
            request = function()
                local all = {}
                for i = 1, 4 do
                    at = at % #paths + 1
                    all[i] = wrk.format(at == 1 and "POST" or "GET", paths[at], nil, at == 1 and "a body" or nil)
                end
                return table.concat(all)
            end
            local count, bad = 0, 0
            setup = function(thread) mine = thread end
            response = function(status)
                seen = (seen or 0) + 1
                if status ~= 200 and status ~= 201 then wrong = (wrong or 0) + 1 end
            end
            done = function(summary)
                local e = summary.errors
                print("seen", mine:get("seen"), "wrong", mine:get("wrong") or 0, "errors",
                      e.connect + e.read + e.write + e.status + e.timeout)
            end
        """
        with self.server("http_later") as server, tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script)
            file.flush()
            out, _ = run("wrk", "-t", 1, "-c", 6, "-d", "1s", "-s", file.name, url(server))
            found = re.search(r"^seen\s+(\d+)\s+wrong\s+(\d+)\s+errors\s+(\d+)", out.decode(), re.M)
            self.assertIsNotNone(found, out)
            self.assertEqual(found.groups()[1:], ("0", "0"), out)
            # In flight when it ended: what 6 connections had asked for at most.
            self.assertGreater(int(found[1]), 100)
            self.assertLessEqual(int(found[1]), netcase.counts(server).messages)

    @needs("h2load")
    def test_h2load(self):
        with self.server("http_later") as server:
            total = 0
            for count, streams, paths in ((2000, 1, ("/",)), (2000, 1, ("/", "/later/x", "/later/parts/3")),
                                          (300, 1, ("/large/100000", "/stream/100000"))):
                out, _ = run("h2load", "--h1", "-n", count, "-c", 6, "-m", streams,
                             *(url(server, path) for path in paths))
                out = out.decode()
                self.assertIn(f"requests: {count} total, {count} started, {count} done, {count} succeeded, "
                              "0 failed, 0 errored, 0 timeout\n", out)
                self.assertIn(f"status codes: {count} 2xx, 0 3xx, 0 4xx, 0 5xx\n", out)
                total += count
            self.assertEqual(netcase.counts(server).messages, total)


@harness.matrix(threads=(0, 2))
class Python(netcase.NetCase):
    def test_http_client(self):
        """One connection for all methods, with bodies of every kind."""
        pieces = [b"one, ", b"two, " * 5000, b"three\r\n0\r\n\r\n"]
        with self.server("http_show") as server:
            client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=harness.TIMEOUT)
            client.connect()
            first = client.sock
            for _ in range(20):
                for method, body in (("GET", None), ("POST", b"a body"), ("PUT", iter(pieces)), ("HEAD", None),
                                     ("DELETE", None), ("POST", b""), ("PATCH", iter([])), ("OPTIONS", None)):
                    client.request(method, "/any?a=b", body, {"X-Mine": "yes"})
                    answer = client.getresponse()
                    data = answer.read()
                    self.assertEqual(answer.status, 200)
                    if method == "HEAD":
                        self.assertEqual(data, b"")
                        continue
                    sent = b"".join(pieces) if method == "PUT" else body if isinstance(body, bytes) else b""
                    self.assertTrue(data.startswith(f"{method} /any?a=b\n".encode()), data[:100])
                    self.assertTrue(data.endswith(b"\nbody " + shown(sent) + b"\n"), data[-100:])
                    self.assertEqual(b"\nheader Transfer-Encoding chunked\n" in data, method in ("PUT", "PATCH"))
                    self.assertIn(b"\nheader X-Mine yes\n", data)
            self.assertIs(client.sock, first, "the connection wasn't kept")
            client.close()

    def test_a_site_in_a_browser(self):
        """A page, and then what is on it over six connections at once; once more with all of them open."""
        page = "/later/page"
        parts = [f"/large/{size}" for size in (1, 700, 4096, 20_000, 65_536, 400_000)]
        parts += ["/", "/now", "/later/style.css", "/later/parts/40", "/later/parts/0", "/stream/250000"] * 2

        def fetch(browser, path, method="GET"):
            browser.request(method, path, headers={"Accept-Encoding": "gzip, deflate, br", "Cookie": "a=b; c=d"})
            answer = browser.getresponse()
            return answer.status, answer.read()

        def expected(path):
            kind, _, rest = path[1:].partition("/")
            if kind == "large":
                return 200, netcase.pattern(int(rest))
            if kind == "stream":
                return 200, b"\0" * int(rest)
            if path.startswith("/later/parts/"):
                return 200, b"".join(b"part %d\n" % i for i in range(int(path[13:])))
            return {"/": (200, BOTH), "/now": (201, b"now")}.get(path, (200, path.encode()))

        def work(browser, paths):
            return [(path, fetch(browser, path)) for path in paths]

        with self.server("http_later") as server, concurrent.futures.ThreadPoolExecutor(6) as pool:
            browsers = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=harness.TIMEOUT)
                        for _ in range(6)]
            base, sockets = harness.fds(server.pid), set()
            for _ in range(10):
                self.assertEqual(fetch(browsers[0], page), expected(page))
                # Spread over the connections, in turn.
                jobs = [pool.submit(work, browser, parts[number::6]) for number, browser in enumerate(browsers)]
                for job in jobs:
                    for path, answer in job.result():
                        self.assertTrue(answer == expected(path), path)
                sockets |= {browser.sock.getsockname() for browser in browsers}
            self.assertEqual(len(sockets), 6, "connections weren't kept")
            self.assertEqual(netcase.counts(server).messages, 10 * (1 + len(parts)))
            for browser in browsers:
                browser.close()
            harness.wait_until(lambda: harness.fds(server.pid) <= base)


if __name__ == "__main__":
    unittest.main()
