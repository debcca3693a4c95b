# SPDX-License-Identifier: Apache-2.0
"""The key goes to the instance while the tunnel is being opened: whichever is
slower, whatever is refused, ssh gets in or the run says why not."""
import subprocess
import time

import harness
from harness import EICE, INSTANCE, USER
from pushed import Pushed

PUSH = "SendSSHPublicKey"


class Push(Pushed):
    def run_ssh(self, *faults, args=("true",), **changes):
        self.emulator(self.world(faults=list(faults), **changes))
        began = time.monotonic()
        done = self.run_any([EICE, "ssh", "web", *args])
        return done, time.monotonic() - began

    def test_no_key_before(self):
        """Nothing is in authorized_keys, there is not even the file."""
        self.assertEqual(self.pushed(), "")
        done, _ = self.run_ssh()
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [l for l in self.pushed().splitlines() if l[:1] != "#"]
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].startswith("ssh-ed25519 AAAA"))
        self.nothing_left()

    def test_each_connection_pushes(self):
        """A key lives for a minute: ssh connecting again must push again."""
        for seconds in (1, 4, 16):  # Until it is enough for this machine
            emulator = self.emulator(self.world(
                settings={"pushed_key_seconds": seconds}))["process"]
            line = self.run_ok([EICE, "ssh", "--print", "web", "true"])
            codes = []
            for _ in range(2):
                codes.append(self.run_any(["sh", "-c", line]).returncode)
                harness.wait_for("the key's end",
                                 lambda: "ssh-" not in self.pushed())
            if codes == [0, 0]:
                return
            self.stop(emulator)
        self.fail(f"ssh ended with {codes}")

    def test_a_slow_push(self):
        """ssh says no word before the key is there, or it would be refused."""
        done, took = self.run_ssh({"action": PUSH, "delay_ms": 1500})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(took, 1.4)
        self.assertEqual(done.stderr, "")

    def test_a_throttled_push(self):
        done, _ = self.run_ssh({"action": PUSH, "times": 1, "status": 400,
                                "code": "ThrottlingException",
                                "message": "Rate exceeded"})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_slow_tunnel(self):
        done, took = self.run_ssh({"action": "OpenTunnel", "delay_ms": 1000})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(took, 20 * harness.SLOW)

    def refused(self, text, *faults, **changes):
        done, took = self.run_ssh(*faults, **changes)
        self.assertEqual(done.returncode, 255, done.stderr)
        said = [l for l in done.stderr.splitlines() if l.startswith("eice: [")]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertIn(text, said[0])
        self.assertLess(took, 20 * harness.SLOW)
        self.nothing_left()

    def test_refused(self):
        self.refused("(AuthException) when calling the SendSSHPublicKey "
                     "operation: not for you",
                     {"action": PUSH, "code": "AuthException",
                      "message": "not for you"})

    def test_refused_late(self):
        """The tunnel is long open; the reason is still the push's."""
        self.refused("(EC2InstanceUnavailableException)",
                     {"action": PUSH, "delay_ms": 1000,
                      "code": "EC2InstanceUnavailableException",
                      "message": "wait and retry"})

    def test_refused_while_the_tunnel_hangs(self):
        self.refused("(AuthException)",
                     {"action": "OpenTunnel", "delay_ms": 60000},
                     {"action": PUSH, "code": "AuthException",
                      "message": "no"})

    def test_not_accepted(self):
        self.refused("The service did not accept the key (request r-1).",
                     {"action": PUSH, "status": 200,
                      "body": '{"RequestId": "r-1", "Success": false}'})

    def test_tunnel_refused_while_the_push_hangs(self):
        self.refused("on order", {"action": PUSH, "delay_ms": 60000},
                     {"action": "OpenTunnel", "status": 403,
                      "code": "AccessDenied", "message": "on order"})

    def test_the_policy_forbids_the_push(self):
        self.refused("SendSSHPublicKey operation", policy={
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Resource": "*",
                 "Action": "ec2-instance-connect:SendSSHPublicKey"}]})


class ProxyCommand(Pushed):
    """open-tunnel itself, as ssh runs it."""

    def begin(self, *flags):
        key = (self.dir / "sshd" / "client.pub").read_text()
        return self.start(
            [EICE, "open-tunnel", "--instance-id", INSTANCE,
             "--instance-os-user", USER, "--ssh-public-key", key, *flags],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def test_exit_code(self):
        self.emulator(self.world(faults=[
            {"action": PUSH, "code": "AuthException", "message": "no"}]))
        process = self.begin()
        self.assertEqual(process.wait(harness.PATIENCE), 254)
        self.assertIn(b"AuthException", process.stderr.read())

    def test_the_client_goes_while_the_push_hangs(self):
        self.emulator(self.world(faults=[
            {"action": PUSH, "delay_ms": 60000}]))
        process = self.begin()
        # The server speaks first: that is let through.
        self.assertRegex(process.stdout.readline(), rb"^SSH-2\.0-")
        process.stdout.close()
        process.stdin.close()
        process.wait(harness.PATIENCE)

    def test_signal_while_the_push_hangs(self):
        self.emulator(self.world(faults=[
            {"action": PUSH, "delay_ms": 60000}]))

        def took():
            process = self.begin()
            process.stdout.readline()
            began = time.monotonic()
            process.terminate()
            self.assertEqual(process.wait(harness.PATIENCE), 143)
            self.assertEqual(process.stderr.read(), b"")
            return time.monotonic() - began

        harness.in_time("the end", 3, took)

    def test_by_name(self):
        """--target: found, then both at once."""
        self.emulator(self.world())
        key = self.dir / "sshd" / "client"
        out = self.run_ok(
            ["ssh", "-F", "none", "-i", key, "-o", "StrictHostKeyChecking=no",
             "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes",
             "-o", f"ProxyCommand={EICE} open-tunnel --target web.eice "
             f"--instance-os-user {USER} --ssh-public-key file://{key}.pub "
             "--host-keys console", f"{USER}@web.eice", "echo", "in"])
        self.assertEqual(out, "in\n")
        self.assertRegex((self.home / ".ssh" / "eice_known_hosts").read_text(),
                         "^web.eice ssh-ed25519 ")

    def test_words_that_go_together(self):
        self.emulator(self.world())
        for flags in (["--instance-os-user", USER],
                      ["--ssh-public-key", "ssh-ed25519 " + "A" * 80],
                      ["--instance-os-user", USER, "--local-port", "auto",
                       "--ssh-public-key", "ssh-ed25519 " + "A" * 80]):
            done = self.run_any([EICE, "open-tunnel", "--instance-id",
                                 INSTANCE, *flags])
            self.assertEqual(done.returncode, 252)
            self.assertIn("need each other", done.stderr)


if __name__ == "__main__":
    harness.main()
