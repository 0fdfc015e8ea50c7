"""The layers of src: what each folder may import, and that imports form no large circles.

The first comment of a folder's root file (mod.rs, or x.rs beside x/) says what the folder may import besides its
own files and subfolders, in one sentence:

    //! Imports: sys, abi, reactor/event_loop.
    //! Imports: nothing of ours.

A name is a folder, with all that is in it, or a file without .rs. As in Rust's scopes it is looked for beside
the folder first, then beside its parent, and so on up to src: in reactor/tcp_connection/input, `output` is
reactor/tcp_connection/output, `event_loop` is reactor/event_loop and `sys` is src/sys. The name of a folder above
(`tcp_connection` in reactor/tcp_connection/input) means the files that stand directly in it. `src/log` is src/log
where something nearer has that name. `lib` is src/lib.rs.

Folders in src and in src/reactor must have the sentence. Another folder without it has its parent's, and is one with
it: only folders with a sentence of their own may form no circles. What a folder
may import isn't passed on to a subfolder with a sentence of its own. Files directly in src may import all.

tests/rust_sources.py says what an import is.
"""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
import rust_sources as rust

LARGEST_CIRCLE = 17
MOST_UP = 3
REACTOR = "reactor"
SENTENCE = re.compile(r"\bImports: (.*?)\.(?=\s|$)")
NOTHING = "nothing of ours"
SHOWN = 8


class Entry:
    """One name of a sentence."""

    def __init__(self, name, place, folder, crate):
        self.name, self.place = name, place
        self.file = place not in crate.folders
        self.above = rust.within(folder, place)
        self.used = False

    def covers(self, file, folder):
        if self.file:
            return file == self.place
        return folder == self.place if self.above else rust.within(folder, self.place)


