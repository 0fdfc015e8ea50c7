"""Every kind of callback crossed with every action (crossed.c): each connection gets its callbacks and its
end, the descriptors and threads are as many as before, whatever is closed, stopped and freed inside."""
import unittest

import crossedcase
import harness


@harness.matrix(threads=(0, 2))
class Cells(crossedcase.CrossedCase):
    limit = 240

    def test_cells(self):
        binary = harness.program(str(crossedcase.SOURCE), self.variation.kind)
        self.check_cells(harness.run(binary, self.variation.threads, env=self.variation.env,
                                     timeout=harness.scaled(220)))


if __name__ == "__main__":
    unittest.main()
