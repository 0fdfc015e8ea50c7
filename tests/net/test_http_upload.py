"""Bodies of any size, given to the program in parts."""
import sys
import threading
import unittest
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase
from httpclient import Client, request

BLOCK = 1 << 20


def head(url, *headers):
    return request(url, *headers, method="POST")


def by_chunks(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


@harness.matrix(threads=(0, 2))
class Upload(netcase.NetCase):
    def upload(self, server, client, url, blocks, chunked):
        """Sends a body of so many blocks; the server's answer, and by how many KiB its memory grew."""
        before, most, added = harness.rss(server.pid), 0, 1
        block = netcase.pattern(BLOCK)
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {blocks * BLOCK}"
        client.send(head(url, framing))
        for _ in range(blocks):
            client.send(by_chunks(block) if chunked else block)
            added = zlib.adler32(block, added)
            most = max(most, harness.rss(server.pid))
        if chunked:
            client.send(b"0\r\n\r\n")
        self.assertEqual(client.response().body, b"%d %d" % (blocks * BLOCK, added))
        return most - before

    def test_large_ones_need_little_memory(self):
        """64 MiB, as much as the server collects at most; and the connection goes on."""
        with self.server("http_upload") as server, Client(server) as client:
            self.upload(server, client, "/sum", 1, False)
            for chunked in (False, True):
                grown = self.upload(server, client, "/sum", 64, chunked)
                if not harness.SANITIZER:
                    self.assertLess(grown, 4096)
            self.assertEqual(client.get("/").body, b"hello")

    def test_a_slow_consumer_makes_the_client_wait(self):
        with self.server("http_upload") as server, Client(server) as client:
            self.upload(server, client, "/slow", 1, False)
            for chunked in (False, True):
                grown = self.upload(server, client, "/slow", 8, chunked)
                if not harness.SANITIZER:
                    self.assertLess(grown, 2048)

    def test_many_small_chunks(self):
        data = netcase.pattern(20_000)
        with self.server("http_upload") as server, Client(server) as client:
            chunks = b"".join(by_chunks(data[at:at + 3]) for at in range(0, len(data), 3))
            for url in ("/sum", "/slow")[:1 if harness.SANITIZER else 2]:
                client.send(head(url, "Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")
                self.assertEqual(client.response().body, b"%d %d" % (len(data), zlib.adler32(data)))

    def test_pipelined(self):
        with self.server("http_upload") as server, Client(server) as client:
            bodies = [netcase.pattern(size) for size in (1, 10, 1000, 100_000, 7, 65_536, 65_535)]
            sender = threading.Thread(target=client.send, args=(b"".join(
                head("/slow" if i % 2 else "/sum", f"Content-Length: {len(body)}") + body + request("/")
                for i, body in enumerate(bodies)),))
            sender.start()
            for body in bodies:
                self.assertEqual(client.response().body, b"%d %d" % (len(body), zlib.adler32(body)))
                self.assertEqual(client.response().body, b"hello")
            sender.join()

    def test_clients_that_go(self):
        """Each body has its one end."""
        with self.server("http_upload") as server:
            for number in range(20):
                client = server.connect()
                client.sendall(head("/slow" if number & 1 else "/sum", "Content-Length: 1000000"))
                client.sendall(netcase.pattern(1000 * number))
                harness.wait_until(lambda: netcase.counts(server).completed == number + 1)
                if number & 2:
                    harness.abort(client)
                else:
                    client.close()
            harness.wait_until(lambda: netcase.counts(server).closed == 20)
            with Client(server) as client:
                self.upload(server, client, "/sum", 1, True)
            counts = netcase.counts(server)
            self.assertEqual((counts.completed, counts.closed, counts.messages), (21, 20, 1))

    def test_refused(self):
        """A complete answer, whether the client waits for it or not, and no 100 Continue."""
        with self.server("http_upload") as server:
            for headers, body in ((("Expect: 100-continue",), b""), ((), netcase.pattern(300_000))):
                with Client(server) as client:
                    client.send(head("/refuse", "Content-Length: 300000", *headers) + body)
                    response = client.response()
                    self.assertEqual((response.status, response.body), (403, b"Forbidden"))
                    self.assertEqual(client.end(), b"")

    def test_too_large(self):
        """By its length: before any of it is sent. By its chunks: when they become too many."""
        with self.server("http_upload") as server:
            for text in (head("/sum", f"Content-Length: {(100 << 20) + 1}", "Expect: 100-continue"),
                         head("/sum", "Transfer-Encoding: chunked") + b"4\r\nbody\r\n6400000\r\n"):
                with Client(server) as client:
                    client.send(text)
                    self.assertEqual(client.response().status, 413)
                    self.assertEqual(client.end(), b"")
            self.assertEqual(netcase.counts(server).closed, 2)


if __name__ == "__main__":
    unittest.main()
