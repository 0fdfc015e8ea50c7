"""The committed headers are those that the sources generate."""
import filecmp
import json
import subprocess
import unittest
from pathlib import Path

import harness

HINT = "write them anew: YOLANDA_HEADERS=write cargo build --release"


def generated():
    """The folder that the build script left the headers in."""
    harness.library()
    messages = subprocess.run(
        ["cargo", "build", "--release", "--quiet", "--message-format=json"],
        cwd=harness.ROOT, capture_output=True, text=True, check=True).stdout
    for line in messages.splitlines():
        message = json.loads(line)
        if message["reason"] == "build-script-executed" and "yolanda" in message["package_id"]:
            return Path(message["out_dir"]) / "include"
    raise AssertionError("cargo named no build script's output")


class Drift(unittest.TestCase):
    def test_headers_follow_the_sources(self):
        fresh, committed = generated(), harness.INCLUDE
        names = sorted(path.name for path in (fresh / "lib").iterdir())
        self.assertEqual(len(names), 17)
        self.assertEqual(names, sorted(path.name for path in (committed / "lib").iterdir()), HINT)
        names = ["yolanda.h", "yolanda_ffi.h", "yolanda_ffi.json", *(f"lib/{name}" for name in names)]
        _, differing, unreadable = filecmp.cmpfiles(fresh, committed, names, shallow=False)
        self.assertEqual(differing + unreadable, [], HINT)


if __name__ == "__main__":
    unittest.main()
