"""An echo server: every byte comes back, to one client and to many."""
import os
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import harness
import netcase

SIZES = (1, 2, 63, 64, 1023, 1024, 65535, 65536, 65537, 131072, 1 << 20)


@harness.matrix(threads=(0, 2))
class Echo(netcase.NetCase):
    def test_one_message(self):
        """Received bytes reach the message callback; bytes that it sends reach the client."""
        with self.server("echo") as server, server.connect() as client:
            client.sendall(b"hello")
            self.assertEqual(harness.recv_exactly(client, 5), b"hello")

    def test_messages_of_many_sizes(self):
        """buffer_socket_read reads with up to 65,536 bytes more than the writeable space."""
        with self.server("echo") as server, server.connect() as client:
            for size in SIZES:
                data = os.urandom(size)
                self.assertEqual(harness.exchange(client, data), data, f"{size} bytes")

    def test_send_data_of_many_sizes(self):
        """tcp_connection_send_data: order is kept, and bytes that the socket didn't accept are queued, not lost."""
        with self.server("echo", "data") as server, server.connect() as client:
            for size in SIZES:
                data = os.urandom(size)
                self.assertEqual(harness.exchange(client, data), data, f"{size} bytes")

    def test_64_parallel_clients(self):
        """Each of 64 clients gets its own bytes, round after round."""
        with self.server("echo") as server:
            clients = [server.connect() for _ in range(64)]
            for turn in range(20):
                for number, client in enumerate(clients):
                    client.sendall(netcase.spread(number * 100 + turn))
                for number, client in enumerate(clients):
                    wanted = netcase.spread(number * 100 + turn)
                    self.assertEqual(harness.recv_exactly(client, len(wanted)), wanted)
            for client in clients:
                client.close()

    def test_garbage_returned_by_callbacks_is_ignored(self):
        """The return values of callbacks are always ignored: many course callbacks end without `return`."""
        with self.server("echo", "garbage") as server:
            base = harness.fds(server.pid)
            for _ in range(10):
                with server.connect() as client:
                    for size in (1, 1000, 300000):
                        data = os.urandom(size)
                        self.assertEqual(harness.exchange(client, data), data)
            self.assertSettles(server, base, 10)

    def test_D4_8_MB_through_one_connection_with_a_slow_reader(self):
        """D4: anything that a socket doesn't take at once stalls for ever or corrupts memory."""
        data = os.urandom(8 << 20)
        with self.server("echo") as server, server.connect(rcvbuf=4096) as client:
            client.sendall(data)
            self.assertEqual(harness.recv_exactly(client, len(data)), data)
            harness.wait_until(lambda: netcase.counts(server).written > 0,
                               "the write-completed callback after a held back write")

    def test_D4_8_MB_at_the_same_time_on_8_connections(self):
        """D4, several connections with queued output at once."""
        blocks = [os.urandom(1 << 20) for _ in range(8)]
        with self.server("echo", "data") as server:
            clients = [server.connect(rcvbuf=4096) for _ in blocks]
            for client, data in zip(clients, blocks):
                client.sendall(data)
            for client, data in zip(clients, blocks):
                self.assertEqual(harness.recv_exactly(client, len(data)), data)
                client.close()

    def test_D7_everything_is_echoed_after_the_peers_half_close(self):
        """The peer's end of stream ends reading, not sending: what is queued is sent first."""
        data = os.urandom(4 << 20)
        with self.server("echo") as server, server.connect(rcvbuf=4096) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(harness.recv_all(client), data)

    def test_a_firehose_does_not_stop_others(self):
        """Other connections are served while one sends without end (fairness)."""
        with self.server("echo", "busy") as server:
            base = harness.fds(server.pid)
            script = ("import socket,sys\n"
                      "s=socket.create_connection(('127.0.0.1',int(sys.argv[1])))\n"
                      "b=bytes(1<<20)\n"
                      "while True: s.sendall(b)\n")
            hose = subprocess.Popen([sys.executable, "-c", script, str(server.port)],
                                    stderr=subprocess.DEVNULL)
            try:
                harness.wait_until(lambda: netcase.counts(server).messages > 10, "the firehose")
                for _ in range(50):
                    # It answers nothing: its end of stream shows that it got there.
                    with server.connect() as client:
                        client.sendall(b"served")
                        client.shutdown(socket.SHUT_WR)
                        self.assertEqual(client.recv(1), b"")
                self.assertIsNone(hose.poll(), "the firehose has ended")
            finally:
                hose.kill()
                hose.wait()
            self.assertSettles(server, base, 51)

    def test_signals_do_not_disturb(self):
        """EINTR in a wait or a read ends nothing."""
        with self.server("echo") as server, server.connect() as client:
            for turn in range(100):
                client.sendall(b"x")
                netcase.counts(server)
                self.assertEqual(harness.recv_exactly(client, 1), b"x")


@harness.matrix(threads=(0, 2))
class ManyConnections(netcase.NetCase):
    def test_D18_1500_connections_each_served(self):
        """D18: the poll back end serves 1,024 fds, and loses the rest."""
        harness.open_files_wanted(2000)
        with self.server("echo", nofile=4000) as server:
            base = harness.fds(server.pid)
            clients = [server.connect() for _ in range(1500)]
            for turn in range(2):
                for number, client in enumerate(clients):
                    client.sendall(netcase.spread(number))
                for number, client in enumerate(clients):
                    wanted = netcase.spread(number)
                    self.assertEqual(harness.recv_exactly(client, len(wanted)), wanted)
            self.assertEqual(netcase.counts(server).completed, 1500)
            for client in clients[::2] + clients[1::2]:
                client.close()
            self.assertSettles(server, base, 1500)

    def test_D19_waiting_clients_are_accepted_in_batches(self):
        """D19: accept takes one connection per wake-up."""
        with self.server("echo", env={"YOLANDA_LOG": "msg"}) as server:
            server.signal(19)
            harness.wait_until(lambda: harness.state(server.pid) == "T", "the server to stop")
            clients = [server.connect() for _ in range(200)]
            server.signal(18)
            for number, client in enumerate(clients):
                client.sendall(netcase.spread(number))
            for number, client in enumerate(clients):
                wanted = netcase.spread(number)
                self.assertEqual(harness.recv_exactly(client, len(wanted)), wanted)
                client.close()
            server.wait_line("new connection established, socket == ", count=200)
            output = server.output
            listening = self.listening_fd(server)
            wakeups = output.count(f"fd == {listening}, revents=")
            self.assertGreater(wakeups, 0)
            self.assertLess(wakeups, 100)

    def listening_fd(self, server):
        for entry in Path(f"/proc/{server.pid}/fd").iterdir():
            link = os.readlink(entry)
            if link.startswith("socket:") and link[8:-1] in listening_inodes(server.port):
                return entry.name
        self.fail("no listening socket")


def listening_inodes(port):
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}


if __name__ == "__main__":
    unittest.main()
