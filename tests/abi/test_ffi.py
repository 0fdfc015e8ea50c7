"""yolanda_ffi.h and yolanda_ffi.json: they say what yolanda.h and the headers of the course say, in plain C and in JSON."""
import json
import re
import tempfile
import unittest
from pathlib import Path

import harness
import tables
import test_api_doc
from test_headers import LANGUAGES

HEADER = harness.INCLUDE / "yolanda_ffi.h"
DESCRIPTION = harness.INCLUDE / "yolanda_ffi.json"

# Functions that no header of another language needs: those that print and exit, helpers with blocking sockets, what a
# back end calls, what has variable arguments, and what works on structs that the program makes.
LEFT_OUT = {
    "assertInSameThread", "channel_event_activate", "err_dump", "err_msg", "err_quit", "err_ret", "err_sys", "error",
    "event_loop_handle_pending_add", "event_loop_handle_pending_remove", "event_loop_handle_pending_update",
    "event_loop_thread_init", "init_inet_address", "make_nonblocking", "map_clear",
    "map_init", "map_make_space", "read_message", "readline", "readn", "sock_ntop", "tcp_client",
    "tcp_nonblocking_server_listen", "tcp_server", "tcp_server_listen", "yolanda_debugx", "yolanda_logx",
    "yolanda_msgx",
}
# The plain types of the header for those of the description.
PLAIN = {"size_t": "unsigned long", "uint64_t": "unsigned long", "int64_t": "long", "size_t *": "unsigned long *"}


def code():
    """The header without its comment."""
    return re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)


def statements(pattern):
    """The matches of a pattern among the statements, each on one line."""
    found = (" ".join(one.split()) for one in re.split(r";(?![^{}]*\})", code()))
    return [match for one in found if (match := re.fullmatch(pattern, one))]


def enums():
    return {name: int(value) for match in statements(r"enum(?: \w+)? \{(.*)\}")
            for name, value in re.findall(r"(\w+) = (-?\d+)", match.group(1))}


def bodies():
    """{struct: its fields with their types}"""
    return {match.group(1): re.findall(r"([^;]*?)(\w+);", match.group(2))
            for match in statements(r"struct (\w+) \{ (.*)\}")}


def functions():
    """{function: its declaration}"""
    return {match.group(1): match.group(0) for match in statements(r"(?!typedef)[^(]*?\b(\w+)\([^(]*\)")}


def description():
    return json.loads(DESCRIPTION.read_text())


def squeezed(text):
    """A comment's words."""
    return " ".join(re.sub(r"^ *\*", "", text, flags=re.MULTILINE).split())


class Header(unittest.TestCase):
    def compiles(self, text, language="c", compiler="gcc", standard="c11"):
        flags = [f"-std={standard}", *(tables.C_FLAGS if language == "c" else tables.CPP_FLAGS)]
        with tempfile.TemporaryDirectory() as folder:
            words = tables.compile_text(text, Path(folder, f"unit.{language}"), "-fsyntax-only", *flags,
                                        compiler=compiler)
        self.assertEqual(words, "", (compiler, standard))

    def test_is_plain(self):
        self.assertNotIn("#", HEADER.read_text())
        self.assertNotRegex(code(), r"__\w+|\binline\b|\w_t\b|\.\.\.")

    def test_alone_in_every_language(self):
        for language, compiler, standard in LANGUAGES:
            text = '#include "yolanda_ffi.h"\n'
            if language == "cpp":
                text = f'extern "C" {{\n{text}}}\n'
            self.compiles(text + "int own(void);\n", language, compiler, standard)

    def test_declares_what_yolanda_h_declares(self):
        """Behind yolanda.h, without what C allows only once, its declarations must be the same."""
        once = re.sub(r"^(enum|struct)\b[^;()]*\{[^}]*\};", "", code(), flags=re.MULTILINE)
        self.compiles(f'#include "yolanda.h"\n{once}')
        self.compiles(f'#include "yolanda.h"\nextern "C" {{\n{once}}}\n', "cpp", "g++", "c++11")

    def test_constants_and_layouts(self):
        values, structs = enums(), bodies()
        self.assertGreater(len(values), 20)
        self.assertIn("yolanda_loop_stats", structs)
        # The only type that yolanda.h writes out wherever it is used.
        lines = ['#include "yolanda.h"', "typedef void (*yolanda_destroy)(void *data);"]
        lines += [f'_Static_assert({name} == {value}, "{name}");' for name, value in values.items()]
        for name, fields in structs.items():
            inner = "".join(f"{of}{field};" for of, field in fields)
            lines += [f"struct copy_of_{name} {{ {inner} }};",
                      f'_Static_assert(sizeof(struct {name}) == sizeof(struct copy_of_{name}), "{name}");']
            lines += [f"_Static_assert(__builtin_types_compatible_p(__typeof__(((struct {name} *)0)->{field}), {of}) "
                      f"&& offsetof(struct {name}, {field}) == offsetof(struct copy_of_{name}, {field}), "
                      f'"{name}.{field}");' for of, field in fields]
        self.compiles("\n".join(lines) + "\n")

    def test_has_every_function(self):
        wanted = {name for name, it in test_api_doc.declared().items() if it.header != "Declared in no header"}
        self.assertEqual(wanted - set(functions()), LEFT_OUT)
        self.assertEqual(set(functions()) - wanted, set())

    def test_handles_have_no_bodies(self):
        self.assertEqual({name for name in bodies() if not name.startswith("yolanda_")}, set())


