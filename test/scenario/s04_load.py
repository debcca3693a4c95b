#!/usr/bin/env python3
"""Many connections at once, then many in a row: nothing leaks, nothing stays.

How many is EICE_TEST_HELD (1000) and EICE_TEST_SHORT (default 1000; 10000 is
what releases are tried with).
"""
import os
import resource
import socket
import threading

import harness

HELD = int(os.environ.get("EICE_TEST_HELD", "1000"))
SHORT = int(os.environ.get("EICE_TEST_SHORT", "1000"))
AT_ONCE = 20


class Load(harness.Scenario):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        want = HELD * 4 + 200
        if hard != resource.RLIM_INFINITY and hard < want:
            self.skipTest(f"only {hard} descriptors allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, want), hard))
        self.target = self.echo_server()
        self.emulator(
            harness.world({22: self.target.port},
                          endpoint={"max_connections": HELD + AT_ONCE + 10}))
        self.process, self.port = self.listener(
            "--max-websocket-connections", str(HELD + 10))
        self.pid = self.process.pid

    def one(self):
        """One connection that sends a byte and gets it back."""
        s = socket.create_connection(("127.0.0.1", self.port))
        s.settimeout(2 * harness.PATIENCE)
        s.sendall(b"x")
        self.assertEqual(s.recv(1), b"x")
        return s

    def many(self, count):
        """@count short connections, AT_ONCE at a time."""
        failed = []

        def worker(n):
            try:
                for _ in range(n):
                    with self.one():
                        pass
            except Exception as e:  # pylint: disable=broad-except
                failed.append(e)

        threads = [threading.Thread(target=worker, args=(count // AT_ONCE,))
                   for _ in range(AT_ONCE)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failed, [])

    def quiet(self, fds):
        """Wait until only the descriptors of the idle listener are open."""
        harness.wait_for(
            "every descriptor to be closed",
            lambda: len(harness.open_fds(self.pid)) <= fds)

    def settled(self):
        """How many descriptors it has when no target has a connection."""
        harness.wait_for("the targets' connections to end",
                         lambda: not self.target.connections)
        threading.Event().wait(0.5)  # Then they end on the near side too
        return len(harness.open_fds(self.pid))

    def test_held_and_then_short_ones(self):
        self.many(2 * AT_ONCE)
        idle_fds = self.settled()
        held = [self.one() for _ in range(HELD)]
        with_all = harness.status_kb(self.pid)
        for s in held:
            s.sendall(b"y")
        for s in held:
            self.assertEqual(s.recv(1), b"y")
            s.close()
        self.quiet(idle_fds)
        self.many(SHORT // 2)
        self.quiet(idle_fds)
        sizes = [harness.status_kb(self.pid)]
        # What is lost with each connection makes it grow each time.
        while len(sizes) < 2 or sizes[-1] >= sizes[-2] * 1.05 + 512:
            self.assertLess(len(sizes), 5, f"RSS grows: {sizes} KiB")
            self.many(SHORT // 2)
            self.quiet(idle_fds)
            sizes.append(harness.status_kb(self.pid))
        print(f"\nRSS with {HELD} tunnels {with_all} KiB; after each "
              f"{SHORT // 2} more {sizes} KiB; {idle_fds} descriptors")


if __name__ == "__main__":
    harness.main()
