"""crossed.c under memcheck: no error, and nothing left at the end. AddressSanitizer says the same where it
is there (tests/sanitize); memcheck needs no special compiler."""
import shutil
import subprocess
import unittest

import crossedcase
import harness

VALGRIND = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=all",
            "--errors-for-leak-kinds=all",
            f"--suppressions={harness.ROOT}/tests/cmake/memcheck.supp")


@unittest.skipIf(harness.SANITIZER, "one tool at a time")
@unittest.skipUnless(shutil.which("valgrind"), "no valgrind")
class Memcheck(crossedcase.CrossedCase):
    @classmethod
    def setUpClass(cls):
        # As for the examples: with plain malloc, and not in the release profile, which has the pools.
        subprocess.run(["cargo", "build", "--quiet", "--features", "plain-malloc"], cwd=harness.ROOT,
                       check=True)
        harness.BIN.mkdir(parents=True, exist_ok=True)
        cls.binary = harness.BIN / "crossed-memcheck"
        subprocess.run(
            ["gcc", *harness.CFLAGS, "-I", str(harness.INCLUDE), str(crossedcase.SOURCE), "-o",
             str(cls.binary), str(harness.TARGET / "debug" / "libyolanda.a"),
             "-lpthread", "-ldl", "-lm"], check=True)

    def check(self, dispatcher, threads):
        command = [*VALGRIND, str(self.binary)]
        self.check_cells(harness.run(command[0], *command[1:], threads, timeout=280,
                                     env={"YOLANDA_DISPATCHER": dispatcher}))

    def test_epoll_0t(self):
        self.check("epoll", 0)

    def test_poll_2t(self):
        self.check("poll", 2)


if __name__ == "__main__":
    unittest.main()
