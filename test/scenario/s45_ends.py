# SPDX-License-Identifier: Apache-2.0
"""Whatever ends a run of eice ssh, nothing of it is left: no key, socket,
agent, process or directory."""
import concurrent.futures
import os
import signal
import subprocess
import threading
import time

import harness
from harness import EICE
from pushed import Pushed

RUNS = int(os.environ.get("EICE_TEST_RUNS", "200"))
AT_ONCE = 8


def children(pid):
    """The processes that @pid has started."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(word) for word in f.read().split()]


class Ends(Pushed):
    def setUp(self):
        super().setUp()
        self.lock = threading.Lock()

    def begin(self):
        """A run that is up and stays so."""
        with self.lock:  # start() keeps lists.
            process = self.start([EICE, "ssh", "web", "echo up; sleep 60"],
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL,
                                 stdin=subprocess.DEVNULL, text=True,
                                 start_new_session=True)
        self.assertEqual(process.stdout.readline(), "up\n")
        return process

    def exits(self):
        """The command ends, well or not."""
        self.run_ok([EICE, "ssh", "web", "true"])
        self.assertEqual(self.run_any([EICE, "ssh", "web", "false"]).returncode,
                         1)

    def fails(self):
        """It never got that far."""
        done = self.run_any([EICE, "ssh", "nobody-here@web", "true"])
        self.assertEqual(done.returncode, 255)

    def signalled(self, number):
        process = self.begin()
        process.send_signal(number)
        self.assertNotEqual(process.wait(harness.PATIENCE), 0)

    def interrupted(self):
        """Ctrl-C: the terminal tells everybody in the foreground."""
        process = self.begin()
        os.killpg(process.pid, signal.SIGINT)
        self.assertNotEqual(process.wait(harness.PATIENCE), 0)

    def early(self):
        """In the middle of finding, pushing, connecting."""
        for delay in (0.0, 0.01, 0.03, 0.1):
            with self.lock:
                process = self.start(
                    [EICE, "ssh", "web", "sleep", "60"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(delay)
            os.killpg(process.pid, signal.SIGINT)
            self.assertNotEqual(process.wait(harness.PATIENCE), 0)

    def ssh_killed(self):
        process = self.begin()
        for child in children(process.pid):
            os.kill(child, signal.SIGKILL)
        self.assertEqual(process.wait(harness.PATIENCE), 128 + 9)

    def proxy_killed(self):
        process = self.begin()
        proxies = [p for c in children(process.pid) for p in children(c)]
        self.assertEqual(len(proxies), 1)
        os.kill(proxies[0], signal.SIGKILL)
        self.assertEqual(process.wait(harness.PATIENCE), 255)

    def killed(self):
        """Itself: ssh ends with it, and the next run tidies up."""
        process = self.begin()
        family = children(process.pid)
        process.kill()
        process.wait(harness.PATIENCE)
        for child in family:
            harness.wait_for("ssh's end",
                             lambda c=child: not harness.alive(c))

    def reader_gone(self):
        """Who reads its output loses interest."""
        done = subprocess.run(
            ["sh", "-c", '"$0" ssh web yes | head -n 1', EICE], env=self.env,
            check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
            timeout=harness.PATIENCE)
        self.assertEqual(done.stdout, b"y\n")

    def test_every_end(self):
        self.emulator(self.world())
        ways = [self.exits, self.fails, lambda: self.signalled(signal.SIGTERM),
                lambda: self.signalled(signal.SIGHUP), self.interrupted,
                self.early, self.ssh_killed, self.proxy_killed, self.killed,
                self.reader_gone]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = [pool.submit(ways[i % len(ways)]) for i in range(RUNS)]
            for job in jobs:
                job.result()
        # What kill -9 of eice itself left is gone with the next run.
        self.run_ok([EICE, "ssh", "web", "true"])
        self.nothing_left()


if __name__ == "__main__":
    harness.main()