class Description(unittest.TestCase):
    def test_has_what_the_header_has(self):
        said = description()
        self.assertEqual([one["name"] for one in said["functions"]], list(functions()))
        constants = {one["name"]: one["value"] for one in said["constants"]}
        constants |= {value["name"]: int(value["value"]) for one in said["enums"] for value in one["values"]}
        version = {name: value for name, value in enums().items() if name.startswith("YOLANDA_VERSION_")}
        self.assertEqual(constants, {name: value for name, value in enums().items() if name not in version})
        self.assertEqual(set(said["thread"]), {one["thread"] for one in said["functions"]})
        self.assertEqual(said["version"], ".".join(
            str(version[f"YOLANDA_VERSION_{part}"]) for part in ("MAJOR", "MINOR", "PATCH")))
        self.assertEqual({one["name"]: [(PLAIN.get(field["type"], field["type"]), field["name"])
                                        for field in one["fields"]] for one in said["structs"]},
                         {name: [(of.strip(), field) for of, field in fields] for name, fields in bodies().items()})
        tags = {match.group(1) for match in statements(r"struct (\w+)")}
        self.assertEqual({one["name"] for one in said["handles"]}, tags - set(bodies()))

    def test_declarations(self):
        def declared(of, name):
            of = PLAIN.get(of, of)
            return of + name if of.endswith("*") else f"{of} {name}"

        def parameters(one):
            return ", ".join(declared(it["type"], it["name"]) for it in one["parameters"]) or "void"

        said = description()
        for one in said["functions"]:
            self.assertEqual(f'{declared(one["returns"], one["name"])}({parameters(one)})', functions()[one["name"]])
        typedefs = {match.group(0) for match in statements(r"typedef .*")}
        self.assertEqual(typedefs, {
            *(f'typedef {declared(one["returns"], "(*" + one["name"] + ")")}({parameters(one)})'
              for one in said["callbacks"]),
            *(f'typedef {declared(one["type"], one["name"])}' for one in said["types"])})

    def test_comments(self):
        """What stands above each declaration for C programmers, whole."""
        wanted = test_api_doc.declared()
        for one in description()["functions"]:
            comment = squeezed(wanted[one["name"]].comment)
            self.assertEqual(squeezed(one["description"]), comment)
            self.assertEqual(one["header"], wanted[one["name"]].header.removeprefix("lib/"))
            self.assertTrue(comment.endswith(squeezed(one["requirements"])), one["name"])
            for part in ("ownership", "result"):
                for sentence in re.split(r"(?<=[.:]) (?=[A-Z`])", one[part]):
                    self.assertIn(squeezed(sentence), comment, one["name"])

    def test_threads_and_errno_are_those_of_the_page(self):
        page = {row.name: row for row in test_api_doc.rows()}
        for one in description()["functions"]:
            row = page[one["name"]]
            with self.subTest(row.name):
                self.assertEqual(one["thread"], re.match(r"\w+", row.thread).group())
                self.assertEqual(one["signal_handler"], row.signal == "yes")
                codes = set(one["errno"]) | {"EINVAL"}
                self.assertLessEqual(test_api_doc.codes(row.errno), codes)
                self.assertLessEqual(codes, test_api_doc.codes(row.text) | {"EINVAL"})

    def test_ownership(self):
        """Who returns or takes a pointer to memory says whose it is."""
        for one in description()["functions"]:
            takes = {it["type"] for it in one["parameters"]} & {"void *", "yolanda_destroy"}
            if "*" in one["returns"] or takes:
                self.assertNotEqual(one["ownership"], "", one["name"])


if __name__ == "__main__":
    unittest.main()
