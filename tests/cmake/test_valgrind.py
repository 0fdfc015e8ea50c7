"""Every example under memcheck, with real clients: no error, and nothing left at the end."""
import shutil
import unittest

import examples
import harness
import memcheck

BUILD = harness.BIN / "examples-memcheck"
# Memcheck is slow.
TIMEOUT = harness.scaled(30)


@unittest.skipUnless(shutil.which("valgrind"), "no valgrind")
class Memcheck(unittest.TestCase):
    # A later process finds what an earlier one has built.
    dealt_out = True

    @classmethod
    def setUpClass(cls):
        BUILD.mkdir(parents=True, exist_ok=True)
        for source in harness.ROOT.glob("c_examples/*.c"):
            binary, link = memcheck.program(source), BUILD / source.stem
            with harness.locked(link.name):
                if not link.exists() or link.resolve() != binary:
                    link.unlink(missing_ok=True)
                    link.symlink_to(binary)

    def test_the_usual_library_is_nothing_to_complain_of(self):
        """That of a release, with its own pools, as programs have it: no error, whatever the program leaves."""
        folder = harness.BIN / "examples-valgrind"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("timer", "echo_server_threads", "http_server"):
            binary, link = harness.program(f"c_examples/{name}.c", "so"), folder / name
            with harness.locked(link.name):
                link.unlink(missing_ok=True)
                link.symlink_to(binary)
            examples.CHECKS[name](examples.Examples(folder, "epoll", prefix=memcheck.VALGRIND[:3], timeout=TIMEOUT))


def _add_test(name, check, dispatcher):
    def test(self):
        check(examples.Examples(BUILD, dispatcher, prefix=memcheck.VALGRIND, timeout=TIMEOUT))
    setattr(Memcheck, f"test_{name}_{dispatcher}", test)


# One back end each, in turn; tests/crossed has memcheck look at both in everything that they do.
for _number, (_name, _check) in enumerate(examples.CHECKS.items()):
    _add_test(_name, _check, harness.DISPATCHERS[_number % len(harness.DISPATCHERS)])


if __name__ == "__main__":
    unittest.main()
