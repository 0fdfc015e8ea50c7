"""The original's interface, from the tables beside this file, and C made of it."""
import csv
import functools
import subprocess
from pathlib import Path
from typing import NamedTuple

import harness

TABLES = Path(__file__).resolve().parent / "tables"

# The contract's flags; everything is an error.
C_FLAGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wstrict-prototypes", "-Werror")
CPP_FLAGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")

# Declared in no header, exported all the same.
UNDECLARED = "(none)"


class Function(NamedTuple):
    header: str
    name: str
    returns: str
    parameters: str

    def declaration(self, declarator=None):
        return f"{self.returns} {declarator or self.name}({self.parameters})"


class Field(NamedTuple):
    header: str
    struct: str
    field: str
    type: str
    offset: int
    size: int


class Constant(NamedTuple):
    header: str
    name: str
    kind: str
    value: str


class Header(NamedTuple):
    name: str
    own: list
    system: list


def _rows(name):
    with open(TABLES / f"{name}.tsv", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        return [row for row in rows if row]


@functools.cache
def functions():
    return [Function(*row) for row in _rows("functions")]


@functools.cache
def layout():
    return [Field(*row[:4], int(row[4]), int(row[5])) for row in _rows("layout")]


@functools.cache
def constants():
    return [Constant(*row) for row in _rows("constants")]


@functools.cache
def headers():
    return [Header(row[0], row[1].split(), row[2].replace("(Linux)", "").split())
            for row in _rows("headers")]


def compile_text(text, path, *flags, compiler="gcc"):
    """Writes a source and compiles it. Returns the compiler's output."""
    path.write_text(text)
    done = subprocess.run([compiler, "-I", str(harness.INCLUDE), *flags, str(path)],
                          capture_output=True, text=True)
    return done.stderr if done.stderr or done.returncode == 0 else f"status {done.returncode}"


def build(sources, binary, kind, *flags, compiler="gcc", include=(harness.INCLUDE,)):
    """Compiles and links a program to the library of that kind."""
    paths = [item for folder in include for item in ("-I", str(folder))]
    subprocess.run([compiler, *flags, *paths, *map(str, sources), "-o", str(binary),
                    *harness.link_flags(kind)], check=True)
    return binary
