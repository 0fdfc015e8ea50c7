"""Every header alone and every ordered pair, in every language, with two compilers;
and what a program that includes one header can rely on."""
import concurrent.futures
import itertools
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
import tables

C_STANDARDS = ("c99", "c11", "c17", "c2x", "gnu11")
CPP_STANDARDS = ("c++11", "c++14", "c++17", "c++20", "gnu++17")
COMPILERS = {"c": ("gcc", "clang"), "cpp": ("g++", "clang++")}

# "lib/X.h" finds config.h too; bare "X.h" with its folder on the path finds none.
STYLES = {"lib": ("lib/", harness.INCLUDE), "bare": ("", harness.INCLUDE / "lib")}

# Something that only this system header gives.
PROOF = {
    "sys/types.h": "(void)sizeof(off_t)",
    "sys/socket.h": "(void)socket(AF_INET, SOCK_STREAM, 0)",
    "sys/time.h": "(void)sizeof(struct itimerval)",
    "time.h": "(void)time(0)",
    "netinet/in.h": "(void)sizeof(struct sockaddr_in)",
    "arpa/inet.h": "(void)inet_addr(\"127.0.0.1\")",
    "errno.h": "(void)errno",
    "fcntl.h": "(void)fcntl(0, F_GETFL, O_NONBLOCK)",
    "netdb.h": "(void)gethostbyname(\"localhost\")",
    "signal.h": "(void)signal(SIGPIPE, SIG_IGN)",
    "stdio.h": "(void)printf(\"x\")",
    "stdlib.h": "free(malloc(1))",
    "string.h": "(void)strlen(\"x\")",
    "sys/stat.h": "(void)umask(S_IRUSR)",
    "sys/uio.h": "(void)sizeof(struct iovec)",
    "unistd.h": "(void)close(STDIN_FILENO)",
    "sys/wait.h": "(void)waitpid(-1, 0, WNOHANG)",
    "sys/un.h": "(void)sizeof(struct sockaddr_un)",
    "sys/select.h": "(void)select(FD_SETSIZE, 0, 0, 0, 0)",
    "poll.h": "(void)poll(0, 0, POLLIN)",
    "strings.h": "(void)strcasecmp(\"x\", \"y\")",
    "sys/ioctl.h": "(void)ioctl(0, FIONREAD)",
    "pthread.h": "(void)pthread_self()",
    "sys/epoll.h": "(void)epoll_create(EPOLLIN)",
    "stdarg.h": "(void)sizeof(va_list)",
}


NAMES = [header.name for header in tables.headers()]
PAIRS = list(itertools.permutations(NAMES, 2))
LANGUAGES = [(language, compiler, standard)
             for language, standards in (("c", C_STANDARDS), ("cpp", CPP_STANDARDS))
             for compiler in COMPILERS[language]
             for standard in standards]
# Problems with the order of headers show up with the oldest and the newest standard.
OUTERMOST = {C_STANDARDS[0], C_STANDARDS[3], CPP_STANDARDS[0], CPP_STANDARDS[3]}


def includes(names, style):
    """One in quotes, the next in angle brackets."""
    prefix = STYLES[style][0]
    quotes = itertools.cycle((('"', '"'), ("<", ">")))
    return "".join(f"#include {opening}{prefix}{name}{closing}\n"
                   for name, (opening, closing) in zip(names, quotes))


class Scratch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.folder = Path(cls.scratch.name)


@harness.unchanged("include", "tests/abi/tables", "tests/abi/tables.py", tools=("gcc", "clang"))
class Matrix(Scratch):
    limit = 240

    """All compilers and standards; pairs with the oldest and the newest. A run of the compiler takes
    many sources."""

    def test_alone(self):
        jobs = [(*language, style, [(name,) for name in NAMES])
                for language in LANGUAGES for style in STYLES]
        self.compile_all(jobs, system=None)

    def test_pairs(self):
        """The system headers, which each header is known to bring by then, are precompiled, and
        pairs that come to the same text are compiled once."""
        system = self.folder / "system.h"
        system.write_text("".join(f"#include <{name}>\n" for name in PROOF))
        distinct = self.distinct(system)
        self.assertGreater(sum(map(len, distinct.values())), len(NAMES))
        self.compile_all([(*language, style, pairs) for language in LANGUAGES
                          if language[2] in OUTERMOST
                          for style, pairs in distinct.items() if pairs], system)

    def distinct(self, system):
        """{style: pairs}, one pair for each text that the preprocessor makes of them all."""
        texts = {}
        for style, (_, path) in STYLES.items():
            sources = []
            for number, pair in enumerate(PAIRS):
                source = self.folder / f"{style}-{number}.c"
                source.write_text(f"BEGIN {number};\n" + includes(pair, style))
                sources.append(str(source))
            # -imacros: of the system headers only the macros, their guards among them.
            done = subprocess.run(
                ["gcc", "-E", "-P", "-std=c11", "-imacros", str(system), "-I", str(path),
                 *sources], capture_output=True, text=True, check=True)
            parts = re.split(r"^BEGIN (\d+);$", done.stdout, flags=re.MULTILINE)[1:]
            self.assertEqual(len(parts), 2 * len(PAIRS))
            for number, text in zip(parts[::2], parts[1::2]):
                texts.setdefault(text.strip(), (style, PAIRS[int(number)]))
        return {style: [pair for owner, pair in texts.values() if owner == style]
                for style in STYLES}

    def compile_all(self, jobs, system):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            words = pool.map(lambda job: self.compile_job(*job, system), jobs)
            for job, said in zip(jobs, words):
                with self.subTest(job[:4]):
                    self.assertEqual(said, "")

    def compile_job(self, language, compiler, standard, style, orders, system):
        flags = [f"-std={standard}", *(tables.C_FLAGS if language == "c" else tables.CPP_FLAGS)]
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name)
            if system:
                flags += precompiled(system, folder, compiler, flags)
            sources = []
            for names in orders:
                source = folder / f"{'-'.join(names)}.{language}"
                # Something of the program's own, so that no unit is empty.
                source.write_text(includes(names, style) + "int own(void);\n")
                sources.append(str(source))
            done = subprocess.run(
                [compiler, "-fsyntax-only", *flags, "-I", str(STYLES[style][1]), *sources],
                capture_output=True, text=True)
        return done.stderr if done.stderr or done.returncode == 0 else "failed without a word"


