#!/usr/bin/env python3
"""A real sshd takes a pushed key within its minute and not after.

Both ways there are: the authorized_keys file that the emulator keeps for the
instance, and the instance's metadata, believed only as AWS's own scripts do
(managed_keys.sh, with curl and openssl).  The minute passes by the emulator's
clock.  The metadata are at 169.254.169.254 where a network namespace can be
had, else at the loopback.
"""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

import harness
import signing

SCRIPT = harness.ROOT / "test" / "scenario" / "managed_keys.sh"
TARGET = "AWSEC2InstanceConnectService.SendSSHPublicKey"


def can_unshare():
    """Whether we may make a network namespace."""
    with contextlib.suppress(OSError):
        return subprocess.run(["unshare", "-n", "true"], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0
    return False


class PushedKeys(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.inside = []  # Put before whatever must run in the namespace
        for name in ("mine", "other"):
            self.run_ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                         "-f", self.dir / name])

    def start(self, argv, **kw):
        return super().start([*self.inside, *argv], **kw)

    def run_any(self, argv, **kw):
        return super().run_any([*self.inside, *argv], **kw)

    def listens(self, port):
        return self.run_any(["ssh-keyscan", "-p", port,
                             "127.0.0.1"]).stdout != ""

    def control(self, **order):
        text = self.run_ok([harness.EMULATOR, "control", "--state-dir",
                            self.ready["state_dir"], json.dumps(order)])
        return json.loads(text)

    def push(self, name, user=harness.USER):
        """SendSSHPublicKey, by curl, as nothing of ours shall sign for it."""
        body = json.dumps({
            "InstanceId": harness.INSTANCE, "InstanceOSUser": user,
            "SSHPublicKey": (self.dir / f"{name}.pub").read_text().strip()})
        host = f"localhost:{self.ready['https_port']}"
        _, _, rest = signing.post(
            host, "ec2-instance-connect", "application/x-amz-json-1.1",
            body.encode(), target=TARGET).decode().partition("\r\n")
        head = rest.partition("\r\n\r\n")[0]
        answer = self.run_ok(
            ["curl", "-sS", "--fail-with-body", "--cacert",
             self.ready["ca_file"], f"https://{host}/", "-d", body,
             *(w for line in head.split("\r\n") for w in ("-H", line))])
        self.assertIs(json.loads(answer)["Success"], True)

    def login(self, name):
        """Whether sshd takes the key; what it says when it does not."""
        done = self.run_any(
            ["ssh", "-F", "none", "-p", self.port, "-i", self.dir / name,
             "-o", "StrictHostKeyChecking=no", "-o", "IdentitiesOnly=yes",
             "-o", f"UserKnownHostsFile={self.dir / 'known_hosts'}",
             "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
             f"{harness.USER}@127.0.0.1", "echo welcome"])
        if done.returncode == 0:
            self.assertEqual(done.stdout, "welcome\n")
            return True
        self.assertIn("Permission denied (publickey)", done.stderr)
        return False

    def now(self):
        """Seconds since the test began, by the emulator's clock."""
        return time.monotonic() - self.began + self.offset

    def at(self, seconds):
        """It is then, however long all the rest took."""
        self.offset += seconds - self.now()
        self.control(do="clock", offset_ms=int(self.offset * 1000))

    def the_minute(self):
        """Before, within, and after it.  Whatever a login may take, half a
        minute is left for each that is to be let in."""
        self.began, self.offset = time.monotonic(), 0
        self.assertFalse(self.login("mine"))
        self.at(40)
        self.push("mine")
        mine_over = self.now() + 60
        self.at(41)
        self.assertTrue(self.login("mine"), self.said())
        self.assertFalse(self.login("other"))
        self.at(70)
        self.push("other")
        other_over = self.now() + 60
        self.at(71)
        self.assertTrue(self.login("mine"), self.said())
        self.at(71)
        self.assertTrue(self.login("other"), self.said())
        self.at(mine_over + 1)
        self.assertFalse(self.login("mine"))
        self.at(101)
        self.assertTrue(self.login("other"), self.said())
        self.at(other_over + 1)
        self.assertFalse(self.login("other"))
        self.push("mine", user="somebody")
        self.assertFalse(self.login("mine"))

    def said(self):
        return (self.dir / "sshd.log").read_text()[-2000:]

    # ------------------------------------------------------------------

    def test_by_the_file(self):
        keys = self.dir / "pushed"
        self.port = self.sshd(AuthorizedKeysFile=keys)
        self.ready = self.emulator(harness.world(
            {22: self.port},
            instance={"authorized_keys": f"{self.dir}/pushed.%u"}))
        (self.dir / f"pushed.{harness.USER}").touch()
        keys.symlink_to(f"pushed.{harness.USER}")
        self.the_minute()

    @unittest.skipUnless(os.getuid() == 0, "sshd wants root's command")
    def test_by_the_metadata(self):
        # sshd wants a command that only root could have put there.
        safe = tempfile.mkdtemp(dir="/run", prefix="eice-test-")
        self.addCleanup(shutil.rmtree, safe)
        os.chmod(safe, 0o755)
        script = shutil.copy(SCRIPT, safe)
        certs = os.path.join(safe, "certs")
        os.mkdir(certs)
        base, flags = self.namespace()
        self.ready = self.emulator(harness.world({}), *flags)
        base = base or f"http://127.0.0.1:{self.ready['http_port']}"
        self.port = self.sshd(
            AuthorizedKeysFile="none", AuthorizedKeysCommandUser="nobody",
            AuthorizedKeysCommand=f"{script} %u %f {base} {certs}")
        self.push("mine")
        self.assertFalse(self.login("mine"))  # Nobody knows the root.
        self.control(do="clock", offset_ms=61000)
        self.control(do="clock", offset_ms=0)
        with open(os.path.join(certs, "root.pem"), "w") as f:
            f.write(self.control(do="signer-root")["pem"])
        self.run_ok(["openssl", "rehash", certs])
        self.the_minute()

    def namespace(self):
        """A network of our own, if we may: the metadata's address in it, and
        what the emulator must be told."""
        if not can_unshare():
            return None, []
        holder = self.start(
            ["unshare", "-n", "sh", "-c",
             "ip link set lo up && ip addr add 169.254.169.254/32 dev lo && "
             "echo && exec sleep 600"], stdout=subprocess.PIPE, text=True)
        self.assertEqual(holder.stdout.readline(), "\n")
        self.inside = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
        return ("http://169.254.169.254",
                ["--listen", "0.0.0.0", "--http-port", "80"])


if __name__ == "__main__":
    harness.main()
