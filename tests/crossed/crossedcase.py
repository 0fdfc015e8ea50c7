"""The common part of the tests of crossed.c."""
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

SOURCE = Path(__file__).with_name("crossed.c")
# How many cells there are at least.
CELLS = 400


class CrossedCase(unittest.TestCase):
    def check_cells(self, done):
        """All cells ran, and each came out well."""
        cells = re.findall(r"^(ok|FAIL) (\w+) (\w+)$", done.stdout, re.MULTILINE)
        bad = [f"{kind} {action}" for verdict, kind, action in cells if verdict != "ok"]
        self.assertEqual((done.status, bad), (0, []), done.stdout[-300:] + done.stderr[-6000:])
        self.assertGreaterEqual(len(cells), CELLS)
