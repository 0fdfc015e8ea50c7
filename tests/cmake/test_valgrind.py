"""Every example under memcheck, with real clients: no error, and nothing left at the end.

The library is built with plain malloc, so that memcheck sees each object's life.
"""
import os
import shutil
import subprocess
import unittest

import examples
import harness

BUILD = harness.ROOT / "target" / "cmake" / "valgrind"
VALGRIND = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=all", "--errors-for-leak-kinds=all",
            f"--suppressions={harness.ROOT}/tests/cmake/memcheck.supp")
# Memcheck is slow, and the machine may be busy.
TIMEOUT = 60


@unittest.skipUnless(shutil.which("valgrind"), "no valgrind")
class Memcheck(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Not the release profile: its directory belongs to the library with pools.
        subprocess.run(
            ["cmake", "-S", harness.ROOT, "-B", BUILD, "-DYOLANDA_SHARED=ON",
             f"-DYOLANDA_CARGO_TARGET_DIR={harness.TARGET}", "-DYOLANDA_CARGO_PROFILE=dev",
             "-DYOLANDA_CARGO_FLAGS=--features;plain-malloc", "-DCMAKE_BUILD_TYPE=Debug"],
            check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", BUILD, "--parallel", str(os.cpu_count())],
                       check=True, stdout=subprocess.DEVNULL)


def _add_test(name, check, dispatcher):
    def test(self):
        check(examples.Examples(BUILD / "c_examples", dispatcher, prefix=VALGRIND, timeout=TIMEOUT))
    setattr(Memcheck, f"test_{name}_{dispatcher}", test)


for _name, _check in examples.CHECKS.items():
    for _dispatcher in harness.DISPATCHERS:
        _add_test(_name, _check, _dispatcher)


if __name__ == "__main__":
    unittest.main()
