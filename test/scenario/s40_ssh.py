# SPDX-License-Identifier: Apache-2.0
"""eice ssh, scp, sftp, rsync, list and send-ssh-public-key, with a real sshd
that knows only the keys that were pushed, and the real clients."""
import glob
import json
import os
import pty
import signal
import subprocess
import time

import harness
from harness import EICE, INSTANCE, SECURITY_GROUP, SUBNET, USER
from pushed import Pushed

SIX = "i-0123456789abcdef6"
STOPPED = "i-0123456789abcdef7"
FAR = "i-0123456789abcdef8"
TWIN = "i-0123456789abcdef9"


class Clients(Pushed):
    def test_every_way_to_name_it(self):
        self.emulator(self.world(self.instance(
            public_ip="203.0.113.5", ipv6=["2001:db8:0:101::5"])))
        for target in ("web", INSTANCE, "10.0.1.5", "203.0.113.5",
                       "2001:db8:0:101::5", "w*b",
                       "ip-10-0-1-5.eu-central-1.compute.internal",
                       f"{USER}@web"):
            with self.subTest(target=target):
                out = self.run_ok([EICE, "ssh", target, "echo", "hello",
                                   "--help", "-v"])
                self.assertEqual(out, "hello --help -v\n")
        self.nothing_left()

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
        self.assertEqual(process.wait(20 * harness.SLOW), 0)
        self.assertEqual(self.run_ok(["ssh", "-S", control, "x", "echo", "m"]),
                         "m\n")
        self.assertEqual(os.listdir(self.runtime), [])
        self.run_any(["ssh", "-S", control, "-O", "exit", "x"])
        harness.wait_for("the end", lambda: not control.exists())

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


