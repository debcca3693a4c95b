#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small writes are not held back: bursts as a remote desktop makes them, both
ways, against a stream of screens on the same tunnel and on another, compared
with stunnel in the same minute.

Only ratios are asserted, of the best of some rounds: the machine has other
things to do.  docs/decisions/rdp.md has figures."""
import json
import os
import shutil
import subprocess
import sys
import unittest

import harness

sys.path.insert(0, str(harness.ROOT / "bench"))
import bursts  # noqa: E402
from lab import Eice, Lab, Stunnel, free_port  # noqa: E402

ROUNDS = 12  # At most: until the best of each is good
SECONDS = 1
MOST = 5  # Times what stunnel takes; Nagle would make it hundreds

BUILT = all(os.access(harness.BUILD / "bench" / name, os.X_OK)
            for name in ("bench-load", "bench-endpoint"))


@unittest.skipUnless(BUILT, "the measuring programs are not built")
@unittest.skipUnless(shutil.which("stunnel"), "no stunnel to compare with")
@unittest.skipIf(harness.SANITIZED or harness.SLOW > 1,
                 "nothing is measured in a slow build")
class Bursts(unittest.TestCase):
    def setUp(self):
        self.lab = Lab(harness.BUILD)
        self.addCleanup(self.lab.close)
        port = free_port()
        self.server = self.lab.start(
            [sys.executable, bursts.__file__, "serve", port],
            stdout=subprocess.PIPE, text=True)
        self.assertEqual(self.server.stdout.readline(), "ready\n")
        self.lab.ws = self.lab.far("ws", port)
        self.lab.tls = self.lab.far("tls", port)

    def late(self, port, what):
        """The middle of both ways, in microseconds."""
        down = bursts.run(port, what, SECONDS)
        up = json.loads(self.server.stdout.readline())
        self.assertNotIn("error", up, (port, what, down))
        return {"up": up["p50"], **({"down": down["p50"]} if down else {})}

    def test_bursts(self):
        best = {}
        with Eice(self.lab).listening() as (_, eice), \
                Stunnel(self.lab).listening() as (_, stunnel):
            for _ in range(ROUNDS):
                for what in ("both", "down", "beside"):
                    for name, port in (("eice", eice), ("stunnel", stunnel)):
                        for way, us in self.late(port, what).items():
                            row = best.setdefault((what, way), {})
                            row[name] = min(us, row.get(name, us))
                if all(us["eice"] < MOST * us["stunnel"]
                       for us in best.values()):
                    break
        for row, us in best.items():
            print(f"{row[0]:7} {row[1]:5} eice {us['eice']:6} us"
                  f"   stunnel {us['stunnel']:6} us")
        for row, us in best.items():
            self.assertLess(us["eice"], MOST * us["stunnel"], row)


if __name__ == "__main__":
    harness.main()
