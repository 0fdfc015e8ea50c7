"""How a program's config.h, or its build, makes poll the default."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
import tables

MAIN = """
#include "{header}"
int main(void)
{{
    puts(event_loop_init()->eventDispatcher->name);
    return 0;
}}
"""
OTHER = '#include "{header}"\nint other(void);\nint other(void) {{ return 0; }}\n'

OFF = "/* #undef EPOLL_ENABLE */\n"


class DefaultDispatcher(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def name(self, *flags, config=None, kind="so", compiler="gcc", header="lib/event_loop.h",
             include=harness.INCLUDE, environment=None):
        """The back end that a program of two sources gets."""
        include = [include]
        if config is not None:
            generated = self.folder / "generated"
            generated.mkdir(exist_ok=True)
            (generated / "config.h").write_text(config)
            include.insert(0, generated)
        suffix = "cpp" if "++" in compiler else "c"
        sources = []
        for name, text in (("main", MAIN), ("other", OTHER)):
            sources.append(self.folder / f"{name}.{suffix}")
            sources[-1].write_text(text.format(header=header))
        program = tables.build(sources, self.folder / "program", kind, "-Wall", "-Wextra",
                               "-Wpedantic", "-Werror", *flags, compiler=compiler,
                               include=include)
        env = {"YOLANDA_DISPATCHER": None, "YOLANDA_LOG": "off"} | (environment or {})
        result = harness.run(program, env=env)
        self.assertEqual((result.status, result.stderr), (0, ""))
        return result.stdout.strip()

    def test_epoll_where_nothing_is_said(self):
        for kind in harness.KINDS:
            self.assertEqual(self.name(kind=kind), "epoll")

    def test_epoll_without_any_config(self):
        self.assertEqual(self.name(header="event_loop.h", include=harness.INCLUDE / "lib"),
                         "epoll")

    def test_epoll_where_a_config_enables_it(self):
        for config in ("#define EPOLL_ENABLE 1\n", "#define EPOLL_ENABLE\n"):
            with self.subTest(config):
                self.assertEqual(self.name(config=config), "epoll")

    def test_poll_where_a_config_leaves_it_undefined(self):
        for kind in harness.KINDS:
            for compiler in ("gcc", "clang", "g++", "clang++"):
                with self.subTest(kind=kind, compiler=compiler):
                    self.assertEqual(self.name(config=OFF, kind=kind, compiler=compiler), "poll")

    def test_poll_with_bare_names(self):
        self.assertEqual(self.name(config=OFF, header="event_loop.h",
                                   include=harness.INCLUDE / "lib"), "poll")

    def test_poll_under_other_ways_to_build(self):
        for kind in harness.KINDS:
            for flags in (["-fvisibility=hidden"], ["-O2", "-flto"], ["-no-pie", "-fno-pie"],
                          ["-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"],
                          ["-Wl,-O1,--as-needed", "-s"]):
                with self.subTest(kind=kind, flags=flags):
                    self.assertEqual(self.name(*flags, config=OFF, kind=kind), "poll")

    def test_poll_where_the_build_says_so(self):
        for config in (None, OFF, "#define EPOLL_ENABLE 1\n"):
            with self.subTest(config):
                self.assertEqual(self.name("-DYOLANDA_POLL_DEFAULT", config=config), "poll")

    def test_a_config_of_autoconf_says_nothing(self):
        self.assertEqual(self.name(config='#define PACKAGE_TARNAME "x"\n#define HAVE_X 1\n'),
                         "epoll")

    def test_the_environment_decides_first(self):
        for wish, config in (("epoll", OFF), ("poll", None)):
            self.assertEqual(self.name(config=config, environment={"YOLANDA_DISPATCHER": wish}),
                             wish)
        self.assertEqual(self.name(config=OFF, environment={"YOLANDA_DISPATCHER": "kqueue"}),
                         "poll")

    def test_macro_follows(self):
        text = '#include "lib/common.h"\n#ifdef EPOLL_ENABLE\nEPOLL_ENABLE is on\n#endif\n'
        source = self.folder / "macro.c"
        source.write_text(text)
        for flags, shown in (([], "1 is on"), (["-DYOLANDA_POLL_DEFAULT"], "")):
            done = subprocess.run(
                ["gcc", "-E", "-P", "-I", str(harness.INCLUDE), *flags, str(source)],
                capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.endswith("1 is on\n"), bool(shown))


if __name__ == "__main__":
    unittest.main()
