"""Connections that come and go: descriptors, memory, resets, exhaustion."""
import os
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase

AT_ONCE = 2000
# KiB; a leak of 64 bytes per connection is more after 10,000 of them.
SLACK = 600


def churn(server, count, message=b"a short visit"):
    for _ in range(count):
        with server.connect() as client:
            client.sendall(message)
            harness.recv_exactly(client, len(message))


def crowd(server, count, message=b"one of many"):
    clients = [server.connect() for _ in range(count)]
    for client in clients:
        client.sendall(message)
    for client in clients:
        harness.recv_exactly(client, len(message))
    for client in clients:
        client.close()


@harness.matrix(threads=(0, 2))
class Churn(netcase.NetCase):
    @harness.matrix(threads=(0, 2), kinds=("so",))
    @harness.of_the_pools
    def test_D6_descriptors_and_memory_after_10000_connections(self):
        """10,000 connects and disconnects end with the fd count and the memory where they began,
        2,000 of them at once (D6: no fd is ever closed, nothing is ever freed)."""
        harness.open_files_wanted(AT_ONCE + 200)
        with self.server("echo", nofile=AT_ONCE + 200) as server:
            base = harness.fds(server.pid)
            churn(server, 20)
            self.assertSettles(server, base, 20)
            memory = harness.rss(server.pid)
            churn(server, 4000)
            crowd(server, AT_ONCE)
            churn(server, 4000)
            self.assertSettles(server, base, 10020)
            harness.wait_until(lambda: harness.rss(server.pid) <= memory + SLACK,
                               f"{memory} KiB again, not {harness.rss(server.pid)}", timeout=harness.scaled(5))

    def test_D6_1100_connections_with_64_descriptors(self):
        """D6: after about a thousand clients the server is dead."""
        with self.server("echo", nofile=64) as server:
            base = harness.fds(server.pid)
            churn(server, 1100)
            self.assertSettles(server, base, 1100)

    @harness.of_the_pools
    def test_memory_of_queued_output_comes_back(self):
        """Everything is freed after the closed callback, large queues too."""
        with self.server("push") as server:
            with server.connect() as client:
                client.sendall(b"send 1000\n")
                harness.recv_exactly(client, 1000)
            harness.wait_until(lambda: netcase.counts(server).closed == 1)
            memory = harness.rss(server.pid)
            for _ in range(10):
                with server.connect() as client:
                    client.sendall(b"send 20000000\n")
                    harness.recv_exactly(client, 1000000)
                    harness.abort(client)
            harness.wait_until(lambda: netcase.counts(server).closed == 11)
            harness.wait_until(lambda: harness.rss(server.pid) <= memory + 4096,
                               f"{memory} KiB again", timeout=harness.scaled(5))

    @harness.of_the_pools
    def test_an_idle_connection_is_small(self):
        """An idle connection holds no 64 KiB blocks: 1,000 of them after an echo each."""
        harness.open_files_wanted(1200)
        with self.server("echo", nofile=1200) as server:
            churn(server, 20)
            memory = harness.rss(server.pid)
            clients = [server.connect() for _ in range(1000)]
            for client in clients:
                client.sendall(b"x" * 64)
            for client in clients:
                harness.recv_exactly(client, 64)
            harness.wait_until(lambda: harness.rss(server.pid) <= memory + 1000,
                               f"no more than 1,000 KiB over {memory}", timeout=harness.scaled(5))

    @harness.of_the_pools
    def test_memory_of_large_input_comes_back(self):
        """An idle connection holds no large blocks after a large message."""
        with self.server("echo") as server:
            with server.connect() as first:
                first.sendall(b"x")
                harness.recv_exactly(first, 1)
                memory = harness.rss(server.pid)
                clients = [server.connect() for _ in range(10)]
                for client in clients:
                    data = os.urandom(4 << 20)
                    client.sendall(data)
                    self.assertEqual(harness.recv_exactly(client, len(data)), data)
                harness.wait_until(lambda: harness.rss(server.pid) <= memory + 4096,
                                   f"{memory} KiB again", timeout=harness.scaled(5))
                for client in clients:
                    client.close()


