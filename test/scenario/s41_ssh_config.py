# SPDX-License-Identifier: Apache-2.0
"""eice ssh-config with the programs it is for, and mssh's command lines."""
import os
import shutil
import signal
import subprocess
import unittest

import harness
from harness import EICE, INSTANCE, USER
from pushed import Pushed


class Config(Pushed):
    """What a program gets that only knows ssh and ~/.ssh/config."""

    def setUp(self):
        super().setUp()
        self.emulator(self.world())
        self.config = self.home / ".ssh" / "config"
        self.config.parent.mkdir(mode=0o700)
        self.config.write_text("Host other\n    Port 2222")
        self.run_ok([EICE, "ssh-config", "--install", "--os-user", USER])
        # ssh looks for its configuration where passwd(5) says, not in $HOME.
        bin_dir = self.dir / "bin"
        bin_dir.mkdir()
        for name in ("ssh", "scp"):
            real = shutil.which(name)
            path = bin_dir / name
            path.write_text(f"#!/bin/sh\nexec {real} -F {self.config} "
                            "-o BatchMode=yes \"$@\"\n")
            path.chmod(0o755)
        self.env["PATH"] = f"{bin_dir}:{self.env['PATH']}"

    def test_install_and_remove(self):
        first = self.config.read_text()
        self.assertTrue(first.startswith("Host other\n    Port 2222\n\n# BEG"))
        self.run_ok([EICE, "ssh-config", "--install", "--os-user", USER])
        self.assertEqual(self.config.read_text(), first)
        self.run_ok([EICE, "ssh-config", "--install", "--os-user", "me",
                     "--region", "eu-west-1"])
        text = self.config.read_text()
        self.assertIn("    User me\n", text)
        self.assertIn(" --region eu-west-1\n", text)
        self.assertEqual(text.count("BEGIN eice"), 1)
        self.run_ok([EICE, "ssh-config", "--remove"])
        self.assertEqual(self.config.read_text(),
                         "Host other\n    Port 2222\n")
        self.assertIn("Host i-* *.eice\n", self.run_ok([EICE, "ssh-config"]))

    def test_a_linked_file_stays_one(self):
        """Many keep their configuration elsewhere; its mode is theirs too."""
        elsewhere = self.dir / "dotfiles"
        self.config.rename(elsewhere)
        elsewhere.chmod(0o640)
        self.config.symlink_to(elsewhere)
        self.run_ok([EICE, "ssh-config", "--remove"])
        self.run_ok([EICE, "ssh-config", "--remove"])  # Nothing there: fine.
        self.assertTrue(self.config.is_symlink())
        self.assertNotIn("eice", elsewhere.read_text())
        self.run_ok([EICE, "ssh-config", "--install"])
        self.assertIn("Host i-* *.eice\n", elsewhere.read_text())
        self.assertEqual(elsewhere.stat().st_mode & 0o777, 0o640)
        self.assertEqual(os.listdir(self.config.parent).count("config"), 1)
        self.assertFalse([f for f in os.listdir(self.dir) if ".eice-" in f])

    def test_ssh_and_scp(self):
        for name in (INSTANCE, "web.eice", f"{USER}@web.eice"):
            self.assertEqual(self.run_ok(["ssh", name, "echo", "in"]), "in\n")
        data = harness.random_file(self.dir / "data", 100000)
        self.run_ok(["scp", "-q", data, f"web.eice:{self.dir}/copy"])
        self.assertEqual(harness.sha256(self.dir / "copy"),
                         harness.sha256(data))

    def test_rsync(self):
        data = harness.random_file(self.dir / "data", 100000)
        self.run_ok(["rsync", "-a", data, f"{INSTANCE}:{self.dir}/copy"])
        self.assertEqual(harness.sha256(self.dir / "copy"),
                         harness.sha256(data))

    def test_git_clone(self):
        source = self.dir / "source"
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
        self.run_ok([*git, "init", "-q", source])
        (source / "file").write_text("content")
        self.run_ok([*git, "-C", source, "add", "file"])
        self.run_ok([*git, "-C", source, "commit", "-qm", "one"])
        self.run_ok([*git, "clone", "-q", f"web.eice:{source}",
                     self.dir / "clone"])
        self.assertEqual((self.dir / "clone" / "file").read_text(), "content")

    def test_jump(self):
        """The instance as the jump host to something only it can reach."""
        inner = self.sshd()
        out = self.run_ok(
            ["ssh", "-J", INSTANCE, "-p", inner, *self.ssh_options()[2:],
             "127.0.0.1", "echo", "inner"])
        self.assertEqual(out, "inner\n")

    def test_control_master(self):
        control = self.dir / "c"
        master = self.start(
            ["ssh", "-M", "-N", "-S", control, "web.eice"],
            stdin=subprocess.DEVNULL)
        harness.wait_for("the master", control.exists)
        for _ in range(3):
            self.assertEqual(self.run_ok(["ssh", "-S", control, "web.eice",
                                          "echo", "again"]), "again\n")
        self.stop(master, signal.SIGTERM)

    @unittest.skipIf(shutil.which("ansible") is None, "no ansible")
    def test_ansible_ping(self):
        self.env["ANSIBLE_HOME"] = str(self.dir / "ansible")
        self.env["ANSIBLE_LOCALHOST_WARNING"] = "False"
        out = self.run_ok(["ansible", "-i", "web.eice,", "-m", "ping", "all"],
                          timeout=120)
        self.assertIn('"ping": "pong"', out)


class Mssh(Pushed):
    def setUp(self):
        super().setUp()
        for name in ("mssh", "msftp"):
            os.symlink(EICE, self.dir / name)
        self.mssh = self.dir / "mssh"
        self.emulator(self.world())

    def test_forms(self):
        target = f"{USER}@{INSTANCE}"
        for args in ([target], ["-r", "eu-central-1", target],
                     ["--region", "eu-central-1", "-z", "eu-central-1a", "-q",
                      target],
                     ["-l", USER, INSTANCE]):
            out = self.run_ok([self.mssh, *args, "echo", "-r", "x"])
            self.assertEqual(out, "-r x\n")
        batch = self.dir / "batch"
        batch.write_text("pwd\n")
        out = self.run_ok([self.dir / "msftp", "-b", batch,
                           f"{target}:{self.dir}"])
        self.assertIn(f"Remote working directory: {self.dir}", out)

    def test_a_host_besides_the_instance(self):
        """The key goes to the instance, the connection to the host."""
        out = self.run_ok([self.mssh, "-t", INSTANCE, "-p", self.port,
                           f"{USER}@127.0.0.1", "echo", "direct"])
        self.assertEqual(out, "direct\n")

    def test_exit_code(self):
        done = self.run_any([self.mssh, f"{USER}@{INSTANCE}", "exit", "7"])
        self.assertEqual(done.returncode, 7)

    def test_refusals(self):
        for args, text in (
                ([], "Missing target"),
                (["web.example"], "Missing instance_id"),
                (["-r", "nowhere", INSTANCE], "nowhere is not a valid region"),
                (["-i", "key", INSTANCE], "'-i' is not supported"),
                (["UP@" + INSTANCE], "UP is not a valid UNIX user")):
            done = self.run_any([self.mssh, *args])
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.startswith("usage: mssh "))
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    harness.main()
