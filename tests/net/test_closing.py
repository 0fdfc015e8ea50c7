"""Programs that close descriptors themselves, and connections that they make themselves."""
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase


@harness.matrix(threads=(0, 2))
class CloseByTheProgram(netcase.NetCase):
    """Programs worked around the original by close(channel->fd), in the closed callback or
    earlier: the library closes only if the number still names the same socket."""

    def test_close_in_the_closed_callback(self):
        """close(fd) in the closed callback, with new clients that take the number at once."""
        with self.server("closing", "closed") as server:
            base = harness.fds(server.pid)
            for _ in range(200):
                self.assertServed(server)
            crowd = [server.connect() for _ in range(50)]
            for turn, client in enumerate(crowd):
                client.close()
                # Taken while the others' callbacks still run.
                self.assertServed(server)
            self.assertSettles(server, base, 300)

    def test_a_number_taken_by_a_file_of_the_program_is_not_closed(self):
        """close(fd) in the closed callback, and open() reuses the number, which isn't the connection's any more."""
        self.taken("taken")

    def test_a_number_taken_by_a_socket_of_the_program_is_not_closed(self):
        """Not merely a socket: the same one."""
        self.taken("socket")

    def taken(self, mode):
        with self.server("closing", mode) as server:
            base = harness.fds(server.pid)
            self.assertServed(server)
            server.wait_line(" closed$")
            for _ in range(5):
                self.assertServed(server)
            server.wait_line(" closed$", count=6)
            server.ask("look", "^mine open")
            self.assertSettles(server, base + 1, 6)

    def test_close_in_the_message_callback(self):
        """close(fd) in the message callback; the next client gets the number at once and is served;
        the old one gets its closed callback, and no close."""
        with self.server("closing", "message") as server:
            base = harness.fds(server.pid)
            for _ in range(100):
                with server.connect() as client:
                    client.sendall(b"x")
                    self.assertEqual(harness.recv_all(client), b"")
                with server.connect() as client:
                    for _ in range(3):
                        client.sendall(b"served")
                        self.assertEqual(harness.recv_exactly(client, 6), b"served")
            # Some more at once: one of them gets the last number that the program closed.
            last = [server.connect() for _ in range(4)]
            for client in last:
                client.sendall(b"served")
                self.assertEqual(harness.recv_exactly(client, 6), b"served")
            for client in last:
                client.close()
            self.assertSettles(server, base, 204)

    def test_close_in_the_message_callback_with_the_newcomer_staying(self):
        """The same with several at once, newcomers that stay, and bytes under way for the dead."""
        with self.server("closing", "message") as server:
            base = harness.fds(server.pid)
            stayed = []
            for turn in range(20):
                leaving = [server.connect() for _ in range(5)]
                for client in leaving:
                    client.sendall(b"x")
                for client in leaving:
                    self.assertEqual(harness.recv_all(client), b"")
                    client.close()
                stayed += [server.connect() for _ in range(5)]
                for number, client in enumerate(stayed):
                    client.sendall(netcase.spread(number))
                for number, client in enumerate(stayed):
                    wanted = netcase.spread(number)
                    self.assertEqual(harness.recv_exactly(client, len(wanted)), wanted)
            for client in stayed:
                client.close()
            self.assertSettles(server, base, 200)

    @harness.matrix(threads=(0, 2), dispatchers=("poll",))
    def test_close_in_the_message_callback_shows_at_once_under_poll(self):
        """Where poll reports POLLNVAL, a connection gets its closed callback and no close."""
        with self.server("closing", "message") as server:
            for turn in range(1, 11):
                with server.connect() as client:
                    client.sendall(b"x")
                    self.assertEqual(harness.recv_all(client), b"")
                server.wait_line(" closed$", count=turn)

    def test_close_in_the_completed_callback(self):
        """connectionClosedCallBack once for every connection whose completed callback ran, also when
        registering it failed."""
        with self.server("closing", "completed") as server:
            base = harness.fds(server.pid)
            for _ in range(30):
                with server.connect() as client:
                    try:
                        self.assertEqual(client.recv(1), b"")
                    except ConnectionError:
                        pass
            self.assertSettles(server, base, 30)


@harness.matrix()
class OwnConnections(netcase.NetCase):
    """tcp_connection_new called by the program."""

    def runs(self, mode):
        result = harness.run(self.binary("newconn"), mode, env=self.variation.env)
        self.assertEqual((result.status, result.stderr), (0, "ok\n"), result.stdout)

    def test_on_a_socket_pair(self):
        """An end of a Unix socket pair; the library closes it in the end."""
        self.runs("socketpair")

    def test_on_pipes(self):
        """A connection made on something that isn't a socket (pipe, tty) works, with read and write."""
        self.runs("pipe")

    def test_on_a_broken_pipe(self):
        """... and without SIGPIPE. Errors found by a send are reported from the loop's pass."""
        self.runs("broken")

    @unittest.skipUnless(os.access("/dev/ptmx", os.W_OK), "no pseudo terminals here")
    def test_on_a_terminal(self):
        """A connection on a tty works, with read and write."""
        self.runs("tty")

    def test_from_a_foreign_thread(self):
        """tcp_connection_new on a foreign thread: completed before it returns, then served on the
        loop's thread; the connection may be gone when it returns."""
        self.runs("foreign")


if __name__ == "__main__":
    unittest.main()
