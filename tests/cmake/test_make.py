"""The Makefile's demo, as it is used at a terminal."""
import contextlib
import os
import signal
import unittest
import urllib.request

import harness

# It may have to build first.
TIMEOUT = harness.scaled(240)


class Demo(unittest.TestCase):
    limit = 300

    def test_serves_until_ctrl_c(self):
        # In a session of its own, because a terminal's Ctrl-C reaches make and the server alike.
        command = ("setsid", "make", "-C", harness.ROOT, "demo", "PORT=0")
        with harness.Server(*command, env={"YOLANDA_LOG": None}, port=False) as make:
            try:
                self.check(make)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(make.pid, signal.SIGKILL)

    def check(self, make):
        port = make.wait_line(r"^listening on port (\d+)$", timeout=TIMEOUT).group(1)
        self.assertIn("in a browser:", make.output)
        url = f"http://127.0.0.1:{port}/network"
        with urllib.request.urlopen(url, timeout=harness.TIMEOUT) as answer:
            self.assertEqual(answer.read(), b"hello, network programming\n")
        # On a busy machine make is the last to see the signal.
        os.sched_setscheduler(make.pid, os.SCHED_IDLE, os.sched_param(0))
        os.killpg(make.pid, signal.SIGINT)
        self.assertIn(make.wait_end(), (0, -signal.SIGINT))
        self.assertIn("event loop end, main thread", make.output)
        self.assertNotIn("***", make.output)


if __name__ == "__main__":
    unittest.main()
