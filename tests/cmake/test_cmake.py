"""How programs find the library: add_subdirectory, find_package, pkg-config, by hand."""
import functools
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path

import harness

# The parts that these tests check; the library's behaviour doesn't matter here.
PACKAGING = ("CMakeLists.txt", "cmake", "scripts/archive", "Cargo.toml", "build.rs", "build", "include")
GENERATORS = ("Unix Makefiles", "Ninja")
SHARED = {"so": "ON", "a": "OFF"}
VERSION = re.search(r'^version = "(.*)"', (harness.ROOT / "Cargo.toml").read_text(), re.MULTILINE).group(1)

CHAPTER_C = """
    #include "lib/common.h"
    #include <lib/acceptor.h>
    #include "tcp_server.h"
    #include "lib/http_server.h"

    int main(void)
    {
        struct event_loop *loop = event_loop_init();
        struct buffer *buffer = buffer_new();
        buffer_append_string(buffer, "hello");
        printf("%d on %s\\n", buffer_readable_size(buffer), loop->eventDispatcher->name);
        return 0;
    }
    """
# The same calls from C++, and a dispatcher by its name: data of the library.
CHAPTER_CPP = """
    #include <iostream>
    #include "lib/tcp_server.h"
    #include "event_loop.h"

    int main()
    {
        event_loop *loop = event_loop_init();
        std::cout << (loop->eventDispatcher == &epoll_dispatcher
                      || loop->eventDispatcher == &poll_dispatcher) << std::endl;
    }
    """
PROJECT = """
    cmake_minimum_required(VERSION 3.5)
    project(yolanda C CXX)
    set(CMAKE_C_FLAGS "-Wall -Wextra -Werror")
    set(CMAKE_CXX_FLAGS "-Wall -Wextra -Werror")
    {uses}
    add_subdirectory(chap-1)
    """
C_CHAPTER_CMAKE = """
    add_executable(chapter chapter.c)
    target_link_libraries(chapter yolanda)
    """
CHAPTER_CMAKE = C_CHAPTER_CMAKE + """
    add_executable(chapter_cpp chapter.cpp)
    target_link_libraries(chapter_cpp yolanda::yolanda)
    """
# As in the course: a generated config.h says whether there is epoll.
COURSE = """
    cmake_minimum_required(VERSION 3.5)
    project(yolanda C CXX)
    set(EPOLL_ENABLE {epoll} CACHE INTERNAL "" FORCE)
    configure_file(config.h.cmake ${{CMAKE_CURRENT_BINARY_DIR}}/include/config.h)
    include_directories(${{CMAKE_CURRENT_BINARY_DIR}}/include)
    {uses}
    add_subdirectory(chap-1)
    """
# A replacement for cargo: prints its arguments, and uses a library that already exists.
FAKE_CARGO = """
    #!/bin/sh
    echo "$CARGO_TARGET_DIR" "$@" >> "$CALLS"
    case "$*" in *"--profile dev"*) out=debug ;; *) out=release ;; esac
    mkdir -p "$CARGO_TARGET_DIR/$out"
    cp "$LIBRARY/libyolanda.a" "$LIBRARY/libyolanda.so" "$CARGO_TARGET_DIR/$out"
    """

SCRATCH = None


def setUpModule():
    global SCRATCH
    SCRATCH = Path(tempfile.mkdtemp(prefix="yolanda cmake "))
    unittest.addModuleCleanup(shutil.rmtree, SCRATCH)
    harness.library()


@functools.cache
def installed(name, *args):
    """The folder of a package that was configured with these arguments."""
    build, stage = SCRATCH / f"library {name}", SCRATCH / f"stage {name}"
    run("cmake", "-S", harness.ROOT, "-B", build, "-DCMAKE_INSTALL_PREFIX=/opt/yolanda",
        f"-DYOLANDA_CARGO_TARGET_DIR={harness.TARGET}", "-DYOLANDA_EXAMPLES=OFF", *args)
    run("cmake", "--build", build)
    run("cmake", "--install", build, env={"DESTDIR": stage})
    # The installation for /opt is used elsewhere: it has to be relocatable.
    return (stage / "opt/yolanda").rename(SCRATCH / name)


def prefix():
    return installed("moved")


