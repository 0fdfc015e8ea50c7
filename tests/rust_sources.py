"""Reads a Rust source tree far enough to say which file imports which, and to count what it is made of.

    crate = Crate(Path("src"))
    for arrow in crate.arrows.values():
        print(arrow.source, arrow.line, arrow.target)

An arrow goes from the file that has a `use` line, a path (`crate::a::b`, `super::b`) or a macro call to the file
that declares what is named. Names that a `pub use` passes on are followed to their declaration; where that can't
be told (an external name, a name that a macro makes), the arrow ends at the file of the last module in the path.
A `use` of a module is an arrow to what the file names through it, and to the module's own file if that is nothing.
A `pub use` of a name from the file's own folder or below is an arrow only if the file uses the name itself: it passes
on a name, as `mod` does. What stands under `cfg(test)` makes no arrows. Method calls name no file and make none either.

Files are paths below the root of the sources, as "reactor/mod.rs"; a folder is "reactor", the root is "".
"""
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

TOKEN = re.compile(r"""
    (?P<space>\s+)
  | (?P<comment>//[^\n]*)
  | (?P<block>/\*)
  | (?P<raw>(?:b|c)?r(?P<hashes>\#*)".*?"(?P=hashes))
  | (?P<string>(?:b|c)?"(?:\\.|[^"\\])*")
  | (?P<char>b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])')
  | (?P<lifetime>'[A-Za-z_]\w*)
  | (?P<ident>(?:r\#)?[A-Za-z_]\w*)
  | (?P<number>\d\w*(?:\.\d\w*)?)
  | (?P<punct>::|->|=>|.)
""", re.VERBOSE | re.DOTALL)

KEYWORDS = frozenset("""as async await break const continue crate dyn else enum extern false fn for if impl in let
    loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where
    while""".split())
DECLARING = frozenset("fn struct enum trait type const static union".split())
PAIRS = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    kind: str
    text: str
    line: int


class Use(NamedTuple):
    """One name of a `use` line; the name is "*" for a glob."""
    path: tuple
    name: str
    public: bool
    line: int


class Arrow(NamedTuple):
    source: str
    target: str
    line: int


