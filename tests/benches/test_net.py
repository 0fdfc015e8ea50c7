"""benches/net: everything compiles without a warning, the load generator notices a wrong byte, and the runner gets a
result from the library's servers."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness

FOLDER = harness.ROOT / "benches" / "net"
PLACE = harness.BIN / "bench-net"


def make(*arguments):
    command = ["make", "-s", "-C", FOLDER, f"OUT={PLACE}", f"CFLAGS={' '.join(harness.CFLAGS)}", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@unittest.skipIf(harness.SANITIZER, "measures the release library")
class Net(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with harness.locked("bench-net"):
            cls.made = make("programs", "yolanda", f"YOL_CFLAGS=-I{harness.INCLUDE}",
                            f"YOL_LIBS={' '.join(harness.link_flags('so'))}")

    def setUp(self):
        self.assertEqual((self.made.stderr, self.made.returncode), ("", 0))

    def load(self, server, mode, *options):
        """The result of a load of four connections; on a busy machine a moment may be too short for an answer."""
        for _ in range(5):
            done = harness.run(PLACE / "loadgen", "-t", harness.TIMEOUT, *options,
                               mode, "127.0.0.1", server.port, 4, 1000, 4, 0.1, 0)
            self.assertEqual((done.status, done.stderr), (0, ""))
            said = json.loads(done.stdout.splitlines()[-1])
            if any(said.get(name) for name in ("total_ops", "mbps", "echoed", "mismatch")):
                return said
        self.fail(f"nothing came back: {said}")

    def test_load_generator(self):
        with harness.Server(harness.program("tests/net/echo.c", "so"), 0) as server:
            for mode in ("pingpong", "churn", "bulk", "burst", "idle"):
                said = self.load(server, mode)
                faults = {name: count for name, count in said.items()
                          if name in ("e_connect", "e_reset", "e_eof", "mismatch", "missing_bytes", "no_echo") and count}
                self.assertEqual(faults, {}, mode)
            # An echo isn't rot13.
            self.assertEqual(self.load(server, "pingpong", "-r")["mismatch"], 4)

    @unittest.skipUnless(all(map(shutil.which, ("ss", "taskset"))), "needs iproute2 and util-linux")
    def test_runner(self):
        workloads = ["echo64x1", *(["http64"] if shutil.which("wrk") else [])]
        with tempfile.TemporaryDirectory() as folder:
            stored = Path(folder, "run.json")
            command = [FOLDER / "compare.py", "--bin", PLACE, "--no-netns", "--base", "epoll_raw", "-s", "epoll_raw,ours",
                       "-w", ",".join(workloads), "-r", "1", "-d", "0.1", "--warmup", "0", "--budget", "0", "--retries", "0",
                       "--json", stored]
            # On a busy machine a server may be too late for its first client, which counts as a failure.
            for _ in range(5):
                done = subprocess.run(command, capture_output=True, text=True, timeout=harness.scaled(60),
                                      env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
                self.assertEqual(done.returncode, 0, done.stderr)
                samples = json.loads(stored.read_text())["samples"]
                if not any(one["fails"] for one in samples):
                    break
        taken = [(one["workload"], one["server"], one["fails"]) for one in samples]
        self.assertEqual(taken, [(workload, name, []) for workload in workloads for name in ("epoll_raw", "ours")])
        self.assertTrue(all(one["value"] > 0 and one["cpu_us"] > 0 for one in samples), samples)
        for workload in workloads:
            self.assertIn(f"### {workload}\n", done.stdout)


if __name__ == "__main__":
    unittest.main()