class Layers:
    def __init__(self, root):
        self.crate = rust.Crate(root)
        self.faults = []
        # Folder -> its entries, for folders with a sentence.
        self.entries = {}
        self.without = []
        for folder in sorted(self.crate.folders):
            self.read(folder)
        self.faults += [f"{self.crate.folders[folder]}: its first comment has no sentence "
                        f"\"Imports: {self.needs(folder)}.\"" for folder in self.without]

    # --- sentences ---

    def read(self, folder):
        root = self.crate.folders[folder]
        needed = "/" not in folder or folder.rpartition("/")[0] == REACTOR
        if root is None:
            if needed:
                self.faults.append(f"{folder}: no mod.rs to say what it imports")
            return
        comment = self.crate.sources[root].first_comment()
        found = SENTENCE.findall(comment)
        if not found and (needed or "Imports:" in comment):
            self.without.append(folder)
        if len(found) > 1:
            self.faults.append(f"{root}: several sentences \"Imports: ....\"")
        if len(found) != 1:
            return
        self.entries[folder] = []
        if found[0] == NOTHING:
            return
        for name in found[0].replace("`", "").split(", "):
            place = self.find(folder, name)
            if place is None:
                self.faults.append(f"{root}: imports {name!r}, which is no folder or file")
            elif rust.within(place, folder):
                self.faults.append(f"{root}: imports {name!r}, which is its own")
            elif any(entry.place == place for entry in self.entries[folder]):
                self.faults.append(f"{root}: imports {name!r} twice")
            else:
                self.entries[folder].append(Entry(name, place, folder, self.crate))

    def find(self, folder, name):
        """The folder or file that a name in the sentence of a folder means."""
        if name.startswith("src/"):
            folder, name = folder.split("/")[0], name.removeprefix("src/")
        while folder:
            folder = folder.rpartition("/")[0]
            place = f"{folder}/{name}" if folder else name
            if place in self.crate.folders:
                return place
            if f"{place}.rs" in self.crate.files:
                return f"{place}.rs"
        return None

    def needs(self, folder):
        """What a folder's sentence has to contain: the imports of its files and of subfolders without a sentence."""
        names = set()
        for arrow in self.crate.arrows.values():
            source, target = map(self.crate.folder_of, (arrow.source, arrow.target))
            other = self.owner(source)
            if (not rust.within(source, folder) or rust.within(target, folder)
                    or other != folder and rust.within(other, folder)):
                continue
            above = folder
            while not rust.within(target, above):
                above = above.rpartition("/")[0]
            place = self.crate.node(arrow.target, above)
            full = place.removesuffix(".rs").removesuffix("/mod")
            name = full.removeprefix(above + "/")
            found = self.find(folder, name) or ""
            names.add(name if found.removesuffix(".rs") == full else f"src/{full}")
        return ", ".join(sorted(names)) or NOTHING

    def owner(self, folder):
        """The folder whose sentence holds for a folder."""
        while folder and folder not in self.entries:
            folder = folder.rpartition("/")[0]
        return folder

    # --- the checks ---

    def sentences(self):
        return self.faults

    def tree(self):
        """Files that are in no module and modules without a file."""
        return ([f"{file}: no `mod` line leads to it" for file in self.crate.stray]
                + [f"{file}: no file for `mod {name}`" for file, name in self.crate.missing])

    def imports(self):
        """Imports that no sentence allows, and names in sentences that nothing needs."""
        wrong = {}
        for arrow in self.crate.arrows.values():
            source, target = map(self.crate.folder_of, (arrow.source, arrow.target))
            owner = self.owner(source)
            if not owner or rust.within(target, owner):
                continue
            allowing = [entry for entry in self.entries[owner] if entry.covers(arrow.target, target)]
            for entry in allowing:
                entry.used = True
            if not allowing:
                # For a file of src itself, or of a folder above, the file has to be named.
                place = arrow.target if not target or rust.within(owner, target) else target
                wrong.setdefault((owner, place), []).append(arrow)
        faults = [f"{owner} may not import {place}: {listed(arrows)}"
                  for (owner, place), arrows in sorted(wrong.items())]
        for folder, entries in sorted(self.entries.items()):
            faults += [f"{self.crate.folders[folder]}: says that it imports {entry.name}, but nothing does"
                       for entry in entries if not entry.used]
        return faults

    def folder_circles(self):
        """Circles between the children of a folder that have a folder with a sentence in them. Subfolders without one
        are a way of sorting the files of their parent, and belong together with it."""
        faults = []
        for parent in ["", *sorted(self.crate.folders)]:
            between = self.crate.lifted(parent)
            for circle in rust.circles(self.crate.children(parent), between):
                folders = [node for node in circle if node in self.entries]
                if not folders:
                    continue
                shortest = rust.shortest_circle(circle, between, folders)
                pairs = zip(shortest, shortest[1:] + shortest[:1])
                faults.append(f"{parent or 'src'}: {len(circle)} in a circle: {shortened(circle)}; as "
                              + ", ".join(said(between[pair][0]) for pair in pairs))
        return faults

    def file_circles(self):
        return [f"{len(circle)} files in a circle: {shortened(circle)}"
                for circle in rust.circles(self.crate.files, self.crate.arrows) if len(circle) > LARGEST_CIRCLE]

    def up(self):
        """Imports between the reactor's subfolders, or one of them and a file directly in the reactor, that don't run
        down in the order that the sentences give. Such a file stands above what it imports."""
        between = self.crate.lifted(REACTOR)
        nodes = self.crate.children(REACTOR)
        edges = {pair for pair in between if pair[0] not in self.crate.folders}
        for folder in nodes:
            for entry in self.entries.get(folder, ()):
                if entry.above:
                    edges |= {pair for pair in between
                              if pair[0] == folder and pair[1] not in self.crate.folders}
                elif rust.within(entry.place.removesuffix(".rs"), REACTOR):
                    edges.add((folder, self.crate.node(entry.place, REACTOR) if entry.file else
                               "/".join(entry.place.split("/")[:2])))
        place = rust.ranks(nodes, edges)
        return [arrow for (source, target), arrows in sorted(between.items())
                if place[source] <= place[target] and {source, target} & set(self.crate.folders)
                for arrow in arrows]

    def too_many_up(self):
        up = self.up()
        if len(up) <= MOST_UP:
            return []
        pairs = {}
        for arrow in up:
            pair = self.crate.node(arrow.source, REACTOR), self.crate.node(arrow.target, REACTOR)
            pairs.setdefault(pair, []).append(arrow)
        most = sorted(pairs.values(), key=len, reverse=True)
        return [f"{len(up)} imports run up in {REACTOR}", *map(listed, most[:SHOWN]),
                *([f"and {len(most) - SHOWN} more pairs"] if len(most) > SHOWN else [])]


def said(arrow):
    return f"{arrow.source}:{arrow.line} -> {arrow.target}"


