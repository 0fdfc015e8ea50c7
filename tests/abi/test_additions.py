"""yolanda.h: it works alone and with any other header, and declares what the library exports."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
import tables
from test_headers import LANGUAGES
from test_symbols import symbols

HEADER = harness.INCLUDE / "yolanda.h"
# Declared by lib/log.h, as the original has them; the last one is a program's, common.h says which.
OTHERS = {"yolanda_log", "yolanda_logx", "yolanda_msgx", "yolanda_debugx", "yolanda_poll_is_default"}


def declared():
    """The functions of the header."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)
    text = re.sub(r"^#(?:.*\\\n)*.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^typedef [^;]*;", "", text, flags=re.MULTILINE)
    return set(re.findall(r"\b(\w+)\([^;{}]*\);", text))


class Header(unittest.TestCase):
    def compiles(self, text, language, compiler, standard):
        flags = [f"-std={standard}", *(tables.C_FLAGS if language == "c" else tables.CPP_FLAGS)]
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, f"unit.{language}")
            source.write_text(text + "int own(void);\n")
            done = subprocess.run(
                [compiler, "-fsyntax-only", *flags, "-I", str(harness.INCLUDE), str(source)],
                capture_output=True, text=True)
        self.assertEqual((done.stderr, done.returncode), ("", 0), (text, compiler, standard))

    def test_alone_in_every_language(self):
        for language in LANGUAGES:
            self.compiles('#include "yolanda.h"\n', *language)

    def test_before_and_after_each_header(self):
        for header in tables.headers():
            for order in ((f"lib/{header.name}", "yolanda.h"), ("yolanda.h", f"lib/{header.name}")):
                text = "".join(f'#include "{name}"\n' for name in order)
                self.compiles(text, "c", "gcc", "c99")

    def test_its_own_includes_suffice(self):
        """It includes only what it needs: two system headers and five of the library's."""
        names = re.findall(r"^#include (\S+)$", HEADER.read_text(), re.MULTILINE)
        self.assertEqual(names, ["<stddef.h>", "<stdint.h>", '"lib/event_loop.h"',
                                 '"lib/http_server.h"',
                                 '"lib/tcp_connection.h"', '"lib/tcp_server.h"',
                                 '"lib/thread_pool.h"'])

    def test_names_begin_with_yolanda(self):
        text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)
        for name in declared() | set(re.findall(r"^struct (\w+) \{", text, re.MULTILINE)):
            self.assertRegex(name, r"^yolanda_")


class Exports(unittest.TestCase):
    def test_what_is_declared_is_exported_and_the_other_way_round(self):
        exported = {name for _, section, name in
                    symbols(harness.library() / "libyolanda.so", "-T")
                    if section != "*UND*" and name.startswith("yolanda_")}
        self.assertEqual(exported - OTHERS, declared())

    def test_they_are_weak_in_the_archive(self):
        binding = {name: kind for kind, section, name in
                   symbols(harness.archive(), "-t")
                   if section != "*UND*" and kind in "gw"}
        for name in declared():
            self.assertEqual(binding.get(name), "w", name)

    def test_version(self):
        """The header's version is Cargo.toml's and the library's."""
        wanted = re.search(r'^version = "(.*)"', (harness.ROOT / "Cargo.toml").read_text(),
                           re.MULTILINE).group(1)
        major, minor, patch = wanted.split(".")
        text = f"""
#include "yolanda.h"
#include <errno.h>
#include <string.h>
int main(void)
{{
    if (strcmp(YOLANDA_VERSION, "{wanted}") != 0 || strcmp(yolanda_version(), "{wanted}") != 0)
        return 1;
    if (yolanda_version_number() != YOLANDA_VERSION_NUMBER || YOLANDA_VERSION_MAJOR != {major}
        || YOLANDA_VERSION_MINOR != {minor} || YOLANDA_VERSION_PATCH != {patch})
        return 2;
    if (YOLANDA_VERSION_CHECK() != 0)
        return 3;
    errno = 0;
    if (yolanda_version_check(YOLANDA_VERSION_NUMBER + 1) != -1 || errno != ENOTSUP)
        return 4;
    return yolanda_version_check((YOLANDA_VERSION_MAJOR + 1) << 16) == -1 ? 0 : 5;
}}
"""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "version.c")
            source.write_text(text)
            for kind in harness.KINDS:
                binary = Path(folder, "version")
                tables.build([source], binary, kind)
                self.assertEqual(harness.run(binary).status, 0, kind)


if __name__ == "__main__":
    unittest.main()
