"""crossed.c under memcheck: no error, and nothing left at the end. AddressSanitizer says the same where it
is there (tests/sanitize); memcheck needs no special compiler."""
import shutil
import unittest

import crossedcase
import harness
import memcheck


@unittest.skipIf(harness.SANITIZER, "one tool at a time")
@unittest.skipUnless(shutil.which("valgrind"), "no valgrind")
class Memcheck(crossedcase.CrossedCase):
    limit = 240
    dealt_out = True

    @classmethod
    def setUpClass(cls):
        cls.binary = memcheck.program(crossedcase.SOURCE)

    def check(self, dispatcher, threads):
        command = [*memcheck.VALGRIND, str(self.binary)]
        self.check_cells(harness.run(command[0], *command[1:], threads, timeout=harness.scaled(200),
                                     env={"YOLANDA_DISPATCHER": dispatcher}))

    def test_epoll_0t(self):
        self.check("epoll", 0)

    def test_poll_2t(self):
        self.check("poll", 2)


if __name__ == "__main__":
    unittest.main()
