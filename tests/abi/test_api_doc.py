"""docs/api.md: there is a row for every function, and the rows agree with the headers and the library."""
import errno
import re
import tempfile
import unittest
from pathlib import Path
from typing import NamedTuple

import harness
import tables

PAGE = harness.ROOT / "docs/api.md"
YOLANDA = "yolanda.h"
COLUMNS = ["function", "thread", "signal handler", "takes and returns", "errno"]
# The structs that count as objects of the library: NULL for one of them is an error.
OBJECTS = ("acceptor", "buffer", "channel", "channel_map", "event_loop", "event_loop_thread",
           "http_request", "http_response", "http_server", "tcp_connection", "TCPserver",
           "thread_pool", "yolanda_client", "yolanda_http_files", "yolanda_http_form")
# A signal handler may call them, so they must not print anything.
SILENT = {"yolanda_loop_quit"}


class Row(NamedTuple):
    section: str
    name: str
    thread: str
    signal: str
    owner: str
    errno: str

    @property
    def text(self):
        return " ".join(self)


def rows():
    """All rows of the page, in its order."""
    found, section = [], None
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        match = re.match(r"\| `(\w+)` \|", line)
        if match:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) != len(COLUMNS):
                raise AssertionError(f"{len(cells)} cells: {line}")
            found.append(Row(section, match.group(1), *cells[1:]))
    return found


def codes(text):
    """The errno names in a text. EINTR is never passed on: the comments that have it say so."""
    return set(re.findall(r"\bE[A-Z0-9]{2,}\b", text)) - {"ERR", "ERRNO", "EINTR"}


class Declared(NamedTuple):
    header: str
    name: str
    parameters: str
    comment: str
    declaration: str

    @property
    def object(self):
        """The struct that the first parameter points to, if it is one of the library's."""
        match = re.match(r"struct (\w+) \*\w*$", self.parameters.split(",")[0].strip())
        return match.group(1) if match and match.group(1) in OBJECTS else None

    def call(self, first):
        """A call with zeroes after the first argument."""
        parameters = re.sub(r"\([^()]*\)", "", self.parameters)
        return f"{self.name}({', '.join([first, *['0'] * parameters.count(',')])})"


def balanced(text, start):
    """The text from an opening parenthesis, which ends before `start`, to the closing one."""
    depth, end = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return text[start:end - 1]


def declared():
    """Every function that a header declares, with its comment, and those that none does."""
    found = {}
    for path in sorted(harness.INCLUDE.rglob("*.h")):
        header, text = str(path.relative_to(harness.INCLUDE)), path.read_text()
        for match in re.finditer(r"/\*\*((?:(?!\*/).)*)\*/\s*((?!typedef|struct \w+ \{)"
                                 r"[\w \n*]+?\b(\w+))\(", text, re.DOTALL):
            comment, beginning, name = match.groups()
            parameters = " ".join(balanced(text, match.end()).split())
            found[name] = Declared(header, name, parameters, comment, f"{beginning}({parameters})")
    for function in tables.functions():
        if function.header == tables.UNDECLARED:
            found[function.name] = Declared("Declared in no header", function.name,
                                            function.parameters, "", function.declaration())
    return found