def run(*command, env=None, cwd=None, fails=False):
    """Runs a command and returns its output. With `fails`, it has to fail."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=harness.scaled(120),
                          env=os.environ | {k: str(v) for k, v in (env or {}).items()})
    if (done.returncode != 0) != fails:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).strip() + "\n")
    return path


def tree(name, top):
    """A project with one chapter."""
    root = SCRATCH / name
    write(root / "CMakeLists.txt", top)
    write(root / "config.h.cmake", "#cmakedefine EPOLL_ENABLE @EPOLL_ENABLE@")
    write(root / "chap-1/CMakeLists.txt", CHAPTER_CMAKE)
    write(root / "chap-1/chapter.c", CHAPTER_C)
    write(root / "chap-1/chapter.cpp", CHAPTER_CPP)
    return root


def subdirectory():
    return f'add_subdirectory("{harness.ROOT}" yolanda)'


def package():
    return f"find_package(yolanda {VERSION.rpartition('.')[0]} REQUIRED)"


def configure(root, generator="Ninja", kind="a", *args, **options):
    """Configures a project; the build folder and what CMake said. kind None: it says nothing of it."""
    build = root / f"build-{generator}-{kind}"
    shared = [f"-DBUILD_SHARED_LIBS={SHARED[kind]}"] if kind else []
    output = run("cmake", "-S", root, "-B", build, "-G", generator,
                 f"-DYOLANDA_CARGO_TARGET_DIR={harness.TARGET}", f"-DCMAKE_PREFIX_PATH={prefix()}",
                 *shared, *args, **options)
    return build, output


def needed(binary):
    """The shared libraries that a binary asks for."""
    return run("readelf", "-d", binary)


class Test(unittest.TestCase):
    def check_program(self, binary, kind, expected="5 on epoll", env=None):
        # A loop that is made logs a few lines of its own.
        output = run(binary, env={"YOLANDA_LOG": "off"} | (env or {}))
        self.assertEqual(output.strip(), expected)
        self.assertEqual("[libyolanda.so.1]" in needed(binary), kind == "so")

    def check_matrix(self, name, uses):
        root = tree(name, PROJECT.format(uses=uses))
        for generator, kind in (("Unix Makefiles", "a"), ("Ninja", "a"), ("Ninja", "so")):
            with self.subTest(generator=generator, kind=kind):
                build, _ = configure(root, generator, kind)
                run("cmake", "--build", build)
                self.check_program(build / "chap-1/chapter", kind)
                self.check_program(build / "chap-1/chapter_cpp", kind, "1")


@harness.unchanged(*PACKAGING, tools=("cmake", "gcc", "clang", "ninja", "make"))
class AddSubdirectory(Test):
    def test_all_that_a_chapter_needs(self):
        self.check_matrix("subdirectory", subdirectory())

    def test_another_target_of_the_name(self):
        root = tree("twice", PROJECT.format(
            uses="add_library(yolanda INTERFACE)\n    " + subdirectory()))
        _, output = configure(root, fails=True)
        self.assertIn("remove the add_subdirectory", " ".join(output.split()))

    def test_the_parent_keeps_its_own(self):
        """No example, test or install rule of the library turns up in the project around it."""
        root = tree("parent", PROJECT.format(uses=subdirectory()) + """
    if(NOT yolanda_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR OR NOT PROJECT_NAME STREQUAL "yolanda")
      message(FATAL_ERROR "variables of the project are changed")
    endif()
    enable_testing()
    """)
        build, _ = configure(root)
        targets = run("cmake", "--build", build, "--target", "help")
        self.assertNotIn("echo_server", targets)
        run("cmake", "--build", build)
        run("cmake", "--install", build, "--prefix", root / "prefix")
        self.assertFalse((root / "prefix").exists())
        self.assertIn("No tests were found", run("ctest", cwd=build))


@harness.unchanged(*PACKAGING, tools=("cmake", "gcc", "clang", "ninja", "make"))
class Cargo(Test):
    def setUp(self):
        self.calls = SCRATCH / f"calls-{self.id()}"
        self.library = SCRATCH / f"library-{self.id()}"
        self.library.mkdir()
        for name in ("libyolanda.a", "libyolanda.so"):
            shutil.copy(harness.library() / name, self.library)
        fake = write(SCRATCH / "fake cargo/cargo", FAKE_CARGO)
        fake.chmod(0o755)
        self.env = {"CARGO": fake, "CALLS": self.calls, "LIBRARY": self.library}

    def build(self, name, generator, kind, *args):
        root = tree(name, PROJECT.format(uses=subdirectory()))
        build = root / f"build-{generator}-{kind}"
        run("cmake", "-S", root, "-B", build, "-G", generator,
            f"-DYOLANDA_SHARED={SHARED[kind]}", *args, env=self.env)
        self.again(build)
        return build

    def again(self, build):
        run("cmake", "--build", build, env=self.env)

    def test_builds_outside_of_the_source_tree(self):
        build = self.build("outside", "Ninja", "a")
        directory, arguments = self.calls.read_text().split(" build ", 1)
        self.assertEqual(Path(directory), build / "yolanda/cargo")
        self.assertIn("--profile release", arguments)

    def test_options(self):
        build = self.build("options", "Ninja", "so", "-DYOLANDA_CARGO_PROFILE=dev",
                           "-DYOLANDA_CARGO_FLAGS=--features;plain-malloc",
                           "-DBUILD_SHARED_LIBS=OFF")
        self.assertIn("--profile dev --features plain-malloc", self.calls.read_text())
        self.check_program(build / "chap-1/chapter", "so")

    def test_links_again_when_the_library_changed(self):
        for generator in GENERATORS:
            for kind, name in (("a", "libyolanda.a"), ("so", "libyolanda.so")):
                with self.subTest(generator=generator, kind=kind):
                    build = self.build("again", generator, kind)
                    chapter = build / "chap-1/chapter"
                    linked = chapter.stat().st_mtime_ns
                    self.again(build)
                    self.assertEqual(chapter.stat().st_mtime_ns, linked)
                    subprocess.run(["objcopy", "--add-section", f".note.{generator[0]}=/dev/null",
                                    self.library / name], check=True)
                    self.again(build)
                    self.assertGreater(chapter.stat().st_mtime_ns, linked)


@harness.unchanged(*PACKAGING, tools=("cmake", "gcc", "clang", "ninja", "make"))
class Installed(Test):
    def test_files(self):
        version = next(prefix().glob("lib/libyolanda.so.*.*")).name
        headers = {f"include/yolanda/{path.relative_to(harness.INCLUDE)}"
                   for path in harness.INCLUDE.rglob("*") if path.is_file()}
        package = {f"lib/cmake/yolanda/{name}" for name in (
            "yolandaConfig.cmake", "yolandaConfigVersion.cmake", "yolandaTarget.cmake")}
        expected = headers | package | {
            "lib/libyolanda.a", "lib/libyolanda.so", "lib/libyolanda.so.1", f"lib/{version}",
            "lib/pkgconfig/yolanda.pc", "lib/pkgconfig/yolanda-shared.pc"}
        found = {str(path.relative_to(prefix())) for path in prefix().rglob("*") if not path.is_dir()}
        self.assertEqual(found, expected)
        self.assertEqual(os.readlink(prefix() / "lib/libyolanda.so"), "libyolanda.so.1")
        self.assertEqual(os.readlink(prefix() / "lib/libyolanda.so.1"), version)
        self.assertIn("soname: [libyolanda.so.1]", needed(prefix() / "lib/libyolanda.so"))
        self.assertIn("include/yolanda/lib/tcp_server.h", found)

    def test_says_nothing_of_where_it_was_built(self):
        for path in [*prefix().glob("lib/cmake/yolanda/*.cmake"), *prefix().glob("lib/pkgconfig/*.pc")]:
            text = path.read_text()
            for place in (str(SCRATCH), str(harness.ROOT), "/opt/yolanda"):
                self.assertNotIn(place, text, path)

    def test_find_package(self):
        self.check_matrix("package", package())

    def test_find_package_looks_at_the_version(self):
        """While the major number is 0, another minor version is another interface."""
        major, minor, patch = map(int, VERSION.split("."))
        asked = {f"{major}.{minor}": True, VERSION: True, f"{major}.{minor}.{patch + 1}": False,
                 f"{major}.{minor + 1}": False, f"{major + 1}": False}
        if minor > 0:
            asked[f"{major}.{minor - 1}"] = major > 0
        for number, (version, taken) in enumerate(asked.items()):
            with self.subTest(version):
                root = tree(f"version {number}", "cmake_minimum_required(VERSION 3.5)\nproject(x NONE)\n"
                            f"find_package(yolanda {version} REQUIRED)")
                configure(root, fails=not taken)

    def test_find_package_gives_what_was_configured(self):
        places = {"so": installed("shared", "-DBUILD_SHARED_LIBS=ON"), "a": prefix()}
        root = tree("default", PROJECT.format(uses=package()).replace("C CXX", "C"))
        write(root / "chap-1/CMakeLists.txt", C_CHAPTER_CMAKE)
        for configured, place in places.items():
            other = {"so": "a", "a": "so"}[configured]
            for kind, args in ((configured, []), (other, [f"-DYOLANDA_SHARED={SHARED[other]}"]),
                               (other, [f"-DBUILD_SHARED_LIBS={SHARED[other]}"])):
                with self.subTest(configured=configured, args=args):
                    build, _ = configure(root, "Ninja", None, "--fresh", f"-DCMAKE_PREFIX_PATH={place}", *args)
                    run("cmake", "--build", build)
                    self.check_program(build / "chap-1/chapter", kind)

    def test_pkg_config(self):
        env = {"PKG_CONFIG_PATH": prefix() / "lib/pkgconfig"}
        shared = shlex.split(run("pkg-config", "--cflags", "--libs", "yolanda", env=env))
        static = shlex.split(run("pkg-config", "--static", "--cflags", "--libs", "yolanda", env=env))
        root = tree("pkg-config", "")
        rpath = f"-Wl,-rpath,{prefix()}/lib"
        run("gcc", "-Wall", "-Werror", root / "chap-1/chapter.c", *shared, rpath, "-o", root / "c")
        self.check_program(root / "c", "so")
        run("g++", "-Wall", "-Werror", root / "chap-1/chapter.cpp", *shared, rpath, "-o", root / "cpp")
        self.check_program(root / "cpp", "so", "1")
        # The shared library lies in the same folder.
        for flags in ([], ["-static"]):
            for compiler, source in (("gcc", "chapter.c"), ("clang", "chapter.c"), ("g++", "chapter.cpp")):
                with self.subTest(flags=flags, compiler=compiler):
                    run(compiler, *flags, root / "chap-1" / source, *static, "-o", root / "static")
                    self.check_program(root / "static", "a", "1" if compiler == "g++" else "5 on epoll")

    def test_by_hand(self):
        root = tree("by hand", "")
        chapter = root / "chap-1/chapter.c"
        includes = ["-I", prefix() / "include/yolanda", "-I", prefix() / "include/yolanda/lib"]
        for compiler in ("gcc", "clang"):
            with self.subTest(compiler=compiler):
                run(compiler, chapter, *includes, "-L", prefix() / "lib", "-lyolanda",
                    f"-Wl,-rpath,{prefix()}/lib", "-o", root / "so")
                self.check_program(root / "so", "so")
                run(compiler, chapter, *includes, prefix() / "lib/libyolanda.a", "-lpthread", "-ldl",
                    "-lm", "-o", root / "a")
                self.check_program(root / "a", "a")


@harness.unchanged(*PACKAGING, tools=("cmake", "gcc", "clang", "ninja", "make"))
class CourseTree(Test):
    """A project whose own config.h says whether there is epoll."""

    def check(self, name, epoll, expected, uses):
        root = tree(name, COURSE.format(epoll=epoll, uses=uses))
        for kind in SHARED:
            with self.subTest(kind=kind):
                build, _ = configure(root, "Ninja", kind)
                run("cmake", "--build", build)
                chapter = build / "chap-1/chapter"
                self.check_program(chapter, kind, f"5 on {expected}")
                self.check_program(chapter, kind, "5 on epoll", {"YOLANDA_DISPATCHER": "epoll"})

    def test_epoll(self):
        self.check("course-epoll", "1", "epoll", subdirectory())

    def test_poll(self):
        self.check("course-poll", '""', "poll", subdirectory())

    def test_poll_from_a_package(self):
        self.check("course-package", '""', "poll", package())

    def test_poll_without_a_config_header(self):
        self.check("plain-poll", '""', "poll", "file(REMOVE ${CMAKE_CURRENT_BINARY_DIR}/include/config.h)\n    "
                   + subdirectory())


class Examples(unittest.TestCase):
    def test_no_warnings(self):
        """CMake builds them with one compiler; learners have one or the other."""
        for compiler in ("gcc", "clang"):
            run(compiler, "-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                "-I", harness.INCLUDE, *harness.ROOT.glob("c_examples/*.c"))


if __name__ == "__main__":
    unittest.main()