@harness.matrix(threads=(0, 2))
class Resets(netcase.NetCase):
    """D7: on EPOLLHUP/EPOLLERR the fd is closed under the map: the next event on that
    number trips an assertion or reaches a dead connection."""

    def resets(self, visit, program="echo", count=50):
        with self.server(program) as server:
            base = harness.fds(server.pid)
            for _ in range(count):
                visit(server)
                # The next client gets the number of the last one, as a rule.
                with server.connect() as client:
                    client.sendall(b"ping\n" if program == "push" else b"pong\n")
                    self.assertEqual(harness.recv_exactly(client, 5), b"pong\n")
            self.assertSettles(server, base, 2 * count)

    def test_D7_reset_before_the_first_byte(self):
        """A reset ends the connection at once, through its closed callback."""
        self.resets(lambda server: harness.abort(server.connect()))

    def test_D7_reset_after_sending(self):
        """A reset with bytes that the server hasn't read yet."""
        def visit(server):
            client = server.connect()
            client.sendall(b"x" * 1000)
            harness.abort(client)
        self.resets(visit)

    def test_D7_reset_in_the_middle_of_an_exchange(self):
        """A reset after an answer, with the next message under way."""
        def visit(server):
            client = server.connect()
            client.sendall(b"x" * 1000)
            harness.recv_exactly(client, 1000)
            client.sendall(b"y" * 100000)
            harness.abort(client)
        self.resets(visit)

    def test_D7_reset_with_output_queued(self):
        """A write error or a reset ends it at once, whatever is queued."""
        def visit(server):
            client = server.connect(rcvbuf=4096)
            client.sendall(b"send 8000000\n")
            harness.recv_exactly(client, 1000)
            harness.abort(client)
        self.resets(visit, "push", 20)

    def test_D7_reset_after_the_clients_half_close(self):
        """Reading has ended, output is queued, and then the connection is reset."""
        def visit(server):
            client = server.connect(rcvbuf=4096)
            client.sendall(b"send 8000000\n")
            client.shutdown(socket.SHUT_WR)
            harness.recv_exactly(client, 1000)
            harness.abort(client)
        self.resets(visit, "push", 20)

    def test_D7_reset_after_the_servers_half_close(self):
        """The server's side is shut down, and then the connection is reset."""
        def visit(server):
            client = server.connect()
            client.sendall(b"shutdown\n")
            self.assertEqual(client.recv(1), b"")
            harness.abort(client)
        self.resets(visit, "push")

    def test_D7_half_close_from_both_sides(self):
        """Both ends are shut down one after the other: closed once."""
        def visit(server):
            client = server.connect()
            client.sendall(b"shutdown\n")
            self.assertEqual(client.recv(1), b"")
            client.shutdown(socket.SHUT_WR)
            client.close()
        self.resets(visit, "push")

    def test_D7_close_with_unread_answer(self):
        """close() with bytes unread makes the kernel send a reset."""
        def visit(server):
            client = server.connect()
            client.sendall(b"x" * 100000)
            client.recv(1)
            client.close()
        self.resets(visit)

    def test_D7_a_crowd_resets_at_once(self):
        """Many hang-ups in one pass of the loop."""
        with self.server("echo") as server:
            base = harness.fds(server.pid)
            for _ in range(5):
                clients = [server.connect() for _ in range(100)]
                for client in clients:
                    client.sendall(b"x")
                for number, client in enumerate(clients):
                    harness.abort(client) if number % 2 else client.close()
                self.assertServed(server)
            self.assertSettles(server, base, 505)

    def test_D19_clients_that_reset_before_they_are_accepted(self):
        """D19: a failed accept runs the completed callback for fd -1 and leaks a connection."""
        with self.server("echo") as server:
            base = harness.fds(server.pid)
            server.signal(19)
            clients = [server.connect() for _ in range(100)]
            for client in clients:
                harness.abort(client)
            server.signal(18)
            self.assertServed(server)
            self.assertSettles(server, base)

    def test_D20_writing_to_a_peer_that_has_gone_raises_no_SIGPIPE(self):
        """Writing to a peer that has gone never raises SIGPIPE (D20: it kills a server that
        uses acceptor_init)."""
        with self.server("push") as server:
            base = harness.fds(server.pid)
            for _ in range(30):
                client = server.connect(rcvbuf=4096)
                client.sendall(b"send 1000000\n" + b"send 1000\n" * 50)
                client.close()
            for _ in range(30):
                client = server.connect(rcvbuf=4096)
                client.sendall(b"send 1000000\n" + b"send 1000\n" * 50)
                harness.abort(client)
            self.assertSettles(server, base, 60)


@harness.matrix(threads=(0, 2))
class OutOfDescriptors(netcase.NetCase):
    def test_clients_over_the_limit_make_no_busy_loop_and_serving_resumes(self):
        """Out of fds on accept: waiting clients are turned away or served later without a busy
        loop; serving resumes when fds are free."""
        with self.server("echo", nofile=40) as server:
            base = harness.fds(server.pid)
            clients = [server.connect() for _ in range(100)]
            served = []
            for client in clients:
                try:
                    client.sendall(b"x")
                except OSError:
                    pass
            for client in clients:
                client.settimeout(0.01 if served else harness.TIMEOUT)
                try:
                    if client.recv(1) == b"x":
                        served.append(client)
                except OSError:
                    pass
            self.assertGreater(len(served), 10)
            self.assertLess(len(served), 40)
            self.assertIdle(server.pid, 0.3)
            # Those that have their connection are served as before.
            for client in served:
                client.settimeout(harness.TIMEOUT)
                client.sendall(b"again")
                self.assertEqual(harness.recv_exactly(client, 5), b"again")
            for client in clients:
                client.close()
            for _ in range(50):
                self.assertServed(server)
            self.assertSettles(server, base)

    def test_waiting_clients_are_served_or_turned_away_when_one_leaves(self):
        """Serving resumes when fds are free, even without new clients."""
        with self.server("echo", nofile=24) as server:
            clients = [server.connect() for _ in range(60)]
            answers = 0
            for client in clients:
                # In order of arrival: each one leaves before the next one is looked at.
                try:
                    client.sendall(b"x")
                    answers += client.recv(1) == b"x"
                except ConnectionError:
                    pass
                client.close()
            self.assertGreater(answers, 5)
            self.assertServed(server)


if __name__ == "__main__":
    unittest.main()