def listed(arrows):
    """The first of some imports, and how many more there are."""
    more = f", and {len(arrows) - 1} more" if len(arrows) > 1 else ""
    return said(arrows[0]) + more


def shortened(names):
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


class Sources(unittest.TestCase):
    """The library's own."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.layers = Layers(harness.ROOT / "src")

    def none(self, faults, what):
        if faults:
            self.fail(f"{what}:\n  " + "\n  ".join(faults))

    def test_every_file_is_a_module(self):
        self.assertIn(f"{REACTOR}/mod.rs", self.layers.crate.files)
        self.assertGreater(len(self.layers.crate.arrows), len(self.layers.crate.files))
        self.none(self.layers.tree(), "files and `mod` lines differ")

    def test_every_folder_says_what_it_imports(self):
        self.none(self.layers.sentences(), "sentences that are missing or wrong")

    def test_imports_are_what_the_folders_say(self):
        self.none(self.layers.imports(), "imports and sentences differ")

    def test_folders_form_no_circle(self):
        self.none(self.layers.folder_circles(), "circles of folders")

    def test_circles_of_files_are_small(self):
        self.none(self.layers.file_circles(), f"circles of more than {LARGEST_CIRCLE} files")

    def test_imports_in_the_reactor_run_down(self):
        self.none(self.layers.too_many_up(), f"more than {MOST_UP} imports run up")


# A tree in which all is well.
GOOD = {
    "lib.rs": "mod log;\nmod sys;\nmod reactor;\nmod version;",
    "version.rs": "use crate::sys::errno;\npub fn number() { errno::get(); }",
    "sys/mod.rs": "//! System calls. Imports: nothing of ours.\npub mod errno;",
    "sys/errno.rs": "pub fn get() {}\npub fn set() {}",
    "log.rs": "//! Lines.\n//!\n//! Imports: sys.\nmod sink;\nuse crate::sys::errno::get;\npub use sink::line;\n"
              "macro_rules! log_msg { () => { $crate::log::line() } }",
    "log/sink.rs": "use crate::sys::errno::{self, set};\npub fn line() { errno::get() }",
    "reactor/mod.rs": "//! Imports: sys,\n//! log.\npub mod low;\npub mod high;\nmod utils;",
    "reactor/utils.rs": "use crate::{log, sys::errno};\npub fn help() { log::line(); errno::get() }",
    "reactor/low/mod.rs": "//! Imports: reactor, sys.\nmod a;\npub use a::start;\npub struct Low;",
    "reactor/low/a.rs": "use super::Low;\nuse super::super::utils::help;\npub fn start() { crate::sys::errno::get() }",
    "reactor/high/mod.rs": "//! Imports: low, log.\nuse super::low;\nmod inner { use super::*; fn f(_: Own) {} }\n"
                           "pub struct Own;\nfn g() { low::start(); log_msg!() }",
}


class Checks(unittest.TestCase):
    """Each check finds its kind of violation."""

    def layers(self, **changes):
        """GOOD with some files changed; the name reactor__low__mod is reactor/low/mod.rs."""
        files = GOOD | {name.replace("__", "/") + ".rs": text for name, text in changes.items()}
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return Layers(folder)

    def faults(self, **changes):
        layers = self.layers(**changes)
        return [*layers.tree(), *layers.sentences(), *layers.imports(), *layers.folder_circles(),
                *layers.file_circles(), *layers.too_many_up()]

    def finds(self, text, **changes):
        faults = self.faults(**changes)
        self.assertTrue(any(text in fault for fault in faults), (text, faults))

    def arrows(self, source, **changes):
        return {pair[1] for pair in self.layers(**changes).crate.arrows if pair[0] == source}

    def test_nothing_in_a_good_tree(self):
        self.assertEqual(self.faults(), [])

    def test_files_and_modules(self):
        self.finds("sys/alone.rs: no `mod` line", sys__alone="")
        self.finds("no file for `mod gone`", sys__mod=GOOD["sys/mod.rs"] + "\nmod gone;")

    def test_sentences(self):
        self.finds("sys/mod.rs: its first comment has no", sys__mod="//! System calls.\npub mod errno;")
        self.finds("reactor/low/mod.rs: its first comment has no",
                   reactor__low__mod=GOOD["reactor/low/mod.rs"].replace("//! Imports: reactor, sys.", "//! Low."))
        # It suggests a solution.
        self.finds('log.rs: its first comment has no sentence "Imports: sys."',
                   log=GOOD["log.rs"].replace("Imports: sys.", "imports sys."))
        self.finds('no sentence "Imports: reactor, sys, utils."',
                   reactor__low__mod="mod a;\npub use a::start;\npub struct Low;",
                   reactor__low__a=GOOD["reactor/low/a.rs"] + "\nuse crate::reactor::own;")
        self.finds('no sentence "Imports: nothing of ours."', sys__mod="pub mod errno;")
        # Not the first comment.
        self.finds("sys/mod.rs: its first comment has no",
                   sys__mod="//! System calls.\npub mod errno;\n//! Imports: nothing of ours.")
        self.finds("sys/mod.rs: several", sys__mod="//! Imports: log. Imports: log.\npub mod errno;")
        self.finds("imports 'nowhere', which is no", sys__mod="//! Imports: nowhere.\npub mod errno;")
        self.finds("imports 'sys', which is its own", sys__mod="//! Imports: sys.\npub mod errno;")
        self.finds("imports 'reactor/low' twice",
                   reactor__high__mod=GOOD["reactor/high/mod.rs"].replace("low, log", "low, reactor/low, log"))

    def test_imports_that_are_not_allowed(self):
        self.finds("sys may not import log: sys/errno.rs:1 -> log/sink.rs",
                   sys__errno="use crate::log::line;\npub fn get() {}\npub fn set() {}")
        # A macro is an import too, and so is a path without a `use`.
        self.finds("sys may not import log", sys__errno="pub fn get() { log_msg!() }\npub fn set() {}")
        self.finds("sys may not import version.rs",
                   sys__errno="pub fn get() { crate::version::number() }\npub fn set() {}")
        # The parent's permissions don't apply to its child, nor does a child include the parent's files.
        self.finds("reactor/low may not import log",
                   reactor__low__a=GOOD["reactor/low/a.rs"] + "\nuse crate::log::line;")
        self.finds("reactor/high may not import reactor/utils.rs",
                   reactor__high__mod=GOOD["reactor/high/mod.rs"] + "\nuse super::utils::help;")
        # A folder above means its files, not its other subfolders.
        self.finds("reactor/low may not import reactor/high",
                   reactor__low__a=GOOD["reactor/low/a.rs"] + "\nuse crate::reactor::high::Own;")

    def test_subfolders_without_a_sentence_have_their_parent_s(self):
        changes = {"sys__mod": GOOD["sys/mod.rs"] + "\nmod deep;", "sys__deep__mod": "use super::errno::get;"}
        self.assertEqual(self.faults(**changes), [])
        changes["sys__deep__mod"] += "\nuse crate::log::line;"
        self.finds("sys may not import log: sys/deep/mod.rs:2", **changes)

    def test_names_are_looked_for_upwards(self):
        def deep(names, code):
            return {"reactor__low__mod": GOOD["reactor/low/mod.rs"] + "\nmod deep;\nmod side;",
                    "reactor__low__side__f": "pub fn f() {}", "reactor__low__side__mod": "pub mod f;",
                    "reactor__low__deep__mod": f"//! Imports: {names}.\n{code}"}
        own = "use super::Low;\nfn f() { super::a::start() }"
        self.assertEqual(self.faults(**deep("low, sys", own + "\nuse crate::sys::errno::get;")), [])
        self.assertEqual(self.faults(**deep("reactor/low, a", own)), [])
        code = "use super::side::f::f;\nuse crate::reactor::utils::help;"
        self.assertEqual(self.faults(**deep("utils, side", code)), [])
        shadowed = deep("low, sys", own) | {"reactor__sys": "pub fn f() {}",
                                            "reactor__mod": GOOD["reactor/mod.rs"] + "\nmod sys;"}
        shadowed["reactor__low__deep__mod"] += "\nuse crate::sys::errno::get;"
        self.finds("reactor/low/deep may not import sys", **shadowed)
        self.finds("reactor/low/deep/mod.rs: says that it imports sys, but", **shadowed)
        shadowed["reactor__low__deep__mod"] = shadowed["reactor__low__deep__mod"].replace("low, sys", "low, src/sys")
        self.assertNotIn("deep", " ".join(self.faults(**shadowed)))
        self.finds("reactor/low/deep may not import reactor/low/side", **deep("low", own + "\nuse super::side::f::f;"))
        self.finds("reactor/low/deep may not import reactor/low/mod.rs", **deep("a", own))

    def test_names_that_nothing_imports(self):
        self.finds("reactor/high/mod.rs: says that it imports sys, but nothing does",
                   reactor__high__mod=GOOD["reactor/high/mod.rs"].replace("low, log", "low, log, sys"))
        # Tests don't count.
        self.finds("log.rs: says that it imports sys, but nothing does",
                   log__sink="pub fn line() {}\n#[cfg(test)]\nmod tests { use crate::sys::errno; }",
                   log="//! Imports: sys.\nmod sink;\npub use sink::line;\nmacro_rules! log_msg { () => {} }\n"
                       "#[cfg(test)]\nuse crate::sys::errno;")

    def test_circles_of_folders(self):
        circle = {"sys__errno": "use crate::log::line;\npub fn get() {}\npub fn set() {}",
                  "sys__mod": "//! Imports: log.\npub mod errno;"}
        self.finds("src: 2 in a circle: log, sys", **circle)
        # With a file of the parent.
        self.finds("reactor: 2 in a circle: reactor/low, reactor/utils.rs",
                   reactor__utils="use super::low::start;\npub fn help() {}")
        # Two files of one folder may import each other.
        self.assertEqual(self.faults(sys__mod=GOOD["sys/mod.rs"] + "\nmod other;",
                                     sys__other="use super::errno::get;\npub fn f() {}",
                                     sys__errno="use super::other::f;\npub fn get() {}\npub fn set() {}"), [])

    def test_circles_of_files(self):
        def ring(size):
            files = {f"sys__f{n}": f"use super::f{(n + 1) % size}::f as g;\npub fn f() {{}}" for n in range(size)}
            lines = "".join(f"\nmod f{n};" for n in range(size))
            return files | {"sys__mod": GOOD["sys/mod.rs"] + lines}
        self.assertEqual(self.faults(**ring(LARGEST_CIRCLE)), [])
        self.finds(f"{LARGEST_CIRCLE + 1} files in a circle", **ring(LARGEST_CIRCLE + 1))

    def test_imports_that_run_up(self):
        def up(number):
            lines = "".join(f"\nmod b{n};" for n in range(number))
            files = {f"reactor__low__b{n}": "use crate::reactor::high::Own;" for n in range(number)}
            return files | {"reactor__low__mod": GOOD["reactor/low/mod.rs"] + lines}
        self.assertEqual(len(self.layers(**up(MOST_UP)).up()), MOST_UP)
        self.assertEqual(self.layers(**up(MOST_UP)).too_many_up(), [])
        self.finds(f"{MOST_UP + 1} imports run up in reactor", **up(MOST_UP + 1))

    def test_what_an_import_is(self):
        """Groups, globs, other names, `self`, names that are passed on, modules in a file, #[path]."""
        errno, sink, low = "sys/errno.rs", "log/sink.rs", "reactor/low/mod.rs"
        for text, targets in {
            "use crate::{sys::errno::{get as g, set}, log::*};\nfn f() { line() }": {errno, sink},
            "use crate::log::*;": {"log.rs"},
            "use crate::log as l;\nfn f() { l::line() }": {sink},
            "use crate::log;": {"log.rs"},
            "use crate::sys;\nfn f() { sys::errno::get() }": {errno},
            "use crate::sys::{self as s, errno};\nfn f() { s::unknown() }": {"sys/mod.rs", errno},
            "fn f(_: &[crate::reactor::low::Low]) -> u8 { '\"'; b'\\'' }": {low},
            "mod inner { fn f() { super::super::sys::errno::get(); } }": {errno},
            "mod inner { pub fn get() {} }\nuse self::inner::get;\nfn f() { inner::get() }": set(),
            "pub(in crate::sys) fn f() { r#\"crate::sys::errno::get\"#; } // crate::log::line()": set(),
            "/* crate::log /* nested */ crate::log::line() */ use std::sys::errno;\nuse ::log::line;": set(),
            "fn f<'a>(x: &'a str) { x.line(); Self::line(); <X as crate::log::Line>::line() }": {"log.rs"},
            "#[cfg(all(test, unix))]\nuse crate::log::line;\n#[test]\nfn f() { crate::sys::errno::get() }": set(),
            "#[cfg(any(test, unix))]\nuse crate::log::line;": {sink},
            "#[cfg(test)]\npub(crate) const fn f(x: [u8; 2]) { crate::log::line() }\nuse crate::sys::errno;": {errno},
            "struct S { #[cfg(test)] line: crate::log::Line, rest: crate::sys::errno::Code }": {errno},
        }.items():
            with self.subTest(text):
                self.assertEqual(self.arrows("version.rs", version=text), targets)
        # A line that only gives out a name of its own folder is none; one that also uses the name is.
        self.assertEqual(self.arrows("sys/mod.rs", sys__mod="pub mod errno;\npub use errno::get;"), set())
        self.assertEqual(self.arrows("sys/mod.rs", sys__mod="pub mod errno;\npub use errno::get;\n"
                                                            "fn f() { get() }"), {errno})
        self.assertEqual(self.arrows("sys/mod.rs", sys__mod="pub mod errno;\npub use crate::log::line;"), {sink})
        self.assertEqual(self.arrows("version.rs", version="use crate::sys::get;",
                                     sys__mod="pub mod errno;\npub use errno::*;"), {errno})
        # The file that #[path] names is the module; a test's file isn't one of the crate's.
        moved = {"sys__mod": "#[path = \"../sys/far/code.rs\"]\npub mod errno;", "sys__far__code": "pub fn get() {}"}
        self.assertEqual(self.arrows("version.rs", version="use crate::sys::errno::get;", **moved),
                         {"sys/far/code.rs"})
        tested = self.layers(sys__errno="#[cfg(test)]\nmod tests;\npub fn get() {}\npub fn set() {}",
                             sys__errno__tests="use super::*;\nuse crate::log::line;")
        self.assertNotIn("sys/errno/tests.rs", tested.crate.files)
        self.assertEqual([tested.tree(), tested.imports(), tested.folder_circles()], [[], [], []])


