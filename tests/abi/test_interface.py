"""The headers agree with the tables: layouts, constants, typedefs, signatures."""
import collections
import tempfile
import unittest
from pathlib import Path

import harness
import tables

# C's own way to ask, whatever the type is written like.
SAME_TYPE = "_Static_assert(__builtin_types_compatible_p({}, {}), \"{}\");"
ASSERT = "_Static_assert({}, \"{}\");"


def by_header(rows):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row.header].append(row)
    return groups.items()


class Interface(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def compiles(self, text, *flags, suffix=".c"):
        compiler = "g++" if suffix == ".cpp" else "gcc"
        source = self.folder / f"test{suffix}"
        words = tables.compile_text(text, source, "-fsyntax-only", "-Werror", *flags,
                                    compiler=compiler)
        self.assertEqual(words, "")

    def test_layout(self):
        for header, rows in by_header(tables.layout()):
            lines = ["#include <stddef.h>", f'#include "lib/{header}"']
            for row in rows:
                label = f"{row.struct}.{row.field}"
                if row.field == "(whole)":
                    lines.append(ASSERT.format(f"sizeof({row.type}) == {row.size}", label))
                    continue
                member = f"((struct {row.struct} *)0)->{row.field}"
                lines += [
                    ASSERT.format(f"offsetof(struct {row.struct}, {row.field}) == {row.offset}",
                                  f"{label} offset"),
                    ASSERT.format(f"sizeof({member}) == {row.size}", f"{label} size"),
                    SAME_TYPE.format(f"__typeof__({member})", row.type, f"{label} type"),
                ]
            with self.subTest(header):
                self.compiles("\n".join(lines) + "\n")

    def test_layout_in_cpp(self):
        for header, rows in by_header(tables.layout()):
            lines = ["#include <cstddef>", f'#include "lib/{header}"']
            for row in rows:
                if row.field == "(whole)":
                    lines.append(f'static_assert(sizeof(struct {row.struct}) == {row.size}, "");')
                else:
                    lines.append(f"static_assert(offsetof(struct {row.struct}, {row.field}) "
                                 f'== {row.offset}, "");')
            with self.subTest(header):
                self.compiles("\n".join(lines) + "\n", "-std=c++11", suffix=".cpp")

    def test_constants(self):
        for header, rows in by_header(tables.constants()):
            if header == "config.h":
                header = "../config.h"
            lines = [f'#include "lib/{header}"']
            for row in rows:
                lines += self.constant(row)
            with self.subTest(header):
                self.compiles("\n".join(lines) + "\n", "-std=gnu11")

    def constant(self, row):
        if row.kind == "typedef":
            return [SAME_TYPE.format(row.name, row.value, row.name)]
        if row.kind == "extern":
            return [f"{row.value} *const at_{row.name} = &{row.name};",
                    SAME_TYPE.format(f"__typeof__(&{row.name})", f"{row.value} *", row.name)]
        if row.kind == "enum":
            values = [ASSERT.format(entry.replace("=", " == "), entry)
                      for entry in row.value.split()]
            return values + [ASSERT.format(f"sizeof(enum {row.name}) == 4", row.name)]
        self.assertEqual(row.kind, "macro")
        defined = [f"#ifndef {row.name.split('(')[0]}", "#error not a macro", "#endif"]
        if row.value.startswith('"'):
            compared = f"__builtin_strcmp({row.name}, {row.value}) == 0"
        elif row.value.startswith("calls"):
            return defined + self.logging_macro(row)
        else:
            compared = f"{row.name} == {row.value.split()[0]}"
        return defined + [ASSERT.format(compared, row.name)]

    @staticmethod
    def logging_macro(row):
        name = row.name.split("(")[0]
        severity = row.value.split()[-1]
        return [f"void call_{name}(void);", f"void call_{name}(void)", "{",
                f'    {name}("text");', "}",
                ASSERT.format(f"{severity} >= 0", name)]

    def test_signatures(self):
        for header, rows in by_header(tables.functions()):
            if header == tables.UNDECLARED:
                continue
            lines = [f'#include "lib/{header}"']
            if header == "common.h":
                lines.insert(0, "#include <netinet/in.h>")
            for row in rows:
                lines += [
                    f"{row.declaration(f'(*at_{row.name})')} = {row.name};",
                    SAME_TYPE.format(f"__typeof__(&{row.name})", row.declaration("(*)"), row.name),
                ]
            with self.subTest(header):
                self.compiles("\n".join(lines) + "\n", "-std=gnu11")

    def test_undeclared_stay_undeclared(self):
        lines = [f'#include "lib/{header.name}"' for header in tables.headers()]
        lines += [f"extern struct no_function {row.name};" for row in tables.functions()
                  if row.header == tables.UNDECLARED]
        self.compiles("\n".join(lines) + "\n", "-std=gnu11")

    def test_all_link(self):
        lines = [f'#include "lib/{header.name}"' for header in tables.headers()]
        lines += [row.declaration() + ";" for row in tables.functions()
                  if row.header == tables.UNDECLARED]
        names = ", ".join(f"(void (*)(void)){row.name}" for row in tables.functions())
        lines += [
            f"static void (*const all[])(void) = {{ {names} }};",
            "int main(void)", "{",
            "    size_t i;",
            "    for (i = 0; i < sizeof all / sizeof all[0]; i++)",
            "        if (all[i] == NULL)",
            "            return 1;",
            '    printf("%s %s\\n", poll_dispatcher.name, epoll_dispatcher.name);',
            "    return 0;", "}",
        ]
        source = self.folder / "all.c"
        source.write_text("\n".join(lines) + "\n")
        for kind in harness.KINDS:
            with self.subTest(kind):
                program = tables.build([source], self.folder / kind, kind, "-std=gnu11")
                self.assertEqual(harness.run(program), (0, "poll epoll\n", ""))

    def test_dispatchers_have_one_address(self):
        # A program that isn't position-independent holds a copy of the library's data.
        source = self.folder / "address.c"
        source.write_text(
            '#include "lib/event_loop.h"\n'
            "int main(void)\n{\n"
            "    return event_loop_init()->eventDispatcher != &epoll_dispatcher;\n}\n")
        for kind in harness.KINDS:
            for flags in (["-fPIE", "-pie"], ["-fno-pie", "-no-pie"]):
                with self.subTest(kind=kind, flags=flags):
                    program = tables.build([source], self.folder / kind, kind, *flags)
                    self.assertEqual(harness.run(program, env={"YOLANDA_DISPATCHER": "epoll"}),
                                     (0, "", ""))


if __name__ == "__main__":
    unittest.main()
