#!/usr/bin/env python3
"""A machine that sleeps, and one that wakes up in another network: connections
that were there before are dead, and nobody has said so.

What a kernel does while it sleeps cannot be had in a test.  A stopped process
stands for it, with a relay that forgets its connections without closing them;
and a namespace of the network, whose address goes away, for the other network.
That the clocks tell of a sleep is test/integration/test_pool.c.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import harness
import identity
import s33_refresh

IDLE_S = 15  # POOL_IDLE_S of src/net/pool.h
SLEEP_S = 21  # And credentials of twenty seconds are over, too
READ_TIMEOUT_S = 60  # As it is if nobody says anything
INSIDE = "EICE_TEST_NAMESPACE"


class Relay:
    """Leads to the emulator.  Connections of before forget() stay open, take
    every byte and give none back."""

    def __init__(self, port):
        self.target = port
        self.age = 0
        self.made = 0
        self.swallowed = []  # What came over a forgotten connection
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.made += 1
            threading.Thread(target=self.serve, args=(s, self.age),
                             daemon=True).start()

    def forget(self):
        self.age += 1

    def serve(self, s, age):
        with s, socket.create_connection(("127.0.0.1", self.target)) as far:
            back = threading.Thread(target=self.copy, args=(far, s, age),
                                    daemon=True)
            back.start()
            self.copy(s, far, age)
            back.join()

    def copy(self, a, b, age):
        try:
            while data := a.recv(65536):
                if age == self.age:
                    b.sendall(data)
                else:
                    self.swallowed.append(data)
            if age == self.age:
                b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(harness.PATIENCE)
        self.listener.close()


class Sleep(s33_refresh.Listening):
    def test_a_sleep(self):
        self.began = identity.in_seconds(0)
        relay = Relay(self.ready["https_port"])
        self.addCleanup(relay.close)
        self.env["AWS_ENDPOINT_URL"] = f"https://localhost:{relay.port}"
        process, port, said = self.listen(
            "--cli-read-timeout", str(READ_TIMEOUT_S))
        self.assertTrue(self.tunnel(port)[0], said)
        calls, made = len(self.calls()), relay.made
        self.assertGreaterEqual(made, 1)

        process.send_signal(signal.SIGSTOP)
        relay.forget()
        time.sleep(SLEEP_S)
        process.send_signal(signal.SIGCONT)

        works, took = self.tunnel(port, READ_TIMEOUT_S)
        self.assertTrue(works, said)
        self.assertLess(took, READ_TIMEOUT_S / 3 * harness.SLOW)
        self.assertEqual(said, [])
        self.assertGreater(len(self.calls()), calls)
        self.assertGreater(relay.made, made)
        # Nothing of it went where nobody was any more, but for the goodbye.
        self.assertLess(sum(map(len, relay.swallowed)), 100)
        print(f"the first tunnel after {SLEEP_S} s: {took:.2f} s")


def ip(*words):
    subprocess.run(["ip", *words], check=True, env=dict(
        os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))


class OtherNetwork(s33_refresh.Listening):
    """The address that connections were made from is gone; a new one leads to
    the same place."""

    def test_in_a_namespace(self):
        if not shutil.which("unshare") or not shutil.which(
                "ip", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            self.skipTest("unshare or ip is not installed")
        if subprocess.run(["unshare", "-Urn", "true"], check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("this machine allows no namespaces")
        done = subprocess.run(
            ["unshare", "-Urn", sys.executable, os.path.abspath(__file__),
             "OtherNetwork.test_another_address"], env=dict(os.environ, **{INSIDE: "1"}),
            check=False, capture_output=True, text=True,
            timeout=200 * harness.SLOW)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("OK", done.stderr)
        print(done.stdout, end="")

    @classmethod
    def setUpClass(cls):
        if INSIDE in os.environ:
            ip("link", "set", "lo", "up")
            # Each of 127.0.0.0/8 on its own, so that one can go
            ip("addr", "add", "127.0.0.1/32", "dev", "lo")
            ip("addr", "del", "127.0.0.1/8", "dev", "lo")
        super().setUpClass()

    @unittest.skipUnless(INSIDE in os.environ, "see test_in_a_namespace")
    def test_another_address(self):
        ip("addr", "add", "127.0.0.77/32", "dev", "lo")
        ip("route", "replace", "local", "127.0.0.1", "dev", "lo", "table",
           "local", "src", "127.0.0.77")
        config = self.aws / "config"
        config.write_text(config.read_text().replace("brief", "fleeting"))
        self.began = identity.in_seconds(0)
        process, port, said = self.listen(
            "--cli-read-timeout", str(READ_TIMEOUT_S))
        self.assertTrue(self.tunnel(port)[0], said)
        # Nothing new is given, but the connection to STS stays in use.
        self.fault("AssumeRole", code="AccessDenied", status=403)
        until = self.expiry(identity.LIVES["fleeting"])
        while time.time() < until - 1:
            self.serves(port, until, said)
            time.sleep(0.5)
        self.control(do="clear")

        ip("route", "replace", "local", "127.0.0.1", "dev", "lo", "table",
           "local", "src", "127.0.0.1")
        ip("addr", "del", "127.0.0.77/32", "dev", "lo")
        time.sleep(max(0, until - time.time()) + 1)
        works, took = self.tunnel(port, READ_TIMEOUT_S)
        self.assertTrue(works, said)
        self.assertLess(took, READ_TIMEOUT_S / 3 * harness.SLOW)
        self.assertIsNone(process.poll())
        print(f"the first tunnel from another address: {took:.2f} s")


if __name__ == "__main__":
    harness.main()
