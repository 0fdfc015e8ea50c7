"""docs/http-conformance.md: every test that it names exists, and every request of the corpus is named."""
import fnmatch
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import corpus
import harness

PAGE = harness.ROOT / "docs" / "http-conformance.md"
# Where a file of that kind is, and how a test looks in it.
PLACES = {
    ".py": (["tests/net", "tests/fuzz"], r"^    def {name}\(self"),
    ".c": (["tests/api"], r"^CASE\({name}\)"),
    ".rs": (["src/http", "src/http/wire"], r"^(    )?fn {name}\(\)"),
}


def rows():
    """The rows about requirements: section, requirement, here, tests."""
    found = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and re.match(r"\d", cells[0]):
            found.append(cells)
    return found


def source(name):
    """The text of a file that holds tests. Those of NAME.rs may stand in NAME/tests.rs."""
    folders, _ = PLACES[Path(name).suffix]
    texts = [path.read_text() for folder in folders
             for path in (harness.ROOT / folder / name, harness.ROOT / folder / Path(name).with_suffix("") / "tests.rs")
             if path.exists()]
    return "\n".join(texts)


class Page(unittest.TestCase):
    def test_rows(self):
        found = rows()
        self.assertGreater(len(found), 60)
        for row in found:
            self.assertEqual(len(row), 4, row)
            self.assertTrue(re.findall(r"`[^`]+`", row[3]), f"no test: {row}")
            # Nothing but names of tests.
            self.assertRegex(row[3], r"^`[^`]+`(, `[^`]+`)*$")

    def test_the_tests_exist(self):
        cases = [case.name for case in corpus.cases()]
        for row in rows():
            for name in re.findall(r"`([^`]+)`", row[3]):
                if name.startswith("corpus/"):
                    pattern = name.removeprefix("corpus/")
                    self.assertTrue(fnmatch.filter(cases, pattern), name)
                else:
                    file, test = name.split(": ")
                    pattern = PLACES[Path(file).suffix][1].format(name=re.escape(test))
                    self.assertTrue(re.search(pattern, source(file), re.MULTILINE), name)

    def test_every_request_of_the_corpus_is_named(self):
        patterns = [pattern for pattern in re.findall(r"`corpus/([^`]+)`", PAGE.read_text())
                    if pattern != "NAME"]
        for case in corpus.cases():
            self.assertTrue(any(fnmatch.fnmatch(case.name, pattern) for pattern in patterns), case.name)


if __name__ == "__main__":
    unittest.main()
