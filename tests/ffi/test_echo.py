"""An echo server and its client in other languages: nothing but yolanda_ffi.h and the shared library."""
import unittest
from pathlib import Path

import harness
import tools

FOLDER = Path(__file__).parent


class Echo(unittest.TestCase):
    def echoes(self, tool, program, env=None):
        done = harness.run(tool, FOLDER / program, harness.library() / "libyolanda.so", tools.HEADER, env=env)
        self.assertEqual((done.status, done.stdout), (0, "hello\n"), done.stderr[-3000:])

    def test_cffi(self):
        self.echoes(tools.python("cffi"), "echo.py")

    def test_luajit(self):
        self.echoes(tools.command("luajit", "luajit"), "echo.lua")

    def test_koffi(self):
        node = tools.command("node", "nodejs")
        self.echoes(node, "echo.js", {"NODE_PATH": str(tools.node_modules("koffi"))})


if __name__ == "__main__":
    unittest.main()
