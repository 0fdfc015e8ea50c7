"""Routes from a client's point of view: which handler answers, and the response if none does."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

ALLOW = {"/": "GET, HEAD, OPTIONS", "/users": "GET, POST, HEAD, OPTIONS",
         "/users/7/posts/8": "GET, DELETE, HEAD, OPTIONS",
         "/users/me/posts/8": "GET, DELETE, HEAD, OPTIONS",
         "/static/": "GET, HEAD, OPTIONS", "/own/head": "HEAD, GET, OPTIONS"}


@harness.matrix(threads=(0, 2))
class Routes(netcase.NetCase):
    def no_content(self, client, data):
        """Sends bytes; the response, which has to be a 204 without a body or a length (RFC 9110, 8.6)."""
        client.send(data)
        while b"\r\n\r\n" not in client.rest:
            client._more()
        head, client.rest = client.rest.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        self.assertEqual(lines[0], "HTTP/1.1 204 No Content")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        self.assertNotIn("Content-Length", headers)
        self.assertNotIn("Content-Type", headers)
        return headers

    def test_each_has_its_handler(self):
        with self.shared("http_routes") as server, Client(server) as client:
            for method, url, body in (
                    ("GET", "/", "/ GET"),
                    ("GET", "/users?id=3", "/users GET"),
                    ("GET", "http://other/users", "/users GET"),
                    ("POST", "/users", "/users POST"),
                    ("GET", "/users/7/posts/a%20b",
                     "/users/:id/posts/:post GET id=[7] post=[a b]"),
                    ("DELETE", "/users/7/posts/%E4%BD%A0",
                     "/users/:id/posts/:post DELETE id=[7] post=[\u4f60]"),
                    ("GET", "/users/me/posts/8", "/users/me/posts/:post GET post=[8]"),
                    ("DELETE", "/users/me/posts/8", "/users/:id/posts/:post DELETE id=[me] post=[8]"),
                    ("GET", "/static/a/b.css", "/static/* GET *=[a/b.css]"),
                    ("GET", "/static/", "/static/* GET *=[]"),
                    ("GET", "/users/a%2Fb/posts/c%2fd",
                     "/users/:id/posts/:post GET id=[a/b] post=[c/d]"),
                    ("BREW", "/any", "/any BREW"),
                    ("OPTIONS", "/any", "/any OPTIONS"),
                    ("GET", "/later/a%2Fb", "later GET id=[a/b]")):
                response = client.get(url, method=method)
                self.assertEqual((response.status, response.body.decode()), (200, body), url)

    def test_head_goes_with_get(self):
        """RFC 9110, 9.3.2: what GET would be answered, without the body."""
        with self.shared("http_routes") as server, Client(server) as client:
            for url in ("/", "/users/7/posts/8", "/static/x", "/later/7"):
                # The body tells the method, which is longer by one.
                size = len(client.get(url).body) + 1
                response = client.get(url, method="HEAD")
                self.assertEqual((response.status, response.header("Content-Length")), (200, str(size)))
            # /any has no GET, and takes it; one of its own comes first.
            self.assertEqual(client.get("/any", method="HEAD").header("Content-Length"), "9")
            self.assertEqual(client.get("/own/head", method="HEAD").header("Content-Length"), "14")

    def test_unknown_paths_get_404(self):
        """The connection stays, whatever the method, and a body is taken off the wire."""
        with self.server("http_routes") as server, Client(server) as client:
            for url in ("/nothing", "/users/", "/Users", "/users/7", "/users//posts/8", "/static", "//",
                        "/users%2F7/posts/8", "/static/../users", "/static/%2e%2e/users",
                        "/static/..%2Fusers", "/./users", "/users/../users/7/posts/8"):
                for method in ("GET", "POST", "OPTIONS"):
                    response = client.get(url, method=method, body=b"x" * 100_000)
                    self.assertEqual((response.status, response.reason, response.body),
                                     (404, "Not Found", b"Not Found"), url)
                    self.assertEqual(response.header("Content-Type"), "text/plain")
                    self.assertEqual(response.header("Connection"), "Keep-Alive")
                self.assertEqual(client.get(url, method="HEAD").header("Content-Length"), "9")
            self.assertEqual(client.get("/").body, b"/ GET")
            self.assertEqual(netcase.counts(server).messages, 1)

    def test_malformed_paths_get_400(self):
        with self.shared("http_routes") as server, Client(server) as client:
            for url in ("/static/%", "/static/%4", "/%zz", "/users%00", "/nothing/%u1234"):
                self.assertEqual(client.get(url).status, 400, url)
            self.assertEqual(client.get("/").body, b"/ GET")

    def test_other_methods_get_405(self):
        """RFC 9110, 15.5.6: with Allow."""
        with self.shared("http_routes") as server, Client(server) as client:
            for url, allow in ALLOW.items():
                for method in ("PUT", "get", "BREW"):
                    response = client.get(url, method=method, body=b"something")
                    self.assertEqual((response.status, response.reason, response.body),
                                     (405, "Method Not Allowed", b"Method Not Allowed"), url)
                    self.assertEqual(response.header("Allow"), allow)

    def test_options(self):
        """RFC 9110, 9.3.7: the methods of a path; for the server itself there is nothing to list."""
        with self.shared("http_routes") as server, Client(server) as client:
            for url, allow in ALLOW.items():
                headers = self.no_content(client, request(url, method="OPTIONS"))
                self.assertEqual(headers["Allow"], allow)
            self.assertNotIn("Allow", self.no_content(client, request("*", method="OPTIONS")))
            headers = self.no_content(client, request("/", method="OPTIONS", version="HTTP/1.0"))
            self.assertEqual(headers["Connection"], "close")
            self.assertEqual(client.end(), b"")

    def test_a_pipeline(self):
        """In order, those of other threads and those of the library among them."""
        asks = [("GET", "/users"), ("POST", "/"), ("GET", "/later/1"), ("GET", "/none"), ("HEAD", "/users"),
                ("GET", "/later/2"), ("GET", "/%zz"), ("GET", "/static/" + "x" * 7000)]
        wanted = [(200, b"/users GET"), (405, b"Method Not Allowed"), (200, b"later GET id=[1]"),
                  (404, b"Not Found"), (200, b""), (200, b"later GET id=[2]"), (400, b"Bad Request"),
                  (200, b"/static/* GET *=[" + b"x" * 7000 + b"]")]
        data = b"".join(request(url, method=method) for method, url in asks)
        with self.shared("http_routes") as server, Client(server) as client:
            for size in (len(data), 1000, 7):
                for at in range(0, len(data), size):
                    client.send(data[at:at + size])
                for (method, url), (status, body) in zip(asks, wanted):
                    response = client.response(head=method == "HEAD")
                    self.assertEqual((response.status, response.body), (status, body), url)

    def test_a_body(self):
        with self.shared("http_routes") as server, Client(server) as client:
            response = client.get("/users", method="POST", body=b"x" * 300_000)
            self.assertEqual(response.body, b"/users POST body 300000")

    @harness.of_the_pools
    def test_they_keep_no_memory(self):
        """Long parameters, which need more memory than a request contains."""
        with self.shared("http_routes") as server, Client(server) as client:
            url = "/users/" + "a%2F" * 900 + "/posts/" + "b" * 3000
            body = b"/users/:id/posts/:post GET id=[" + b"a/" * 900 + b"] post=[" + b"b" * 3000 + b"]"
            for _ in range(100):
                self.assertTrue(client.get(url).body == body)
            before = harness.rss(server.pid)
            for _ in range(1000):
                client.get(url)
            self.assertLess(harness.rss(server.pid), before + 512)


if __name__ == "__main__":
    unittest.main()
