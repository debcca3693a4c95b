#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""eice rdp with FreeRDP: a desktop is drawn, a second one meanwhile, again
after the client has gone, and nobody else learns the password."""
import re
import subprocess

import harness
from desktop import PASSWORD, PROGRAMS, Desktop
from harness import EICE


class FreeRDP(Desktop):
    def test_a_desktop(self):
        first = self.rdp("--key", self.key, "--", "/size:1000x700")
        self.seen("the desktop")
        self.nobody_tells()
        # A second one meanwhile, which takes a port of its own.
        screen = self.screen()
        second = self.rdp("--key", self.key, "--", "/size:1000x700",
                          env={**self.env, "DISPLAY": screen})
        self.seen("the second", screen=screen)
        self.seen("the first, still")
        self.assertEqual(len(set(self.ports(first, second))), 2)
        self.nobody_tells()
        self.stop(first)
        self.seen("the first, no more", 0.0, 0.01)
        self.seen("the second, still", screen=screen)
        self.stop(second)
        self.seen("nothing any more", 0.0, 0.01, screen)
        self.assertEqual(self.ports(first, second), [])

    def test_the_tunnel_ends(self):
        """The client connects again and gets another tunnel."""
        self.rdp("-v", "--key", self.key, "--max-tunnel-duration", "5", "--",
                 "/size:1000x700")
        self.seen("the desktop")
        ended = "[2]: Websocket Closure Reason: Maximum tunnel duration"
        harness.wait_for("another", lambda: ended in self.log())
        self.seen("the desktop again")

    def pinned(self, thumbprint):
        """Connect where the console shows this thumbprint."""
        self.console(thumbprint)
        return self.rdp("--key", self.key, "--", "/size:1000x700")

    def test_the_certificate_of_the_console(self):
        digest = self.run_ok(["openssl", "x509", "-in",
                              self.dir / "xrdp" / "cert", "-noout",
                              "-fingerprint", "-sha1"])
        digest = digest.strip().rpartition("=")[2].replace(":", "")
        self.pinned(digest)
        self.seen("the desktop")

    def test_another_certificate_is_refused(self):
        process = self.pinned("ab" * 20)
        self.assertNotEqual(process.wait(harness.PATIENCE), 0)
        self.assertLess(self.share(), 0.01)

    def test_the_file_opens(self):
        path = self.dir / "desk.rdp"
        self.run_ok([EICE, "rdp", "desk", "--print-file", path])
        text = path.read_bytes().decode()
        self.assertIn("username:s:Administrator\r\n", text)
        self.assertIn("prompt for credentials:i:1\r\n", text)
        port = int(re.search(r"full address:s:127\.0\.0\.1:(\d+)\r\n",
                             text).group(1))
        process = self.start([EICE, "rdp", "desk", "--no-client"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
        self.assertEqual(process.stdout.readline(),
                         f"Listening for connections on port {port}.\n")
        client = subprocess.Popen(
            [PROGRAMS["xfreerdp"], str(path), "/cert:ignore",
             "/size:1000x700", "/from-stdin:force"], env=self.env,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop, client)
        client.stdin.write(PASSWORD.encode() + b"\n")
        client.stdin.flush()
        self.seen("the desktop")
        # A client that comes again gets a tunnel again.
        self.stop(client)
        self.seen("nothing", 0.0, 0.01)
        self.start([PROGRAMS["xfreerdp"], path, "/cert:ignore",
                    "/size:1000x700", f"/p:{PASSWORD}"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.seen("the desktop again")

    def test_by_hand(self):
        """The documents' own sequence."""
        port = harness.free_port()
        self.start([EICE, "open-tunnel", "--instance-id", self.instance,
                    "--remote-port", "3389", "--local-port", port],
                   stdout=subprocess.DEVNULL)
        harness.wait_for("the listener", lambda: harness.port_open(port))
        self.start([PROGRAMS["xfreerdp"], f"/v:127.0.0.1:{port}",
                    "/u:Administrator", "/cert:ignore", "/size:1000x700",
                    f"/p:{PASSWORD}"], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
        self.seen("the desktop")

    def test_the_password_alone(self):
        out = self.run_ok([EICE, "rdp", "desk", "--key", self.key,
                           "--password-only"])
        self.assertEqual(out, PASSWORD + "\n")


if __name__ == "__main__":
    harness.main()
