"""Every request of the corpus, whole, byte by byte and split at every point: each gets what its file
says, and nothing else."""
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import corpus
import harness
import netcase
from httpclient import Client, request

# Longer ones, whose middle is all alike, are split near both ends only.
EVERY_POINT_UP_TO = 400


def methods(case):
    """Of the requests, where an answer without a body is among them."""
    return ["HEAD"] if case.raw.startswith(b"HEAD ") else []


def points(raw):
    """Where a case is split."""
    if len(raw) <= EVERY_POINT_UP_TO:
        return range(1, len(raw))
    edge = EVERY_POINT_UP_TO // 2
    return [*range(1, edge), *range(len(raw) - edge, len(raw))]


class Form(unittest.TestCase):
    def test_files(self):
        """Each file has a reason and an expected result; there are accepted and refused ones."""
        cases = corpus.cases()
        self.assertGreater(len(cases), 200)
        for case in cases:
            self.assertRegex(case.name, r"^[a-z0-9_]+$")
            self.assertTrue(case.why and case.raw, case.name)
            for outcome in case.outcomes:
                self.assertRegex(outcome, r"^(200\n\S+ \S+\n|200$|[45]\d\d$)", case.name)
            # A refused request ends the connection.
            for outcome in case.outcomes[:-1]:
                self.assertTrue(outcome.startswith("200"), case.name)
        self.assertGreater(sum(case.is_refused for case in cases), 100)


@harness.matrix(threads=(0, 2))
class Corpus(netcase.NetCase):
    def assertReplays(self, server, case, pieces, what):
        found = corpus.replay(server, pieces, methods(case))
        if found != case.outcomes:
            self.fail(f"{case.name}, {what} ({case.why}): {found}, not {case.outcomes}")

    def in_turns(self, other, pieces):
        """The pieces; before each one but the first, the server has been round since the last."""
        for number, piece in enumerate(pieces):
            if number > 0:
                assert other.get("/").status == 200
            yield piece

    def test_whole(self):
        """In one piece, alone and after another request."""
        with self.server("http_show") as server:
            base = harness.fds(server.pid)
            first = request("/first")
            with Client(server) as client:
                [shown] = corpus.replay(server, [first])
            for case in corpus.cases():
                self.assertReplays(server, case, [case.raw], "whole")
                if not methods(case):
                    behind = case._replace(outcomes=[shown, *case.outcomes])
                    self.assertReplays(server, behind, [first + case.raw], "behind another")
            harness.wait_until(lambda: harness.fds(server.pid) == base)

    @harness.matrix(threads=(0,))
    def test_byte_by_byte(self):
        with self.server("http_show") as server, Client(server) as other:
            for case in corpus.cases():
                if len(case.raw) <= EVERY_POINT_UP_TO:
                    pieces = [bytes([byte]) for byte in case.raw]
                    self.assertReplays(server, case, self.in_turns(other, pieces), "byte by byte")

    @harness.matrix(threads=(0,), kinds=("so",))
    def test_split_at_every_point(self):
        with self.server("http_show") as server, Client(server) as other:
            for case in corpus.cases():
                for point in points(case.raw):
                    pieces = [case.raw[:point], case.raw[point:]]
                    self.assertReplays(server, case, self.in_turns(other, pieces), f"split at {point}")

    def test_refused_without_the_end_of_the_stream(self):
        """The server closes the connection of a refused request without waiting for the client's end."""
        with self.server("http_show") as server:
            for case in corpus.cases():
                if case.is_refused:
                    with Client(server) as client:
                        client.send(case.raw)
                        self.assertEqual(corpus.responses(client), case.outcomes, case.name)

    def test_the_body_comes_after_100_continue(self):
        """RFC 9110, 10.1.1: a client that waits for it gets it, at once and once; one that doesn't
        wait may get none."""
        for head, body in ((b"Content-Length: 5", b"hello"),
                           (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")):
            with self.server("http_show") as server, Client(server) as client:
                for _ in range(2):
                    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n" + head
                                + b"\r\n\r\n")
                    interim = harness.recv_exactly(client.socket, 25)
                    self.assertEqual(interim, b"HTTP/1.1 100 Continue\r\n\r\n")
                    for byte in body:
                        client.send(bytes([byte]))
                    self.assertIn(b"\nbody hello\n", client.response().body)
                client.half_close()
                self.assertEqual(client.end(), b"")


@harness.matrix(threads=(0, 2))
class Bodies(netcase.NetCase):
    def length_shown(self, response):
        return len(re.search(rb"^body (.*)$", response.body, re.MULTILINE).group(1))

    def assertMemory(self, server, limit):
        """Resident KiB; a sanitizer needs memory of its own."""
        if not harness.SANITIZER:
            self.assertLess(harness.rss(server.pid), limit)

    def test_sizes(self):
        """Bodies of any size, at once and in pieces, by length and in chunks."""
        with self.server("http_show") as server, Client(server) as client:
            for size in (1, 100, 3000, 4096, 8191, 8192, 70000, 1 << 20):
                body = b"x" * size
                self.assertEqual(self.length_shown(client.get("/", method="POST", body=body)), size)
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 5000]), body[at:at + 5000])
                                  for at in range(0, size, 5000))
                client.send(request("/", "Transfer-Encoding: chunked", method="POST")
                            + chunks + b"0\r\n\r\n" + request("/next"))
                self.assertEqual(self.length_shown(client.response()), size)
                self.assertTrue(client.response().body.startswith(b"GET /next\n"))

    def test_an_announced_body_costs_nothing(self):
        """1,000 clients announce 64 MiB each, and send a byte: memory follows what has arrived."""
        with self.server("http_show", nofile=4096) as server:
            with Client(server) as client:
                self.assertEqual(client.get("/").status, 200)
            base = harness.rss(server.pid)
            head = request("/", "Expect: 100-continue", "Content-Length: 67108864", method="POST")
            clients = [Client(server) for _ in range(1000)]
            for client in clients:
                client.send(head)
                self.assertEqual(harness.recv_exactly(client.socket, 25),
                                 b"HTTP/1.1 100 Continue\r\n\r\n")
                client.send(b"x")
            with Client(server) as client:
                self.assertEqual(client.get("/").status, 200)
            self.assertMemory(server, base + 40_000)
            for client in clients:
                client.socket.close()
            with Client(server) as client:
                self.assertEqual(client.get("/").status, 200)

    def test_clients_that_leave_within_a_body(self):
        """Nothing is left behind: descriptors, memory."""
        with self.server("http_show") as server:
            base, memory = harness.fds(server.pid), harness.rss(server.pid)
            for number in range(600):
                head = ("Content-Length: 1000000\r\n\r\n" if number % 2 else
                        "Transfer-Encoding: chunked\r\n\r\nfffff\r\n")
                with Client(server) as client:
                    client.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + head.encode()
                                + b"x" * (number * 997 % 200000))
            harness.wait_until(lambda: harness.fds(server.pid) == base)
            if not harness.SANITIZER:
                # An idle loop gives back what it kept.
                harness.wait_until(lambda: harness.rss(server.pid) < memory + 10_000, timeout=harness.scaled(5))


if __name__ == "__main__":
    unittest.main()