def tokens_of(text):
    """The tokens of a source, and its comments apart."""
    starts = [match.end() for match in re.finditer("\n", text)]
    tokens, comments, at = [], [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        kind, line = match.lastgroup, 1 + bisect_right(starts, at)
        if kind == "hashes":
            kind = "raw"
        end = match.end()
        if kind == "block":
            end, depth = at + 2, 1
            for edge in re.finditer(r"/\*|\*/", text[end:]):
                depth += 1 if edge.group() == "/*" else -1
                if not depth:
                    end += edge.end()
                    break
            else:
                end = len(text)
        if kind in ("comment", "block"):
            comments.append(Token(kind, text[at:end], line))
        elif kind == "ident":
            tokens.append(Token(kind, match.group().removeprefix("r#"), line))
        elif kind != "space":
            tokens.append(Token("string" if kind == "raw" else kind, match.group(), line))
        at = end
    return tokens, comments


def closing(tokens, at):
    """The index of the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(tokens)):
        kind, text, _ = tokens[index]
        if kind == "punct":
            if text in PAIRS:
                depth += 1
            elif text in ")]}":
                depth -= 1
                if not depth:
                    return index
    return len(tokens) - 1


class Source:
    """One file."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.count("\n")
        self.tokens, self.comments = tokens_of(text)
        self.test = False
        # Ranges of token indexes that are under cfg(test).
        self.test_ranges = []

    def live_tokens(self):
        """Without the parts under cfg(test)."""
        if self.test:
            return []
        dropped = set()
        for first, end in self.test_ranges:
            dropped.update(range(first, end))
        return [token for index, token in enumerate(self.tokens) if index not in dropped]

    def live_comments(self):
        if self.test:
            return []
        ranges = [(self.tokens[first].line, self.tokens[end - 1].line) for first, end in self.test_ranges]
        return [comment for comment in self.comments
                if not any(first <= comment.line <= last for first, last in ranges)]

    def first_comment(self):
        """The text of the `//!` lines at the top."""
        lines = []
        for line in self.text.splitlines():
            if line.startswith("//!"):
                lines.append(line[3:].strip())
            elif line.strip():
                break
        return " ".join(lines)


class Module:
    def __init__(self, name, parent, file, folder, test):
        self.name, self.parent, self.file, self.test = name, parent, file, test
        # Where the files of its modules are.
        self.folder = folder
        self.children = defaultdict(list)
        self.items = set()
        self.uses = []
        self.paths = []
        self.names = {}
        self.macros = {}


class Reader:
    """Reads the tokens of one file into modules."""

    def __init__(self, crate, source, module):
        self.crate, self.source, self.tokens = crate, source, source.tokens
        # The owner of each open brace: a Module, "extern", or None.
        self.open = [module]

    @property
    def module(self):
        return next(place for place in reversed(self.open) if isinstance(place, Module))

    def text(self, index):
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def kind(self, index):
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else ""

    def read(self):
        at, self.public, self.path, self.braces_of = 0, False, None, None
        while at < len(self.tokens):
            at = self.step(at)

    def step(self, at):
        kind, text, line = self.tokens[at]
        if text == "#" and self.text(at + 1) == "[":
            return self.attribute(at, at + 1)
        if text == "#" and self.text(at + 1) == "!" and self.text(at + 2) == "[":
            end = closing(self.tokens, at + 2)
            if is_test(self.tokens[at + 3:end]) and isinstance(self.open[-1], Module):
                self.module.test = True
                if len(self.open) == 1:
                    self.source.test = True
            return end + 1
        if kind == "ident" and text == "pub":
            self.public = True
            restricted = self.text(at + 1) == "(" and self.text(at + 2) in ("crate", "super", "self", "in")
            return closing(self.tokens, at + 1) + 1 if restricted else at + 1
        public, path = self.public, self.path
        self.public, self.path = False, None
        if kind == "punct":
            if text == "{":
                self.open.append(self.braces_of)
                self.braces_of = None
            elif text == "}" and len(self.open) > 1:
                self.open.pop()
            return at + 1
        if kind != "ident":
            return at + 1
        if text == "use" and self.text(at + 1) != "<":
            return self.use(at + 1, public, line)
        if text == "mod" and self.kind(at + 1) == "ident":
            return self.mod(at, path)
        if text == "extern":
            brace = at + 2 if self.kind(at + 1) == "string" else at + 1
            if self.text(brace) == "{":
                self.braces_of = "extern"
                return brace
        if text == "macro_rules" and self.text(at + 1) == "!":
            name = self.text(at + 2)
            self.crate.macros[name].add(self.source.path)
            self.module.items.add(name)
            return at + 3
        if text in DECLARING and self.open[-1] is not None:
            name = at + 2 if self.text(at + 1) == "mut" else at + 1
            union = text != "union" or self.text(name + 1) in ("{", "<")
            if self.kind(name) == "ident" and self.text(name) not in KEYWORDS and union:
                self.module.items.add(self.text(name))
                return name + 1
        return self.named(at)

    def attribute(self, at, bracket):
        end = closing(self.tokens, bracket)
        inside = self.tokens[bracket + 1:end]
        if is_test(inside):
            stop = self.item_end(end + 1)
            self.test_modules(at, stop)
            self.source.test_ranges.append((at, stop))
            return stop
        if [token.text for token in inside[:2]] == ["path", "="]:
            self.path = inside[2].text.strip('"')
        return end + 1

    def test_modules(self, at, stop):
        """Files of `mod` lines under cfg(test) belong to the tests."""
        path = None
        for index in range(at, stop):
            if self.text(index) == "path" and self.text(index + 1) == "=":
                path = self.text(index + 2).strip('"')
            if self.text(index) == "mod" and self.text(index + 2) == ";":
                self.crate.load(self.module, self.text(index + 1), path, True)
                return

    def item_end(self, at):
        """The index after the item, field or statement that starts at `at`."""
        while self.text(at) == "#" and self.text(at + 1) == "[":
            at = closing(self.tokens, at + 1) + 1
        head = at
        if self.text(head) == "pub":
            head = closing(self.tokens, head + 1) + 1 if self.text(head + 1) == "(" else head + 1
        first = self.text(head)
        function = "fn" in (self.text(index) for index in range(head, head + 5))
        to_semicolon = first in ("use", "static", "type", "let") or first == "const" and not function
        item = to_semicolon or function or first in KEYWORDS or self.text(head + 1) == "!"
        while at < len(self.tokens):
            text = self.text(at) if self.kind(at) == "punct" else ""
            if text in PAIRS:
                at = closing(self.tokens, at)
                if text == "{" and not to_semicolon:
                    return at + 1
            elif text == ";" or text == "," and not item:
                return at + 1
            elif text and text in ")]}":
                return at
            at += 1
        return at

    def use(self, at, public, line):
        """`use` lines, with groups, globs and other names."""
        end = at
        while end < len(self.tokens) and self.text(end) != ";":
            end += 1

        def tree(at, prefix):
            path = list(prefix)
            if self.text(at) == "::":
                path, at = ["::"], at + 1
            while at < end:
                text = self.text(at)
                if text == "{":
                    stop = closing(self.tokens, at)
                    at += 1
                    while at < stop:
                        at = tree(at, path)
                        if self.text(at) == ",":
                            at += 1
                    return stop + 1
                if text == "*":
                    self.module.uses.append(Use(tuple(path), "*", public, line))
                    return at + 1
                if text == "$":
                    at += 1
                    continue
                if not (text == "self" and path):
                    path.append(text)
                at += 1
                if self.text(at) == "::":
                    at += 1
                    continue
                name = path[-1]
                if self.text(at) == "as":
                    name, at = self.text(at + 1), at + 2
                self.module.uses.append(Use(tuple(path), name, public, line))
                return at
            return at

        tree(at, [])
        return end + 1

    def mod(self, at, path):
        name = self.text(at + 1)
        if self.text(at + 2) == "{":
            folder = self.module.folder / name
            child = Module(name, self.module, self.source.path, folder, self.module.test)
            self.module.children[name].append(child)
            self.crate.modules.append(child)
            self.braces_of = child
            return at + 2
        self.crate.load(self.module, name, path, self.module.test, inline=len(self.open) > 1)
        return at + 3

    def named(self, at):
        """A path, a macro call or a plain name."""
        line, before = self.tokens[at].line, self.text(at - 1)
        path = [self.text(at)]
        at += 1
        while self.text(at) == "::" and self.kind(at + 1) == "ident":
            path.append(self.text(at + 1))
            at += 2
        if before == "$" and path[0] != "crate" or before in (".", "::"):
            return at
        if len(path) > 1:
            self.module.paths.append((tuple(path), line))
        elif self.text(at) == "!" and self.text(at + 1) in PAIRS:
            self.module.macros.setdefault(path[0], line)
        elif path[0] not in KEYWORDS:
            self.module.names.setdefault(path[0], line)
        return at


def is_test(attribute):
    """Whether an attribute's tokens mark the next item as being only for tests."""
    texts = [token.text for token in attribute]
    if texts == ["test"]:
        return True
    if texts[:2] != ["cfg", "("]:
        return False
    depth, within = 0, []
    for before, text in zip([""] + texts, texts):
        if text == "(":
            within.append(before)
        elif text == ")":
            within.pop()
        elif text == "test" and all(name in ("cfg", "all") for name in within):
            return True
    return False


class Crate:
    """All files below `root`, which has a lib.rs or main.rs."""

    def __init__(self, root):
        self.root = Path(root)
        self.sources = {}
        for path in sorted(self.root.rglob("*.rs")):
            name = path.relative_to(self.root).as_posix()
            self.sources[name] = Source(name, path.read_text())
        self.modules, self.macros, self.loaded = [], defaultdict(set), set()
        self.missing = []
        start = next(name for name in ("lib.rs", "main.rs") if name in self.sources)
        self.top = Module("crate", None, start, Path(), False)
        self.read(self.top)
        # Files that no `mod` line leads to.
        self.stray = sorted(set(self.sources) - self.loaded)
        self.files = sorted(name for name in self.loaded if not self.sources[name].test)
        self.folders = self.find_folders()
        self.arrows = {}
        for module in self.modules:
            if not module.test:
                self.draw(module)

    def read(self, module):
        self.modules.append(module)
        self.loaded.add(module.file)
        source = self.sources[module.file]
        source.test = module.test
        Reader(self, source, module).read()

    def load(self, parent, name, path, test, inline=False):
        """Reads the file of a line `mod name;`."""
        if path:
            here = parent.folder if inline else Path(parent.file).parent
            candidates = [here / path]
        else:
            candidates = [parent.folder / f"{name}.rs", parent.folder / name / "mod.rs"]
        for candidate in candidates:
            file = Path(*simplified(candidate.parts)).as_posix()
            if file in self.sources:
                own = path or candidate.name == "mod.rs"
                folder = candidate.parent if own else candidate.with_suffix("")
                child = Module(name, parent, file, folder, test)
                parent.children[name].append(child)
                self.read(child)
                return
        self.missing.append((parent.file, name))

    # --- folders ---

    def find_folders(self):
        """Folder -> its root file, or None. A folder has files besides tests."""
        found = {}
        for file in self.files:
            folder = Path(file).parent
            while folder != Path():
                found[folder.as_posix()] = None
                folder = folder.parent
        for folder in found:
            roots = (f"{folder}/mod.rs", f"{folder}.rs")
            found[folder] = next((root for root in roots if root in self.files), None)
        return found

    def folder_of(self, file):
        """The folder that a file stands in; x.rs beside x/ stands in x."""
        own = file.removesuffix(".rs")
        if own in self.folders:
            return own
        folder = Path(file).parent.as_posix()
        return "" if folder == "." else folder

    def node(self, file, parent):
        """The child of `parent` that a file below it is or is in: a folder ("reactor") or a file ("reactor.rs")."""
        folder = self.folder_of(file)
        if folder == parent:
            return file
        rest = folder[len(parent) + 1:] if parent else folder
        return (f"{parent}/" if parent else "") + rest.split("/")[0]

    def children(self, parent):
        """Folders and files directly in a folder."""
        return sorted({self.node(file, parent) for file in self.files if within(self.folder_of(file), parent)})

    def lifted(self, parent):
        """The arrows between the children of a folder: (from, to) -> arrows."""
        between = defaultdict(list)
        for arrow in self.arrows.values():
            if within(self.folder_of(arrow.source), parent) and within(self.folder_of(arrow.target), parent):
                pair = self.node(arrow.source, parent), self.node(arrow.target, parent)
                if pair[0] != pair[1]:
                    between[pair].append(arrow)
        return between

    # --- names ---

    def lookup(self, module, name, seen=frozenset()):
        """The meaning of a name in a module: Modules, and files that declare it."""
        if (module, name) in seen:
            return set()
        seen |= {(module, name)}
        found = set(module.children.get(name, ()))
        if name in module.items:
            found.add(module.file)
        for use in module.uses:
            if use.name == name:
                found |= self.resolve(module, use.path, seen)
        if not found:
            for use in module.uses:
                if use.name == "*":
                    for target in self.resolve(module, use.path, seen):
                        if isinstance(target, Module):
                            found |= self.lookup(target, name, seen)
        return found

    def resolve(self, module, path, seen=frozenset()):
        """The meaning of a path: Modules, and files that declare it; nothing if it is another crate's."""
        first, rest = path[0], list(path[1:])
        if first == "crate":
            current = {self.top}
        elif first == "self":
            current = {module}
        elif first == "super":
            current = {module.parent or module}
            while rest[:1] == ["super"]:
                current = {place.parent or place for place in current}
                rest.pop(0)
        elif first == "::":
            return set()
        else:
            current = self.lookup(module, first, seen)
        for name in rest:
            modules = {place for place in current if isinstance(place, Module)}
            if not modules:
                break
            current = set()
            for place in modules:
                # A name that can't be followed counts as the module's own.
                current |= self.lookup(place, name, seen) or {place.file}
        return current

    # --- arrows ---

    def arrow(self, module, target, line):
        file = target.file if isinstance(target, Module) else target
        if file != module.file and not self.sources[file].test:
            pair = module.file, file
            if pair not in self.arrows or line < self.arrows[pair].line:
                self.arrows[pair] = Arrow(*pair, line)

    def draw(self, module):
        """The arrows of one module."""
        prefixes = set()
        for path, line in module.paths:
            targets = self.resolve(module, path)
            if targets:
                prefixes.add(path[0])
            items = {target for target in targets if not isinstance(target, Module)}
            for target in items or targets:
                self.arrow(module, target, line)
        for name, line in module.macros.items():
            files = self.macros.get(name, set())
            for file in files if module.file not in files else ():
                self.arrow(module, file, line)
        for use in module.uses:
            if use.name == "*":
                self.draw_glob(module, use)
                continue
            for target in self.resolve(module, use.path):
                if isinstance(target, Module):
                    if use.name not in prefixes and not self.passes_on(module, use, target):
                        self.arrow(module, target, use.line)
                elif not self.passes_on(module, use, target) or use.name in module.names:
                    self.arrow(module, target, use.line)

    def draw_glob(self, module, use):
        for place in self.resolve(module, use.path):
            if not isinstance(place, Module):
                self.arrow(module, place, use.line)
                continue
            used = set()
            for name in module.names:
                used |= {target for target in self.lookup(place, name) if not isinstance(target, Module)}
            # A parent's glob brings back what the file itself declares.
            used.discard(module.file)
            if not used and not self.passes_on(module, use, place):
                used = {place}
            for target in used:
                self.arrow(module, target, use.line)

    def passes_on(self, module, use, target):
        """Whether a line only gives out a name of its file's folder."""
        file = target.file if isinstance(target, Module) else target
        return use.public and within(self.folder_of(file), self.folder_of(module.file))


def simplified(parts):
    """Path parts without "..", which a #[path] may have."""
    result = []
    for part in parts:
        if part == ".." and result:
            result.pop()
        else:
            result.append(part)
    return result


def within(folder, parent):
    return not parent or folder == parent or folder.startswith(parent + "/")


# --- graphs -----------------------------------------------------------------

def circles(nodes, edges):
    """The strongly connected components of more than one node, the largest first."""
    after = defaultdict(set)
    for source, target in edges:
        after[source].add(target)
    index, low, stack, on_stack, found = {}, {}, [], set(), []
    for start in sorted(nodes):
        if start in index:
            continue
        work = [(start, None)]
        while work:
            node, pending = work.pop()
            if pending is None:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
                pending = sorted(after[node])
            while pending:
                following = pending.pop()
                if following not in index:
                    work += [(node, pending + [following]), (following, None)]
                    break
                if following in on_stack:
                    low[node] = min(low[node], low[following])
            else:
                if low[node] == index[node]:
                    component = []
                    while not component or component[-1] != node:
                        component.append(stack.pop())
                        on_stack.discard(component[-1])
                    if len(component) > 1:
                        found.append(sorted(component))
    return sorted(found, key=lambda component: (-len(component), component))


def shortest_circle(component, edges, through):
    """The nodes of a shortest circle within a component that has one of some nodes in it."""
    inside = set(component)
    after = defaultdict(list)
    for source, target in sorted(edges):
        if source in inside and target in inside:
            after[source].append(target)
    best = None
    for start in through:
        ways, queue = {start: [start]}, [start]
        for node in queue:
            for following in after[node]:
                if following == start and (best is None or len(ways[node]) < len(best)):
                    best = ways[node]
                if following not in ways:
                    ways[following] = ways[node] + [following]
                    queue.append(following)
    return best


def ranks(nodes, edges):
    """Each node's place from the bottom: above all that it has an edge to, save those of its own circle."""
    group = {node: (node,) for node in nodes}
    for component in circles(nodes, edges):
        group.update((node, tuple(component)) for node in component)
    below = defaultdict(set)
    for source, target in edges:
        if group[source] != group[target]:
            below[group[source]].add(group[target])
    place = {}

    def rank(component):
        if component not in place:
            place[component] = 1 + max(map(rank, below[component]), default=-1)
        return place[component]
    return {node: rank(group[node]) for node in nodes}


def fewest_up(nodes, weights):
    """The order of the nodes, from the bottom, against which the fewest of the weighted edges run, as far as moving
    single nodes finds it; and that number. 0 if and only if there is no circle."""
    total, order = 0, []
    place = ranks(nodes, weights)
    groups = {node: [node] for node in nodes}
    for component in circles(nodes, weights):
        groups.update((node, component) for node in component)
    for group in sorted({tuple(group) for group in groups.values()}, key=lambda group: (place[group[0]], group)):
        best, cost = list(group), None
        down = Counter()
        for (source, target), weight in weights.items():
            if source in group and target in group:
                down[source] += weight
                down[target] -= weight
        starts = [list(group), list(group)[::-1], sorted(group, key=lambda node: (down[node], node))]
        for start in starts:
            settled, up = sifted(start, weights)
            if cost is None or up < cost:
                best, cost = settled, up
        total += cost
        order += best
    return order, total


def sifted(order, weights):
    """Moves each node to its best place until that gains nothing."""
    def up(source, target):
        return weights.get((source, target), 0)

    gained = True
    while gained:
        gained = False
        for node in sorted(order):
            rest = [other for other in order if other != node]
            now = order.index(node)
            # What runs up with the node at the bottom, then one place higher each time.
            cost = sum(up(node, other) for other in rest)
            costs = [cost]
            for other in rest:
                cost += up(other, node) - up(node, other)
                costs.append(cost)
            least = min(costs)
            if least < costs[now]:
                order = rest[:]
                order.insert(costs.index(least), node)
                gained = True
    at = {node: number for number, node in enumerate(order)}
    return order, sum(weight for (source, target), weight in weights.items()
                      if source in at and target in at and at[source] < at[target])


# --- counts -----------------------------------------------------------------

class Counts(NamedTuple):
    functions: int = 0
    unsafe_functions: int = 0
    unsafe_blocks: int = 0

    def plus(self, other):
        return Counts(*map(sum, zip(self, other)))


def counts(source):
    """Functions with a name and a body, the unsafe ones among them, and unsafe blocks, tests aside."""
    tokens = source.live_tokens()
    functions = unsafe_functions = blocks = 0
    foreign_end = -1
    for at, (kind, text, _) in enumerate(tokens):
        following = tokens[at + 1] if at + 1 < len(tokens) else Token("", "", 0)
        if kind != "ident":
            continue
        if text == "extern":
            brace = at + 2 if following.kind == "string" else at + 1
            if brace < len(tokens) and tokens[brace].text == "{":
                foreign_end = closing(tokens, brace)
                if at and tokens[at - 1].text == "unsafe":
                    continue
        if text == "unsafe" and following.text == "{":
            blocks += 1
        if text == "fn" and following.kind == "ident" and at > foreign_end:
            functions += 1
            before = at - 1
            while before >= 0 and (tokens[before].text in ("extern", "const", "async")
                                   or tokens[before].kind == "string"):
                before -= 1
            if before >= 0 and tokens[before].text == "unsafe":
                unsafe_functions += 1
    return Counts(functions, unsafe_functions, blocks)


def booleans(source):
    """Struct -> how many of its fields are booleans, in a cell or an atomic too."""
    tokens, found = source.live_tokens(), {}
    for at, (kind, text, _) in enumerate(tokens):
        if kind != "ident" or text != "struct" or at + 1 >= len(tokens) or tokens[at + 1].kind != "ident":
            continue
        brace = at + 2
        while brace < len(tokens) and tokens[brace].text not in ("{", "(", ";"):
            brace += 1
        if brace == len(tokens) or tokens[brace].text == ";":
            continue
        fields, depth, number = [[]], 0, brace + 1
        end = closing(tokens, brace)
        while number < end:
            token = tokens[number].text
            if token == "#" and tokens[number + 1].text == "[":
                number = closing(tokens, number + 1) + 1
                continue
            depth += {"<": 1, "(": 1, "[": 1, "{": 1, ">": -1, ")": -1, "]": -1, "}": -1}.get(token, 0)
            if token == "," and not depth:
                fields.append([])
            else:
                fields[-1].append(token)
            number += 1
        number = sum(1 for field in fields
                     if {"bool", "AtomicBool"} & set(field) and "fn" not in field)
        if number:
            found[tokens[at + 1].text] = number
    return found


def safety_reasons(source):
    """The reasons behind "SAFETY:", each as one line, and their lines."""
    reasons, last = [], None
    for comment in source.live_comments():
        if comment.kind != "comment":
            continue
        match = re.match(r"//[/!]? ?(?:\* )?SAFETY: ?(.*)", comment.text)
        if match:
            reasons.append([match.group(1).strip(), comment.line])
            last = comment.line
        elif last is not None and comment.line == last + 1:
            if re.match(r"//[^/!]", comment.text):
                reasons[-1][0] += " " + comment.text[2:].strip()
                last = comment.line
    return [tuple(reason) for reason in reasons]


SAYS_NOTHING = re.compile(
    r"(as (said|above|before|there)|handed on|see (above|below)|likewise|ditto|(the )?same( as above)?"
    r"|as (in|for|with) \S+( \S+)?|(by )?(the )?callers?['’]s?( \w+)?|the caller vouches( for \w+( \w+)?)?)",
    re.IGNORECASE)


def says_nothing(reason):
    """Whether a SAFETY reason only points elsewhere, or names no property that could fail to hold."""
    return SAYS_NOTHING.fullmatch(reason.rstrip(" .;")) is not None
