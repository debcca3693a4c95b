# SPDX-License-Identifier: Apache-2.0
"""eice ssh, scp, sftp and rsync, with a real sshd that knows only the keys that
were pushed, and the real clients."""
import contextlib
import json
import os
import pty
import select
import signal
import socket
import subprocess
import time

import harness
from harness import EICE, INSTANCE, USER
from pushed import Pushed


class Clients(Pushed):
    def test_the_aws_clis_form(self):
        self.emulator(self.world())
        for args in (["--connection-type", "eice"], ["--connection-type=auto"],
                     [], ["--eice-options", "maxTunnelDuration=60,"
                          f"endpointId={harness.ENDPOINT}"],
                     ["--eice-options", '{"maxTunnelDuration": 60}']):
            out = self.run_ok(
                [EICE, "ec2-instance-connect", "ssh", "--instance-id",
                 INSTANCE, "--os-user", USER, *args], input="echo $((6*7))\n",
                stdin=None)
            self.assertIn("42\n", out)
        self.nothing_left()

    def test_exit_codes_are_sshs(self):
        self.emulator(self.world())
        for code in (0, 1, 77, 255):
            done = self.run_any([EICE, "ssh", "web", "exit", str(code)])
            self.assertEqual(done.returncode, code, done.stderr)
        done = self.run_any([EICE, "ssh", "nobody-here@web", "true"])
        self.assertEqual(done.returncode, 255)
        self.assertIn("Permission denied", done.stderr)
        self.nothing_left()

    def test_copies(self):
        self.emulator(self.world())
        data = harness.random_file(self.dir / "a file", 300000)
        here = harness.sha256(data)
        there = self.dir / "there"
        self.run_ok([EICE, "scp", "-q", data, f"web:{there}"])
        self.assertEqual(harness.sha256(there), here)
        back = self.dir / "back"
        self.run_ok([EICE, "scp", "-p", f"{USER}@10.0.1.5:{there}", back])
        self.assertEqual(harness.sha256(back), here)
        back.unlink()
        batch = self.dir / "batch"
        batch.write_text(f"get {there} {back}\n")
        self.run_ok([EICE, "sftp", "-b", batch, "web"])
        self.assertEqual(harness.sha256(back), here)
        tree = self.dir / "tree"
        tree.mkdir()
        (tree / "x").write_text("1")
        self.run_ok([EICE, "rsync", "-a", "--exclude", "y:z", f"{tree}/",
                     f"web:{self.dir}/copy/"])
        self.assertEqual((self.dir / "copy" / "x").read_text(), "1")
        self.nothing_left()

    def test_own_keys(self):
        self.emulator(self.world())
        key = self.dir / "sshd" / "client"
        self.run_ok([EICE, "ssh", "web", "--key", key, "true"])
        for args in (["--no-push"], ["--private-key-file", key], ["-i", key]):
            path = self.dir / f"pushed.{USER}"
            path.write_text("")
            done = self.run_any([EICE, "ssh", *args, "web", "true"])
            self.assertEqual(done.returncode, 255, done.stderr)
            self.assertEqual(path.read_text(), "")

    def test_directly(self):
        """No ProxyCommand could push the key: it is pushed before."""
        self.emulator(self.world())
        out = self.run_ok(
            [EICE, "ssh", "--instance-id", INSTANCE, "--os-user", USER,
             "--connection-type", "direct", "--instance-ip", "127.0.0.1",
             "--ssh-port", str(self.port), "echo", "direct"])
        self.assertEqual(out, "direct\n")
        self.nothing_left()

    def test_own_agent_is_forwarded(self):
        """Not the one that holds the key of the run."""
        self.emulator(self.world())
        path = self.dir / "agent"
        self.start(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
        harness.wait_for("the agent", path.exists)
        self.env["SSH_AUTH_SOCK"] = str(path)
        self.run_ok(["ssh-add", "-q", self.dir / "sshd" / "client"])
        seen = self.run_ok([EICE, "ssh", "-A", "web", "ssh-add", "-L"])
        self.assertEqual(
            seen.split()[1],
            (self.dir / "sshd" / "client.pub").read_text().split()[1])

    def test_printed_command_runs(self):
        self.emulator(self.world())
        line = self.run_ok([EICE, "ssh", "--print", "web", "echo", "a  b"])
        self.assertEqual(self.run_ok(["sh", "-c", line]), "a b\n")
        words = json.loads(self.run_ok([EICE, "ssh", "--json", "web", "id"]))
        self.assertEqual(words[0], "ssh")
        self.assertEqual(os.listdir(self.runtime), [])
        self.assertNotIn(str(self.runtime), " ".join(words))
        self.assertEqual(words[-2:], [f"{USER}@{INSTANCE}", "id"])
        mode = os.stat(self.home / ".ssh" / "eice_ed25519").st_mode & 0o777
        self.assertEqual(mode, 0o600)

    def test_control_master_and_background(self):
        self.emulator(self.world())
        control = self.dir / "c"
        # In the background ssh keeps the outputs it was given.
        process = self.start(
            [EICE, "ssh", "-f", "-N", "-M", "-S", control, "web"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.assertEqual(process.wait(harness.PATIENCE), 0)
        self.assertEqual(self.run_ok(["ssh", "-S", control, "x", "echo", "m"]),
                         "m\n")
        self.assertEqual(os.listdir(self.runtime), [])
        self.run_any(["ssh", "-S", control, "-O", "exit", "x"])
        harness.wait_for("the end", lambda: not control.exists())

    def test_forwardings(self):
        """Ours may be repeated, as the AWS CLI's is not; ssh's own too."""
        self.emulator(self.world())
        echo = self.echo_server()
        for words in (["--local-forwarding", "--local-forwarding"],
                      ["-L", "--local-forwarding"], ["-D", "-L"]):
            with self.subTest(words=words):
                ports = [harness.free_port(), harness.free_port()]
                args = []
                for word, port in zip(words, ports):
                    args += [word, str(port) if word == "-D" else
                             f"{port}:127.0.0.1:{echo.port}"]
                process = self.start(
                    [EICE, "ssh", "-N", "-o", "ExitOnForwardFailure=yes",
                     *args, "web"], stdin=subprocess.DEVNULL)
                for port in ports:
                    harness.wait_for(f"port {port}",
                                     lambda p=port: harness.port_open(p))
                with socket.create_connection(("127.0.0.1", ports[1]),
                                              harness.PATIENCE) as s:
                    s.sendall(b"through")
                    s.shutdown(socket.SHUT_WR)
                    self.assertEqual(s.makefile("rb").read(), b"through")
                self.stop(process)
        self.nothing_left()

    def test_keepalive_is_the_users(self):
        """We set ServerAliveInterval only where ssh's configuration is
        silent."""
        self.emulator(self.world())
        config = self.dir / "config"
        for text, args, expected in (
                ("", [], True), ("Host *\n ServerAliveInterval 7\n", [], False),
                ("", ["-o", "ServerAliveInterval=9"], False)):
            with self.subTest(text=text, args=args):
                config.write_text(text)
                words = self.run_ok([EICE, "ssh", "-F", config, *args, "web",
                                     "--print", "true"])
                self.assertEqual("ServerAliveInterval=15" in words, expected)

    def test_others_are_printed_too(self):
        """scp, sftp and rsync: the printed command is what would be run."""
        self.emulator(self.world())
        data = harness.random_file(self.dir / "data", 10000)
        batch = self.dir / "batch"
        batch.write_text(f"put {data} {self.dir}/to-sftp\n")
        for args, copy in (
                (["scp", "-q", data, f"web:{self.dir}/to-scp"], "to-scp"),
                (["sftp", "-b", batch, "web"], "to-sftp"),
                (["rsync", "-a", data, f"web:{self.dir}/to-rsync"],
                 "to-rsync")):
            with self.subTest(args=args):
                words = json.loads(self.run_ok([EICE, args[0], "--json",
                                                *args[1:]]))
                self.assertEqual(words[0], args[0])
                line = self.run_ok([EICE, args[0], "--print", *args[1:]])
                self.assertFalse((self.dir / copy).exists())
                self.run_ok(["sh", "-c", line])
                self.assertEqual(harness.sha256(self.dir / copy),
                                 harness.sha256(data))

    def test_on_a_terminal(self):
        """A person types, ends with Ctrl-D, and the code is the shell's."""
        self.emulator(self.world())
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(EICE, [EICE, "ssh", "-t", "web",
                             "PS1='ready> ' exec /bin/sh"], self.env)
        out = b""
        for typed, answer in ((b"", b"ready> "), (b"echo $((6*7))\r", b"\n42"),
                              (b"(exit 9)\r", b"ready> "), (b"\x04", None)):
            os.write(fd, typed)
            end = time.monotonic() + harness.PATIENCE
            out = b""
            while time.monotonic() < end:
                ready, _, _ = select.select([fd], [], [], 0.1)
                try:
                    out += os.read(fd, 4096) if ready else b""
                except OSError:
                    break  # It has ended.
                if answer is not None and answer in out:
                    break
            else:
                self.fail(f"no {answer} in {out}")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 9)
        os.close(fd)
        self.nothing_left()

    def stopped(self, name):
        """A run whose ssh sends itself this signal, a job of its own as a
        shell makes it; the run, and the process of ssh."""
        where = self.dir / "bin"
        where.mkdir(exist_ok=True)
        (where / "ssh").write_text(
            "#!/bin/sh\ncase $* in *ProxyCommand*)\n"
            f"echo $$ >{where}/new; mv {where}/new {where}/{name}\n"
            f"kill -{name} $$; exit 7\nesac\n")
        (where / "ssh").chmod(0o755)
        process = self.start(
            [EICE, "ssh", "web", "true"], stdin=subprocess.DEVNULL,
            preexec_fn=os.setpgrp,
            env={**self.env, "PATH": f"{where}:{self.env['PATH']}"})
        self.addCleanup(process.send_signal, signal.SIGCONT)
        harness.wait_for("ssh", (where / name).exists)
        ssh = int((where / name).read_text())
        harness.wait_for("its stop", lambda: harness.state_of(ssh) == "T")
        return process, ssh

    def goes_on(self, process, pid):
        """It comes to its end when @pid is continued."""
        def ended():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            return process.poll() is not None
        harness.wait_for("the end", ended)
        self.assertEqual(process.returncode, 7)
        self.nothing_left()

    def test_stopped_by_its_user(self):
        """As "~^Z" does: eice stops with it, and takes it along again."""
        self.emulator(self.world())
        process, _ = self.stopped("TSTP")
        harness.wait_for("ours",
                         lambda: harness.state_of(process.pid) == "T")
        self.goes_on(process, process.pid)

    def test_stopped_alone(self):
        """Who stops and continues ssh alone does not leave us asleep."""
        self.emulator(self.world())
        process, ssh = self.stopped("STOP")
        self.goes_on(process, ssh)

    def test_odd_homes(self):
        home = self.dir / "my 100% 'home'"
        home.mkdir()
        self.env["HOME"] = str(home)
        self.emulator(self.world())
        self.run_ok([EICE, "ssh", "web", "true"])
        self.assertTrue((home / ".ssh" / "eice_known_hosts").exists())

    def test_no_ssh(self):
        self.emulator(self.world())
        self.env["PATH"] = "/nonexistent"
        done = self.run_any([EICE, "ssh", "web"])
        self.assertEqual(done.returncode, 253)
        self.assertIn("SSH not available", done.stderr)
        self.nothing_left()


if __name__ == "__main__":
    harness.main()
