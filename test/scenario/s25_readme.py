#!/usr/bin/env python3
"""What the README says to type, typed: its lines, as they stand, into a shell.

The lines are read from the documents.  They name port 8888, so where that can
be had the test runs in a network of its own.  What the reader's machine brings
is brought here: an sshd (the emulator is told where), and an ssh that knows a
key and asks nobody.
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys

import harness

INSIDE = "EICE_TEST_NETWORK"
BEGIN = 'eval "$(eice-emulator --env)"'
PORT = 8888


def lines_of(document):
    """The indented block that begins with BEGIN, a line each."""
    found, inside = [], False
    for line in (harness.ROOT / document).read_text().splitlines():
        inside = line == "    " + BEGIN or inside and line.startswith("    ")
        if inside:
            found.append(line[4:])
    return found


class Documents(harness.Scenario):
    def setUp(self):
        super().setUp()
        if harness.port_open(PORT):
            self.skipTest(f"port {PORT} is taken")
        self.port = self.sshd()
        bin_dir = self.dir / "bin"
        bin_dir.mkdir()
        for program in (harness.EICE, harness.EMULATOR):
            (bin_dir / os.path.basename(program)).symlink_to(program)
        ssh = bin_dir / "ssh"
        ssh.write_text("#!/bin/sh\nexec " + shutil.which("ssh") + " " + " ".join(
            f"'{word}'" for word in self.ssh_options()) + ' "$@"\n')
        ssh.chmod(0o755)
        self.env["PATH"] = f"{bin_dir}:{self.env['PATH']}"
        self.out = self.dir / "out"
        self.err = self.dir / "err"  # curl's progress must not be between
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.shell = self.start(["sh"], stdin=subprocess.PIPE, stdout=out,
                                    stderr=err, text=True,
                                    start_new_session=True)
        self.addCleanup(self.end_session, self.shell.pid)
        # The emulator goes into the background; it must not stay there.
        self.addCleanup(self.run_any, [harness.EMULATOR, "stop"])

    @staticmethod
    def end_session(pid):
        """With the shell, what it has put into the background."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)
        harness.wait_for("the port", lambda: not harness.port_open(PORT))

    def type(self, text):
        self.shell.stdin.write(text + "\n")
        self.shell.stdin.flush()

    def see(self, pattern, seconds=60.0):
        """Wait until the shell's output has it; the match."""
        def seen():
            return self.out.read_text() + self.err.read_text()

        def look():
            return re.search(pattern, seen(), re.M)

        try:
            return harness.wait_for(pattern, look, seconds)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{seen()}") from None

    def say(self, command, pattern):
        """Type a command of the test's own and see what it prints."""
        self.type(command)
        return self.see(pattern)

    def go_through(self, lines):
        """The five lines; each must have done what the text says."""
        start, tunnel, ssh = lines[:3]
        curl = "\n".join(lines[3:5])
        self.assertEqual(start, BEGIN)
        self.type(start)
        url = self.say('echo "url=$AWS_ENDPOINT_URL"',
                       r"^url=(https://localhost:\d+)$").group(1)
        self.say('echo "key=$AWS_ACCESS_KEY_ID ca=$AWS_CA_BUNDLE"',
                 r"^key=AKIAIOSFODNN7EXAMPLE ca=/.*/ca\.pem$")
        self.say("eice-emulator control '{\"do\": \"route\", \"from\": "
                 f"\"10.0.1.5:22\", \"to\": \"127.0.0.1:{self.port}\"}}'",
                 r"^\{\}$")

        self.assertRegex(tunnel, r"^eice open-tunnel .*&$")
        self.type(tunnel)
        self.see(rf"^Listening for connections on port {PORT}\.$")

        self.assertTrue(ssh.startswith(f"ssh -p {PORT} localhost"), ssh)
        self.type(ssh)
        # It reads what is typed now, so the shell must have begun it.
        self.see(r"^\[1\] Accepted new tcp connection")
        self.type('echo "there $((6 * 7)) $SSH_CONNECTION"; exit')
        self.see(r"^there 42 127\.0\.0\.1 \d+ 127\.0\.0\.1 "
                 rf"{self.port}$")
        # ssh has what it read ahead; the next line must find the shell.
        self.see(r"^\[1\] Closing tcp connection\.$")

        self.assertTrue(curl.startswith("curl --aws-sigv4 "), curl)
        self.type(curl)
        self.see(r"<DescribeInstancesResponse xmlns=")
        self.see(rf"<instanceId>{harness.INSTANCE}</instanceId>")
        self.see(r"</DescribeInstancesResponse>")
        return url

    def test_the_five_lines_of_the_readme(self):
        lines = lines_of("README.md")
        self.assertEqual(len(lines), 5, lines)
        self.go_through(lines)
        # CloudTrail has seen each of them.
        events = self.run_ok([harness.EMULATOR, "control", '{"do": "trail"}'])
        for name in ("OpenTunnel", "DescribeInstances"):
            self.assertIn(f'"eventName":"{name}"', events)
        self.assertNotIn('"errorCode"', events)

    def test_the_lines_of_the_emulators_guide(self):
        lines = lines_of("docs/emulator.md")
        self.assertEqual(len(lines), 6, lines)
        self.go_through(lines)
        self.assertEqual(lines[5], "eice-emulator stop")
        self.assertEqual(self.say(f'echo; {lines[5]}; echo "status=$?"',
                                  r"^status=(\d+)$").group(1), "0")
        done = self.run_any([harness.EMULATOR, "stop"])
        self.assertIn("none is running", done.stderr)


def enter_network():
    """Go on in a network of our own, where nobody has the port."""
    ip = shutil.which("ip", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if INSIDE in os.environ or not ip or not shutil.which("unshare"):
        return
    if subprocess.run(["unshare", "-n", ip, "link", "set", "lo", "up"],
                      check=False, capture_output=True).returncode == 0:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-n", "sh", "-c",
                              f'{ip} link set lo up; exec "$@"', "sh",
                              sys.executable, *sys.argv])


if __name__ == "__main__":
    enter_network()
    harness.main()
