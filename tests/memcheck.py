"""Running programs under valgrind: built with a library that memcheck can see into."""
import functools
import os
import re
import subprocess

import harness

VALGRIND = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=all",
            "--errors-for-leak-kinds=all", f"--suppressions={harness.ROOT}/tests/cmake/memcheck.supp")


@functools.cache
def library():
    """Builds the library with plain malloc, so that each object's life is seen. With a --target it goes
    to a folder of its own, and what builds it is there already; unoptimised code would take three times
    as long under valgrind."""
    said = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    target = re.search(r"^host: (.*)$", said, re.MULTILINE).group(1)
    with harness.locked("memcheck"):
        subprocess.run(["cargo", "build", "--lib", "--quiet", "--locked", "--features", "plain-malloc",
                        "--target", target], cwd=harness.ROOT, check=True,
                       env={**os.environ, "CARGO_PROFILE_DEV_OPT_LEVEL": "1"})
    return harness.TARGET / target / "debug" / "libyolanda.a"


def program(source):
    """The program of one C file."""
    return harness.made_of(source, "gcc", (), "memcheck", library(),
                           [str(harness.ROOT / "tests/touched_stack.c"), str(library()), "-lpthread", "-ldl", "-lm"])