class Choices(Pushed):
    """Which instance, and whether it can be reached at all."""

    def setUp(self):
        super().setUp()
        self.emulator(self.world(
            self.instance(launched="2026-01-01T00:00:00Z"),
            self.instance(id=TWIN, private_ip="10.0.1.6",
                          launched="2026-02-01T00:00:00Z"),
            self.instance(id=SIX, name="six", private_ip=None,
                          ipv6=["2001:db8:0:101::6"]),
            self.instance(id=STOPPED, name="old", private_ip="10.0.1.7",
                          state="stopped"),
            self.instance(id=FAR, name="far", private_ip="10.9.1.7",
                          subnet="subnet-0a1b2c3d4e5f60009",
                          security_groups=["sg-0a1b2c3d4e5f60009"]),
            vpcs=[{"id": harness.VPC,
                   "cidrs": ["10.0.0.0/16", "2001:db8:0:100::/56"]},
                  {"id": "vpc-0a1b2c3d4e5f60009", "cidrs": ["10.9.0.0/16"]}],
            subnets=[{"id": SUBNET, "vpc": harness.VPC,
                      "zone": "eu-central-1a",
                      "cidrs": ["10.0.1.0/24", "2001:db8:0:101::/64"]},
                     {"id": "subnet-0a1b2c3d4e5f60009",
                      "vpc": "vpc-0a1b2c3d4e5f60009",
                      "zone": "eu-central-1a", "cidrs": ["10.9.1.0/24"]}],
            security_groups=[
                {"id": SECURITY_GROUP, "name": "all", "vpc": harness.VPC,
                 "ingress": [{"protocol": "tcp", "port": 22,
                              "groups": [SECURITY_GROUP]}]},
                {"id": "sg-0a1b2c3d4e5f60009", "name": "far",
                 "vpc": "vpc-0a1b2c3d4e5f60009"}]))

    def refused(self, code, text, *args):
        done = self.run_any([EICE, "ssh", *args, "true"])
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(text, done.stderr)

    def test_all(self):
        self.refused(252, "2 running instances fit 'web': 1. ", "web")
        self.refused(252, "There is no number 3", "web", "--pick", "3")
        self.refused(255, "No instance fits 'none'", "none")
        self.refused(255, f"{STOPPED} (old) is stopped", "old")
        self.refused(252, "There are no available instance connect endpoints.",
                     "far")
        for pick in ("1", "2", "random", "newest"):
            self.run_ok([EICE, "ssh", "web", "--pick", pick, "true"])
        line = self.run_ok([EICE, "ssh", "web", "--pick=newest", "--print"])
        self.assertIn(TWIN, line)
        self.run_ok([EICE, "ssh", "six", "true"])
        self.nothing_left()

    def test_a_person_is_asked(self):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(EICE, [EICE, "ssh", "web", "echo", "chosen"], self.env)
        seen = b""
        while b"Which one? " not in seen:
            seen += os.read(fd, 1000)
        self.assertIn(TWIN.encode(), seen)
        os.write(fd, b"2\n")
        while b"\nchosen" not in seen:
            seen += os.read(fd, 1000)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        os.close(fd)

    def test_list(self):
        table = self.run_ok([EICE, "list"]).splitlines()
        self.assertEqual(table[0].split()[:2], ["NAME", "ID"])
        rows = {line.split()[1]: line for line in table[1:]}
        self.assertTrue(rows[INSTANCE].endswith("yes"))
        self.assertTrue(rows[STOPPED].endswith("stopped"))
        self.assertTrue(rows[FAR].endswith("no endpoint in "
                                           "vpc-0a1b2c3d4e5f60009"))
        self.assertIn("2001:db8:0:101::6", rows[SIX])
        self.assertEqual(len(self.run_ok([EICE, "list", "web"]).splitlines()),
                         3)
        some = json.loads(self.run_ok(
            [EICE, "list", "--output", "json", "--filter",
             "tag:Name=six,old", "--reachable"]))
        self.assertEqual([i["InstanceId"] for i in some], [SIX])
        done = self.run_any([EICE, "list", "--columns", "id,nonsense"])
        self.assertEqual(done.returncode, 252)

    def test_send_ssh_public_key(self):
        key = self.dir / "sshd" / "client.pub"
        args = [EICE, "ec2-instance-connect", "send-ssh-public-key",
                "--instance-id", INSTANCE, "--instance-os-user", USER,
                "--ssh-public-key", f"file://{key}"]
        answer = json.loads(self.run_ok(args))
        self.assertEqual(answer["Success"], True)
        self.assertRegex(self.run_ok([*args, "--output", "text"]),
                         r"^[0-9a-f-]+\tTrue\n$")
        self.assertIn(key.read_text().split()[1],
                      (self.dir / f"pushed.{USER}").read_text())
        done = self.run_any(args[:-2])
        self.assertEqual(done.returncode, 252)
        self.assertIn("required: --ssh-public-key", done.stderr)
        done = self.run_any([*args[:-1], "x"])
        self.assertEqual(done.returncode, 252)
        self.assertIn("valid min length: 80", done.stderr)
        done = self.run_any([*args[:4], STOPPED, *args[5:]])
        self.assertEqual(done.returncode, 254)
        self.assertIn("EC2InstanceStateInvalidException", done.stderr)


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


class Ends(Pushed):
    """Whatever ends a run, nothing of it is left."""

    RUNS = int(os.environ.get("EICE_TEST_RUNS", "20"))

    def begin(self):
        process = self.start([EICE, "ssh", "web", "echo up; sleep 60"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, text=True)
        self.assertEqual(process.stdout.readline(), "up\n")
        return process

    def child(self, process):
        out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)],
                             check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split()
        return int(out[0])

    def test_every_end(self):
        self.emulator(self.world())
        for i in range(self.RUNS):
            how = i % 5
            if how == 0:
                self.run_ok([EICE, "ssh", "web", "true"])
                continue
            process = self.begin()
            if how == 1:
                process.send_signal(signal.SIGTERM)
            elif how == 2:
                process.send_signal(signal.SIGHUP)
            elif how == 3:
                os.kill(self.child(process), signal.SIGKILL)
            else:
                child = self.child(process)
                process.kill()
                harness.wait_for("ssh's end",
                                 lambda c=child: not harness.alive(c))
            process.wait(10 * harness.SLOW)
            self.assertNotEqual(process.returncode, 0)
            self.stop(process)
        # What kill -9 of eice itself left is gone with the next run.
        self.run_ok([EICE, "ssh", "web", "true"])
        harness.wait_for("the last proxy", lambda: not glob.glob(
            str(self.runtime / "*")))
        time.sleep(0.2)
        self.nothing_left()


if __name__ == "__main__":
    harness.main()
