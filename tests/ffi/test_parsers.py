"""yolanda_ffi.h as it is, through the parsers of other languages: each finds all of it."""
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
import tools
from tools import DESCRIPTION, HEADER

SAID = json.loads(DESCRIPTION.read_text())
FUNCTIONS = {one["name"] for one in SAID["functions"]}
CONSTANTS = {one["name"]: one["value"] for one in SAID["constants"]}


def library():
    return harness.library() / "libyolanda.so"


class Parsers(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def output(self, *words, env=None):
        done = harness.run(words[0], *words[1:], env=env)
        self.assertEqual(done.status, 0, done.stderr[-3000:])
        return done.stdout

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_cffi(self):
        """ABI mode: every function is there, and constants have their values."""
        script = self.script("names.py", "\n".join([
            "import cffi, json, sys",
            "ffi = cffi.FFI()",
            "ffi.cdef(open(sys.argv[2]).read())",
            "lib = ffi.dlopen(sys.argv[1])",
            "names = json.load(sys.stdin)",
            "print(json.dumps({name: getattr(lib, name) if name.isupper() else bool(getattr(lib, name))",
            "                  for name in names}))"]))
        done = harness.run(tools.python("cffi"), script, library(), HEADER,
                           stdin=json.dumps([*FUNCTIONS, *CONSTANTS]).encode())
        self.assertEqual(done.status, 0, done.stderr[-3000:])
        self.assertEqual(json.loads(done.stdout), {name: True for name in FUNCTIONS} | CONSTANTS)

    def test_cffi_modules(self):
        """Made ahead of time: without a C compiler, and with one, which then reads the header as C."""
        script = self.script("modules.py", "\n".join([
            "import cffi, importlib, os, sys, sysconfig",
            "library, header, folder = sys.argv[1:]",
            "def module(name, source, **build):",
            "    ffi = cffi.FFI()",
            "    ffi.cdef(open(header).read())",
            "    ffi.set_source(name, source, **build)",
            "    ffi.compile(tmpdir=folder)",
            "    return importlib.import_module(name)",
            "sys.path.insert(0, folder)",
            "made = module('by_abi', None)",
            "print(made.ffi.string(made.ffi.dlopen(library).yolanda_version()).decode())",
            "if os.path.exists(os.path.join(sysconfig.get_path('include'), 'Python.h')):",
            "    place = os.path.dirname(library)",
            "    made = module('by_api', '#include \"yolanda_ffi.h\"', include_dirs=[os.path.dirname(header)],",
            "                  libraries=['yolanda'], library_dirs=[place])",
            "    print(made.ffi.string(made.lib.yolanda_version()).decode())"]))
        place = harness.soname_link(harness.library())
        said = self.output(tools.python("cffi"), script, library(), HEADER, self.folder,
                           env={"LD_LIBRARY_PATH": str(place)})
        self.assertEqual(set(said.split()), {SAID["version"]})

    def test_luajit(self):
        script = self.script("names.lua", "\n".join([
            'local ffi = require("ffi")',
            'ffi.cdef(assert(io.open(arg[2])):read("*a"))',
            "local lib = ffi.load(arg[1])",
            'for name in io.lines() do print(name .. " " .. tostring(lib[name])) end']))
        done = harness.run(tools.command("luajit", "luajit"), script, library(), HEADER,
                           stdin="\n".join([*FUNCTIONS, *CONSTANTS]).encode())
        self.assertEqual(done.status, 0, done.stderr[-3000:])
        found = dict(line.split(" ", 1) for line in done.stdout.splitlines())
        self.assertEqual(set(found), FUNCTIONS | set(CONSTANTS))
        self.assertEqual({name: int(found[name]) for name in CONSTANTS}, CONSTANTS)

    def test_ctypesgen(self):
        python = tools.python("ctypesgen")
        made = self.folder / "made.py"
        run = "import sys; from ctypesgen.main import main; main(sys.argv[1:])"
        self.output(python, "-c", run, "-l", library(), "-o", made, HEADER)
        script = self.script("names.py", "\n".join([
            "import json, made, sys",
            "names = json.load(sys.stdin)",
            "print(json.dumps({name: getattr(made, name) if name.isupper() else bool(getattr(made, name).argtypes)",
            "                  for name in names}))"]))
        with_parameters = {one["name"]: one["parameters"] != [] for one in SAID["functions"]}
        done = harness.run(python, script, stdin=json.dumps([*with_parameters, *CONSTANTS]).encode())
        self.assertEqual(done.status, 0, done.stderr[-3000:])
        self.assertEqual(json.loads(done.stdout), with_parameters | CONSTANTS)

    def test_bindgen(self):
        """Rust's: what it makes is compiled, and checks the layouts."""
        made = self.folder / "made.rs"
        self.output(tools.command("bindgen", "bindgen"), HEADER, "-o", made)
        found = set(re.findall(r"pub fn (\w+)", made.read_text()))
        self.assertGreaterEqual(found, FUNCTIONS)
        self.output("rustc", "--edition", "2021", "--test", "-A", "warnings", made, "-o", self.folder / "made",
                    "-L", harness.library(), "-l", "dylib=yolanda")
        self.output(self.folder / "made", "--quiet", env={"LD_LIBRARY_PATH": str(harness.soname_link(harness.library()))})

    def test_koffi(self):
        """Node's takes prototypes one at a time: tests/ffi/koffi.js hands them over."""
        node = tools.command("node", "nodejs")
        names = self.output(node, Path(__file__).with_name("echo.js"), library(), HEADER, "names",
                            env={"NODE_PATH": str(tools.node_modules("koffi"))})
        self.assertGreaterEqual(set(json.loads(names)), FUNCTIONS | set(CONSTANTS))

    def test_clang(self):
        """What tools on libclang see: c2ffi, Clang.jl, Zig's and others."""
        clang = tools.command("clang", "clang")
        tree = json.loads(self.output(clang, "-Xclang", "-ast-dump=json", "-fsyntax-only", "-x", "c", HEADER))
        found = {node["name"] for node in tree["inner"] if node["kind"] == "FunctionDecl"}
        self.assertGreaterEqual(found, FUNCTIONS)


if __name__ == "__main__":
    unittest.main()
