#!/usr/bin/env python3
"""A reader that stalls costs nothing but its own time.

One tunnel's local or remote reader stops; memory stays where it is, and a
second tunnel is as fast as before.
"""
import socket
import threading
import time

import harness

MANY = 64 << 20


class Stall(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.target = self.echo_server(self.serve)
        self.emulator(harness.world({22: self.target.port}))
        process, self.port = self.listener()
        self.pid = process.pid
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def serve(self, s):
        """'f': send for ever; 's': read nothing; else echo."""
        what = s.recv(1)
        if what == b"f":
            data = bytes(1 << 16)
            while True:
                s.sendall(data)
        elif what == b"s":
            self.release.wait()
        else:
            s.sendall(what)
            harness.EchoServer.echo(s)

    def connect(self, what):
        s = socket.create_connection(("127.0.0.1", self.port))
        self.addCleanup(s.close)
        s.settimeout(harness.PATIENCE)
        s.sendall(what)
        return s

    def echo_seconds(self, s):
        """How long @MANY bytes take there and back on tunnel @s."""
        block = bytes(1 << 16)
        begin = time.monotonic()

        def send():
            for _ in range(MANY // len(block)):
                s.sendall(block)

        sender = threading.Thread(target=send)
        sender.start()
        left = MANY
        while left:
            n = len(s.recv(1 << 20))
            self.assertGreater(n, 0)
            left -= n
        sender.join()
        return time.monotonic() - begin

    def memory_and_speed(self, stall):
        fast = self.connect(b"e")
        self.assertEqual(fast.recv(1), b"e")
        alone = self.echo_seconds(fast)
        before = harness.status_kb(self.pid)
        stall()
        time.sleep(1)
        first = harness.status_kb(self.pid)
        beside = self.echo_seconds(fast)
        for _ in range(4):  # Or somebody else was busy
            if beside < alone * 3 + 1:
                break
            beside = self.echo_seconds(fast)
        time.sleep(1)
        last = harness.status_kb(self.pid)
        print(f"\nRSS before {before} KiB, stalled {first} KiB, after "
              f"{MANY >> 20} MiB beside it {last} KiB; "
              f"{alone:.2f} s alone, {beside:.2f} s beside it")
        if not harness.SANITIZED:
            self.assertLess(last, before + 2048 * harness.SLOW)
        self.assertLess(beside, alone * 3 + 1)

    def test_local_reader_stalls(self):
        self.memory_and_speed(lambda: self.connect(b"f"))

    def test_remote_reader_stalls(self):
        def stall():
            s = self.connect(b"s")
            s.setblocking(False)
            sent = 0
            quiet = 0
            while quiet < 20:
                try:
                    sent += s.send(bytes(1 << 16))
                    quiet = 0
                except BlockingIOError:
                    quiet += 1
                    time.sleep(0.05)
            print(f"\nstuck after {sent >> 10} KiB")

        self.memory_and_speed(stall)


if __name__ == "__main__":
    harness.main()
