#!/usr/bin/env python3
"""ssh, scp, sftp and rsync through eice as their ProxyCommand.

Real OpenSSH on both ends; what crosses must arrive byte for byte.  The size
of the big file is EICE_TEST_MB (default 64; 1024 is what releases are tried
with).
"""
import os
import subprocess

import harness

SIZE = int(os.environ.get("EICE_TEST_MB", "64")) << 20
HOST = f"{harness.USER}@{harness.INSTANCE}"


class ThroughProxyCommand(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.emulator(harness.world({22: self.sshd()}))
        self.options = self.ssh_options() + self.proxy_command()

    def test_ssh_runs_a_command_and_passes_its_exit_code(self):
        out = self.run_ok(["ssh", *self.options, HOST, "echo hello; id -un"])
        self.assertEqual(out, f"hello\n{harness.USER}\n")
        done = self.run_any(["ssh", *self.options, HOST, "exit 7"])
        self.assertEqual(done.returncode, 7)
        self.assertEqual(done.stderr, "")

    def test_stdin_of_the_remote_command_reaches_its_end(self):
        out = self.run_ok(["ssh", *self.options, HOST, "wc -c"],
                          input="x" * 100000, stdin=None)
        self.assertEqual(out.strip(), "100000")

    def test_scp_both_ways(self):
        there = self.dir / "there"
        back = self.dir / "back"
        here = harness.random_file(self.dir / "here", SIZE)
        self.run_ok(["scp", "-q", *self.options, here, f"{HOST}:{there}"],
                    timeout=300)
        self.run_ok(["scp", "-q", *self.options, f"{HOST}:{there}", back],
                    timeout=300)
        self.assertEqual(harness.sha256(here), harness.sha256(there))
        self.assertEqual(harness.sha256(here), harness.sha256(back))

    def test_sftp_both_ways(self):
        here = harness.random_file(self.dir / "here", SIZE)
        self.run_ok(["sftp", "-q", "-b", "-", *self.options, HOST],
                    stdin=None, input=f"put {here} {self.dir}/there\n"
                    f"get {self.dir}/there {self.dir}/back\n", timeout=300)
        self.assertEqual(harness.sha256(here),
                         harness.sha256(self.dir / "there"))
        self.assertEqual(harness.sha256(here),
                         harness.sha256(self.dir / "back"))

    def test_rsync_both_ways(self):
        tree = self.dir / "tree"
        tree.mkdir()
        harness.random_file(tree / "big", SIZE)
        for i in range(50):
            harness.random_file(tree / f"small{i}", 1000 + i)
        shell = " ".join("'" + word + "'" for word in ["ssh", *self.options])
        self.run_ok(["rsync", "-a", "-e", shell, f"{tree}/",
                     f"{HOST}:{self.dir}/there/"], timeout=300)
        self.run_ok(["rsync", "-a", "-e", shell, f"{HOST}:{self.dir}/there/",
                     f"{self.dir}/back/"], timeout=300)
        self.run_ok(["diff", "-r", tree, self.dir / "back"])

    def test_a_wrong_instance_says_why(self):
        done = self.run_any(
            ["ssh", *self.ssh_options(), "-o",
             f"ProxyCommand={harness.EICE} open-tunnel"
             " --instance-id i-0000000000000000f", HOST, "true"])
        self.assertEqual(done.returncode, 255)
        self.assertIn("InvalidInstanceID.NotFound", done.stderr)
        self.assertIn("i-0000000000000000f", done.stderr)


class ThroughLocalPort(harness.Scenario):
    def test_ssh_and_scp_through_a_listener(self):
        self.emulator(harness.world({22: self.sshd()}))
        process, port = self.listener()
        here = harness.random_file(self.dir / "here", 1 << 20)
        self.run_ok(["scp", "-q", "-P", port, *self.ssh_options(), here,
                     f"{harness.USER}@127.0.0.1:{self.dir}/there"])
        self.assertEqual(harness.sha256(here),
                         harness.sha256(self.dir / "there"))
        out = self.run_ok(["ssh", "-p", port, *self.ssh_options(),
                           f"{harness.USER}@127.0.0.1", "echo yes"])
        self.assertEqual(out, "yes\n")
        self.stop(process)
        self.assertIsNotNone(process.returncode)


if __name__ == "__main__":
    harness.main()