def run(text, env=None):
    """Compiles and runs a C program; its lines."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "calls.c")
        source.write_text(text)
        binary = tables.build([source], Path(folder, "calls"), "so", "-lpthread")
        done = harness.run(binary, env=env)
    if done.status != 0:
        raise AssertionError(f"status {done.status}: {done.stdout}{done.stderr}")
    return done.stdout.splitlines()


INCLUDES = "".join(f'#include "lib/{header.name}"\n' for header in tables.headers()) + """
#include "yolanda.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
"""


class Page(unittest.TestCase):
    def test_one_row_for_each_function(self):
        names = [row.name for row in rows()]
        self.assertEqual(sorted(names), sorted(set(names)), "a function has two rows")
        wanted = declared()
        self.assertGreaterEqual(set(wanted), {function.name for function in tables.functions()})
        self.assertEqual(set(names) - set(wanted), set(), "rows without a function")
        self.assertEqual(set(wanted) - set(names), set(), "functions without a row")

    def test_rows_stand_under_their_headers(self):
        wanted = declared()
        for row in rows():
            section = YOLANDA if row.section.startswith(f"{YOLANDA}: ") else row.section
            self.assertEqual(section, wanted[row.name].header, row.name)

    def test_words(self):
        for row in rows():
            self.assertRegex(row.thread, r"^(any|one|loop)\b", row.name)
            self.assertIn(row.signal, ("yes", "no"), row.name)
            self.assertRegex(row.errno, r"^(-|none)(;|$)|\bE[A-Z]", row.name)
            # Rows that point to another function's.
            for name in re.findall(r"`(\w+)`", row.text):
                self.assertIn(name, {*declared(), "close", "free", "listen_fd", "data", "channel1",
                                     "status", "size", "output_buffer", "destroy", "error", "tcpServer"}, row.name)

    def test_errno_names_are_real(self):
        for row in rows():
            for code in codes(row.text):
                self.assertTrue(hasattr(errno, code), (row.name, code))

    def test_rows_have_what_the_headers_say(self):
        """Every errno value that a comment names stands in the row. EINVAL may be that of NULL."""
        wanted, missing = declared(), {}
        for row in rows():
            known = codes(row.text) | (set() if row.errno.startswith("none") else {"EINVAL"})
            missing[row.name] = codes(wanted[row.name].comment) - known
        self.assertEqual({name: names for name, names in missing.items() if names}, {})

    def test_threads(self):
        """The headers say of each function which thread may call it, and so does its row."""
        said = {
            "any": r"[Aa]ny thread( and any signal handler| but this one)? may call it",
            "one": r"[Oo]nly the calling thread uses|[Oo]nly one thread at a time"
                   r"|must not be used again|that no other thread changes|[Aa]ny thread .*may call it.* one at a time",
            "loop": r"Call it(, like all functions of clients,)? only (on|inside)",
        }
        wanted = declared()
        for row in rows():
            if wanted[row.name].comment:
                comment = " ".join(wanted[row.name].comment.replace("*", "").split())
                word = re.match(r"\w+", row.thread).group()
                with self.subTest(row.name, thread=row.thread):
                    self.assertRegex(comment, said[word])

    def test_signal_handlers(self):
        """Exactly the functions that the headers allow in signal handlers."""
        wanted = declared()
        for row in rows():
            comment = " ".join(wanted[row.name].comment.replace("*", "").split())
            allowed = re.search(r"[Aa]ny thread and any signal handler may call it", comment)
            self.assertEqual(row.signal == "yes", allowed is not None, row.name)


class Calls(unittest.TestCase):
    def test_null(self):
        """EINVAL and one line in the log, or the behaviour that the row describes."""
        wanted, page = declared(), {row.name: row for row in rows()}
        calls = {name: it for name, it in wanted.items() if it.object}
        self.assertGreater(len(calls), 60)
        text = INCLUDES + "".join(f"{it.declaration};\n" for it in calls.values()
                                  if it.header == "Declared in no header")
        text += "int main(void)\n{\n" + "".join(
            f'    printf("call {name}\\n"); errno = 0; (void){it.call("NULL")}; '
            f'printf("errno %d\\n", errno);\n' for name, it in calls.items()) + "    return 0;\n}\n"
        output = "\n".join(run(text))
        for name in calls:
            said = re.search(rf"^call {name}\n((?:\[err\] .*\n)*)errno (\d+)$", output, re.MULTILINE)
            self.assertIsNotNone(said, f"{name}: other output")
            row, code = page[name], int(said.group(2))
            if "NULL allowed" in row.owner:
                self.assertEqual((said.group(1), code), ("", 0), name)
                continue
            self.assertEqual(said.group(1).count("\n"), 0 if name in SILENT else 1, name)
            self.assertEqual(code, 0 if row.errno.startswith("none") else errno.EINVAL, name)

    def test_other_threads(self):
        """Functions of yolanda.h that belong to the loop's thread fail elsewhere with EPERM."""
        objects = {
            "event_loop": "yolanda_loop_new(NULL, NULL)",
            "tcp_connection": "tcp_connection_new(pair[0], event_loop_1, NULL, NULL, NULL, NULL)",
            "TCPserver": 'yolanda_server_new(event_loop_1, "127.0.0.1:0", NULL, NULL, NULL, NULL, 0)',
            "thread_pool": "thread_pool_new(event_loop_1, 1)",
            "yolanda_client": 'yolanda_client_new(event_loop_1, "unix:@nobody", NULL, NULL, NULL, NULL)',
            "http_server": 'yolanda_http_server_new(event_loop_1, "127.0.0.1:0", NULL, 0)',
        }
        wanted = declared()
        calls = [wanted[row.name] for row in rows()
                 if wanted[row.name].header == YOLANDA and row.thread == "loop"]
        self.assertGreater(len(calls), 5)
        kinds = sorted({it.object for it in calls})
        text = INCLUDES + "".join(f"static struct {kind} *{kind}_1;\n" for kind in kinds)
        text += "static void *other(void *arg)\n{\n" + "".join(
            f'    errno = 0; (void){it.call(f"{it.object}_1")}; '
            f'printf("{it.name} %d\\n", errno);\n' for it in calls) + "    return arg;\n}\n"
        text += ("int main(void)\n{\n    pthread_t thread;\n    int pair[2];\n"
                 "    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 2;\n") + "".join(
            f"    {kind}_1 = {objects[kind]};\n    if ({kind}_1 == NULL) return 1;\n"
            for kind in sorted(kinds, key=list(objects).index))
        text += ("    pthread_create(&thread, NULL, other, NULL);\n"
                 "    pthread_join(thread, NULL);\n    return 0;\n}\n")
        self.assertEqual(run(text), [f"{it.name} {errno.EPERM}" for it in calls])


if __name__ == "__main__":
    unittest.main()
