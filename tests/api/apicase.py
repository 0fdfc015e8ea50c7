"""Runs the C programs of this folder and makes a test of each of their cases."""
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

FOLDER = Path(__file__).resolve().parent
# Programs with a malloc, free, pthread_create, accept4 or send of their own.
OWN_LIBC = {"memory", "no_memory", "server_race", "accept_errors", "threads", "wakeup"}


def cases(name):
    """The names of the cases in NAME.c, in their order."""
    text = (FOLDER / f"{name}.c").read_text()
    rows = re.findall(r"^BAD\((\w+), (\w+),", text, re.MULTILINE)
    return re.findall(r"^CASE\((\w+)\)", text, re.MULTILINE) + [f"{a}__{b}" for a, b in rows]


class ApiCase(unittest.TestCase):
    """A test on one variation of the matrix; `harness.matrix` sets it."""
    variation = harness.Variation("epoll", "so")
    maxDiff = None

    def check(self, name, cflags=(), env=None):
        """Runs tests/api/NAME.c; each of its cases that fails is a failure of its own."""
        if harness.SANITIZER and name in OWN_LIBC:
            self.skipTest("defines functions that are the sanitizer's")
        binary = harness.program(str(FOLDER / f"{name}.c"), self.variation.kind, cflags)
        done = harness.run(binary, timeout=harness.scaled(100),
                           env={**self.variation.env, "YOLANDA_LOG": None, **(env or {})})
        verdicts = re.findall(r"^(ok|FAIL) (\w+)$", done.stdout, re.MULTILINE)
        start = 0
        for verdict, case in verdicts:
            end = done.stdout.index(f"{verdict} {case}\n", start)
            details, start = done.stdout[start:end], end + len(f"{verdict} {case}\n")
            if verdict == "FAIL":
                with self.subTest(program=name, case=case):
                    self.fail(f"{name}.c, {case}:\n{details}")
        ran = [case for _, case in verdicts]
        self.assertLessEqual(set(cases(name)), set(ran), "cases that didn't run")
        if all(verdict == "ok" for verdict, _ in verdicts):
            self.assertEqual((done.status, done.stderr), (0, ""))
        return ran