class Counts(unittest.TestCase):
    """The figures of scripts/structure."""

    def test_unsafe_code(self):
        source = rust.Source("x.rs", """
            unsafe extern "C" { fn foreign(); }
            pub unsafe extern "C" fn one(call: unsafe extern "C" fn(i32)) { unsafe { call(1) } }
            const unsafe fn two() {}
            fn three() { let unsafe_ = "unsafe { fn four() }"; unsafe { foreign() } }
            unsafe impl Send for X {}
        """)
        self.assertEqual(rust.counts(source), (3, 2, 2))

    def test_booleans(self):
        source = rust.Source("x.rs", """
            struct Three<T> { a: bool, /// b: bool,
                map: Map<bool, T>, pub(crate) c: Cell<bool>, call: fn(bool) -> bool, n: u8 }
            struct Two(bool, AtomicBool);
            struct None { n: u8 }
        """)
        self.assertEqual(rust.booleans(source), {"Three": 3, "Two": 2})

    def test_reasons(self):
        source = rust.Source("x.rs", "// SAFETY: as\n// said.\nf();\n// SAFETY: the loop is live.\n\n// No more.\n")
        self.assertEqual(rust.safety_reasons(source), [("as said.", 1), ("the loop is live.", 4)])
        for reason in ("As said.", "handed on", "as in `start`.", "the caller's.", "the caller's request."):
            self.assertTrue(rust.says_nothing(reason), reason)
        for reason in ("as said; the fields are atomic.", "the caller's list isn't changed.", "a live loop."):
            self.assertFalse(rust.says_nothing(reason), reason)

    def test_order_with_the_fewest_imports_up(self):
        chain = {("c", "b"): 3, ("b", "a"): 2, ("c", "a"): 1}
        self.assertEqual(rust.fewest_up("abc", chain), (["a", "b", "c"], 0))
        self.assertEqual(rust.fewest_up("abc", chain | {("a", "c"): 2})[1], 2)

    def test_tables_of_two_trees(self):
        command = [harness.ROOT / "scripts" / "structure", f"before={harness.ROOT}", f"after={harness.ROOT / 'src'}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.assertIn("| What | before | after |", said)
        [(before, after)] = re.findall(r"^\| Files \| (\d+) \| (\d+) \|$", said, re.MULTILINE)
        files = sum(1 for _ in (harness.ROOT / "src").rglob("*.rs"))
        self.assertEqual([int(before), int(after)], [files, files])


if __name__ == "__main__":
    unittest.main()
