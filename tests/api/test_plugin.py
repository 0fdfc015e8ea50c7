"""A plug-in that was linked with the archive is unloaded during a look-up of a name."""
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import harness  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "plugin"


@unittest.skipIf(harness.SANITIZER, "a sanitizer's runtime is the program's, not a plug-in's")
class Plugin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        harness.BIN.mkdir(parents=True, exist_ok=True)
        cls.host = harness.BIN / "plugin-host"
        cls.parts = {}
        cls.build(FOLDER / "host.c", cls.host, "-rdynamic", "-ldl", "-lpthread")
        for kind in harness.KINDS:
            cls.parts[kind] = harness.BIN / f"plugin-part-{kind}.so"
            cls.build(FOLDER / "part.c", cls.parts[kind], "-shared", "-fPIC", "-I", str(harness.INCLUDE),
                      *harness.link_flags(kind))

    @staticmethod
    def build(source, binary, *flags):
        subprocess.run(["gcc", *harness.CFLAGS, str(source), "-o", str(binary), *flags], check=True)

    def check(self, part, *args):
        # By a relative name, so that the loader stores that one.
        done = subprocess.run([str(self.host), f"./{part.name}", *args], cwd=part.parent,
                              capture_output=True, timeout=3 * harness.TIMEOUT, check=False,
                              env={"YOLANDA_LOG": "off"})
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def test_the_answer_comes_after_unloading(self):
        for kind, part in self.parts.items():
            with self.subTest(kind=kind):
                self.check(part, "answer")

    def test_exit_does_not_wait_for_the_answer(self):
        for kind, part in self.parts.items():
            with self.subTest(kind=kind):
                self.check(part, "exit")


if __name__ == "__main__":
    unittest.main()
