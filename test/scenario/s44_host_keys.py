# SPDX-License-Identifier: Apache-2.0
"""Whose host keys are believed: those the instance's console shows, and after
that the ones that are known."""
import os

import harness
from harness import EICE, INSTANCE
from pushed import Pushed

TWIN = "i-0123456789abcdef9"


class HostKeys(Pushed):
    def test_pinned_and_swapped(self):
        emulator = self.emulator(self.world())
        self.run_ok([EICE, "ssh", "web", "true"])
        known = self.home / ".ssh" / "eice_known_hosts"
        self.assertEqual(known.read_text().split()[:3],
                         [INSTANCE, *self.host.read_text().split()[:2]])
        self.assertEqual(known.stat().st_mode & 0o777, 0o600)
        # Another sshd behind the same instance.
        other = self.dir / "other"
        self.run_ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                     other])
        prints = [self.run_ok(["ssh-keygen", "-lf", k]).split()[1]
                  for k in (f"{other}.pub", self.host)]
        self.port = self.sshd(HostKey=str(other),
                              AuthorizedKeysFile=str(self.keys))
        self.stop(emulator["process"])
        self.emulator(self.world())
        done = self.run_any([EICE, "ssh", "web", "true"])
        self.assertEqual(done.returncode, 255)
        said = [line for line in done.stderr.splitlines()
                if line.startswith("eice: [ERROR]: The host key of")]
        self.assertEqual(len(said), 1, done.stderr)
        for fingerprint in prints:
            self.assertIn(fingerprint, said[0])
        self.run_ok([EICE, "ssh", "web", "--host-keys", "off", "true"])
        self.nothing_left()

    def test_a_reused_address_is_no_alarm(self):
        emulator = self.emulator(self.world())
        self.run_ok([EICE, "ssh", "10.0.1.5", "true"])
        other = self.dir / "other"
        self.run_ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                     other])
        self.host = f"{other}.pub"
        self.port = self.sshd(HostKey=str(other),
                              AuthorizedKeysFile=str(self.keys))
        self.stop(emulator["process"])
        self.emulator(self.world(self.instance(id=TWIN)))
        self.run_ok([EICE, "ssh", "10.0.1.5", "true"])

    def test_first_come(self):
        self.emulator(self.world(self.instance(host_key_files=None)))
        done = self.run_any([EICE, "ssh", "-o", "BatchMode=yes", "web", "true"])
        self.assertEqual(done.returncode, 255)
        self.assertIn("Host key verification failed", done.stderr)
        self.run_ok([EICE, "ssh", "--host-keys", "tofu", "web", "true"])
        self.run_ok([EICE, "ssh", "web", "true"])

    def test_no_home(self):
        """In a container there may be none that can be written to: what the
        console shows holds for the run all the same, and nothing else."""
        self.emulator(self.world())
        self.env["HOME"] = "/nonexistent"
        for args in ([], ["--private-key-file", self.dir / "sshd" / "client"]):
            with self.subTest(args=args):
                done = self.run_any([EICE, "ssh", *args, "web", "echo", "in"])
                self.assertIn("cannot be kept: ~/.ssh/eice_known_hosts",
                              done.stderr)
                self.assertNotIn("verification failed", done.stderr)
                self.assertEqual(done.stdout, "in\n" if not args else "")
                self.assertEqual(os.listdir(self.runtime), [])
        other = self.dir / "other"
        self.run_ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                     other])
        self.host.write_text((self.dir / "other.pub").read_text())
        done = self.run_any([EICE, "ssh", "web", "true"])
        self.assertEqual(done.returncode, 255)
        self.assertIn("Host key verification failed", done.stderr)
        self.assertEqual(os.listdir(self.runtime), [])

    def test_off(self):
        """Any key, even one that is known to be wrong, and none is kept."""
        self.emulator(self.world(self.instance(host_key_files=None)))
        known = self.home / ".ssh" / "eice_known_hosts"
        done = self.run_any([EICE, "ssh", "--host-keys", "off", "web", "echo",
                             "in"])
        self.assertEqual((done.returncode, done.stdout), (0, "in\n"))
        self.assertNotIn(INSTANCE, known.read_text() if known.exists() else "")
        other = self.dir / "other"
        self.run_ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                     other])
        known.write_text(f"{INSTANCE} "
                         + (self.dir / "other.pub").read_text())
        self.assertNotEqual(
            self.run_any([EICE, "ssh", "web", "true"]).returncode, 0)
        self.run_ok([EICE, "ssh", "--host-keys", "off", "web", "true"])


if __name__ == "__main__":
    harness.main()
