"""The static library: its content, programs that link to it, and other Rust code in the same program."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
import tables
from test_symbols import DATA, symbols

ECHO = harness.ROOT / "c_examples" / "echo_server.c"
SCRIPT = harness.ROOT / "scripts" / "archive"

# It needs unwinding, which the library's panic = "abort" must not disable.
OTHER_RUST = """
#[unsafe(no_mangle)]
pub extern "C" fn other_catches(zero: i32) -> i32 {
    std::panic::set_hook(Box::new(|_| ()));
    std::panic::catch_unwind(|| 1 / zero).is_err() as i32
}
"""
BOTH = """
#include "yolanda.h"
#include <stdio.h>
int other_catches(int zero);
static void posted(struct event_loop *loop, void *data)
{
    (void)data;
    printf("caught %d\\n", other_catches(0));
    yolanda_loop_quit(loop);
}
int main(void)
{
    struct event_loop *loop = event_loop_init();
    yolanda_loop_post(loop, posted, NULL);
    event_loop_run(loop);
    return 0;
}
"""


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)


def output_of(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout


@unittest.skipIf(harness.SANITIZER, "programs link to cargo's archive")
class Contents(Scratch):
    def test_one_object_of_weak_exports(self):
        archive = harness.archive()
        self.assertEqual(output_of("ar", "t", archive).split(), ["yolanda.o"])
        defined = {name: kind for kind, section, name in symbols(archive, "-t")
                   if section != "*UND*" and kind in "gwu!"}
        exported = {name for _, section, name in
                    symbols(harness.library() / "libyolanda.so", "-T") if section != "*UND*"}
        self.assertEqual(defined, dict.fromkeys(exported, "w"))
        self.assertLessEqual({function.name for function in tables.functions()} | DATA, set(exported))

    def test_readable_without_llvm(self):
        """nm finds the names whatever plug-ins there are, since nothing is bitcode."""
        archive = harness.archive()
        self.assertIn(" W event_loop_init\n", output_of("nm", archive))
        self.assertNotRegex(output_of("objdump", "-h", archive), r"\.llvmbc|__LLVM|\.gnu\.lto|\.debug_")

    def test_sizes(self):
        self.assertLessEqual(harness.archive().stat().st_size, 3_000_000)
        sizes = []
        for flags in ([], ["-Wl,--gc-sections"]):
            program = tables.build([ECHO], self.folder / "echo", "a", *flags)
            sizes.append(program.stat().st_size)
        self.assertLessEqual(sizes[0], 700_000)
        # A program that serves no HTTP can do without that part.
        self.assertLess(sizes[1], sizes[0] * 0.9)

    def test_other_tools(self):
        """Tools that can't do it are told by name."""
        for variable, tool, words in (("LD", "ld.gold", "GNU ld"), ("LD", "none-ld", "none-ld is missing"),
                                      ("OBJCOPY", "true", "--keep-global-symbols")):
            if tool == "ld.gold" and not shutil.which(tool):
                continue
            with self.subTest(tool):
                done = subprocess.run([SCRIPT, harness.library(), self.folder / "x.a"], text=True,
                                      capture_output=True, env={**os.environ, variable: tool})
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, rf"^scripts/archive: .*{words}")


@unittest.skipIf(harness.SANITIZER, "programs link to cargo's archive")
class OtherRust(Scratch):
    def test_beside_another_static_library(self):
        (self.folder / "other.rs").write_text(OTHER_RUST)
        main = self.folder / "main.c"
        main.write_text(BOTH)
        for lto in ("off", "fat"):
            other = self.folder / f"libother-{lto}.a"
            subprocess.run(["rustc", "--edition=2024", "--crate-type=staticlib", "-Copt-level=1", f"-Clto={lto}",
                            self.folder / "other.rs", "-o", other], check=True)
            ours = harness.link_flags("a")
            for order in ([*ours, other], [other, *ours]):
                for flags in ([], ["-O2", "-flto"]):
                    with self.subTest(lto=lto, flags=flags, first=Path(order[0]).name):
                        program = self.folder / "both"
                        subprocess.run(["gcc", "-Wall", "-Wextra", "-Werror", *flags, "-I", harness.INCLUDE, main, *order, "-lpthread", "-ldl",
                                        "-lm", "-o", program], check=True)
                        done = harness.run(program)
                        self.assertEqual((done.status, done.stdout), (0, "caught 1\n"))


if __name__ == "__main__":
    unittest.main()