def precompiled(system, folder, compiler, flags):
    """The options that make the compiler read the system headers from a file that it prepares here."""
    copy = folder / "system.h"
    copy.write_text(system.read_text())
    binary = copy.with_suffix(".h.gch")
    language = "c++-header" if "++" in compiler else "c-header"
    subprocess.run([compiler, *flags, "-x", language, str(copy), "-o", str(binary)], check=True)
    if compiler.startswith("clang"):
        return ["-include-pch", str(binary)]
    return ["-include", str(copy), "-Winvalid-pch"]


class OneHeader(Scratch):
    """The result of one include."""

    def compiles(self, texts, *flags, compiler="gcc"):
        """Sources, {name: text}, in one run of the compiler, which has nothing to say."""
        suffix = "cpp" if "++" in compiler else "c"
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            for source, text in texts.items():
                Path(name, f"{source}.{suffix}").write_text(text)
            done = subprocess.run(
                [compiler, "-fsyntax-only", *flags, "-I", str(harness.INCLUDE),
                 *(str(Path(name, f"{source}.{suffix}")) for source in texts)],
                capture_output=True, text=True)
        self.assertEqual((done.stderr, done.returncode), ("", 0))

    def test_brings_its_siblings(self):
        texts = {}
        for header in tables.headers():
            lines = [f'#include "lib/{header.name}"']
            for own in header.own:
                guard = ("EPOLL_ENABLE" if own == "config.h"
                         else f"YOLANDA_LIB_{own[:-2].upper()}_H")
                lines += [f"#ifndef {guard}", f"#error {own} is missing", "#endif"]
            texts[header.name] = "\n".join(lines) + "\n"
        self.compiles(texts)

    def test_brings_its_system_headers(self):
        texts = {}
        for header in tables.headers():
            # Declarations from a sibling header can also be relied on.
            system = sorted({name for sibling in tables.headers()
                             if sibling.name == header.name or sibling.name in header.own
                             for name in sibling.system})
            calls = "".join(f"    {PROOF[name]};\n" for name in system)
            texts[header.name] = (f'#include "lib/{header.name}"\nvoid use(void);\n'
                                  f"void use(void)\n{{\n{calls}}}\n")
        # In C a missing declaration is a warning that is on by default.
        self.compiles(texts, "-std=gnu99")
        self.compiles(texts, "-std=gnu++11", compiler="g++")

    def test_declares_memmem(self):
        # Without a declaration C assumes an int, and the pointer would be truncated.
        texts = {}
        for header in tables.headers():
            for number, before in enumerate(
                    ("", "#include <string.h>\n", "#define _GNU_SOURCE\n")):
                texts[f"{header.name}-{number}"] = (
                    f'{before}#include "lib/{header.name}"\n#include <string.h>\n'
                    "void *use(void);\nvoid *use(void)\n"
                    '{ return memmem("abc", 3, "b", 1); }\n')
        self.compiles(texts, "-std=c99", *tables.C_FLAGS)
        self.compiles(texts, "-std=gnu11", *tables.C_FLAGS, compiler="clang")
        self.compiles(texts, "-std=c++11", "-U_GNU_SOURCE", *tables.CPP_FLAGS, compiler="g++")

    def test_leaves_the_feature_macros_alone(self):
        self.compiles({header.name: f'#include "lib/{header.name}"\n'
                                    "#ifdef _GNU_SOURCE\n#error\n#endif\n"
                       for header in tables.headers()})

    def test_sources_name_no_sysctl(self):
        for header in harness.INCLUDE.rglob("*.h"):
            self.assertNotIn("sysctl", header.read_text(), header)

    def test_comments_speak_to_c_readers(self):
        """Markup of Rust's documentation stays in the Rust sources."""
        for header in harness.INCLUDE.rglob("*.h"):
            self.assertNotRegex(header.read_text(), r"(?m)^ *\* #|\[`|\busize\b|[A-Za-z_]::[A-Za-z_]", header)

    def test_macros_of_the_project_begin_with_yolanda(self):
        known = {row.name.split("(")[0] for row in tables.constants()}
        for header in harness.INCLUDE.rglob("*.h"):
            for name in re.findall(r"^ *# *define +(\w+)", header.read_text(), re.MULTILINE):
                if name not in known:
                    self.assertTrue(name.startswith("YOLANDA_"), f"{name} in {header}")

    def test_is_c_to_cpp(self):
        lines = [f'#include "lib/{header.name}"' for header in tables.headers()]
        lines += [f"void *at_{row.name}() {{ return (void *){row.name}; }}"
                  for row in tables.functions() if row.header != tables.UNDECLARED]
        lines += ["int main() { return 0; }"]
        source = self.folder / "all.cpp"
        source.write_text("\n".join(lines) + "\n")
        for kind in harness.KINDS:
            with self.subTest(kind):
                tables.build([source], self.folder / "all", kind, compiler="g++")


if __name__ == "__main__":
    unittest.main()
