"""An object compiled against the original links to the library and works."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness


@harness.matrix(kinds=harness.KINDS)
class OldObject(unittest.TestCase):
    def test_serves(self):
        with tempfile.TemporaryDirectory() as scratch:
            compiled, program = Path(scratch, "old.o"), Path(scratch, "old")
            subprocess.run(["gcc", "-std=gnu99", "-O2", "-c", "-Wall", "-Wextra", "-Werror",
                            str(harness.ROOT / "tests/abi/old_object.c"), "-o", str(compiled)],
                           check=True)
            subprocess.run(["gcc", str(compiled), "-o", str(program),
                            *harness.link_flags(self.variation.kind)], check=True)
            with harness.Server(program, env=self.variation.env) as server:
                with server.connect() as client:
                    client.sendall(b"hello")
                    self.assertEqual(harness.recv_exactly(client, 5), b"hello")
                    server.wait_line("^message hello$")
                    server.wait_line("^pipe said !$")
                server.wait_line("^closed ours$")
                server.wait_line("^end$")
                self.assertEqual(server.wait_end(), 0)


if __name__ == "__main__":
    unittest.main()
