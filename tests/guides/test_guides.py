"""The programs of the guides under faults: whatever their clients do, they live, serve the next one, and hold no
descriptor for those that have gone. tests/sanitize runs this with AddressSanitizer, on the other back end."""
import signal
import tempfile
import time
import unittest

import faults
import harness
from programs import PROGRAMS


def settled_fds(pid):
    """How many descriptors a server has that has nothing to do."""
    seen, looks = harness.fds(pid), 0
    while looks < 5:
        time.sleep(0.01)
        now = harness.fds(pid)
        seen, looks = now, looks + 1 if now == seen else 0
    return seen


class Guides(unittest.TestCase):
    def check(self, name):
        program = PROGRAMS[name]
        with tempfile.TemporaryDirectory() as folder, program.running(name, self.variation, folder) as server:
            faults.exchange(server, program.talks[0])
            before = settled_fds(server.pid)
            for number, talk in enumerate(program.talks):
                faults.torment(server, talk, number)
                # It serves the next one.
                faults.exchange(server, talk)
            harness.wait_until(lambda: harness.fds(server.pid) <= before, f"{before} descriptors again")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait_end(), 0)


def _add(name, dispatcher):
    def test(self):
        self.check(name)
    test.__qualname__ = f"test_{name}"
    setattr(Guides, f"test_{name}", harness.matrix(kinds=("so",), dispatchers=(dispatcher,))(test))


for _number, _name in enumerate(PROGRAMS):
    _add(_name, harness.DISPATCHERS[(_number + bool(harness.SANITIZER)) % 2])
harness.matrix()(Guides)

if __name__ == "__main__":
    unittest.main()
