# SPDX-License-Identifier: Apache-2.0
"""Which instance is meant, how it is reached, and as whom: every way to name
it, every refusal, eice list and send-ssh-public-key."""
import json
import os
import pty
import re
import select
import time

import harness
from harness import EICE, ENDPOINT, INSTANCE, SECURITY_GROUP, SUBNET, USER
from pushed import Pushed

SIX = "i-0123456789abcdef6"
STOPPED = "i-0123456789abcdef7"
FAR = "i-0123456789abcdef8"
TWIN = "i-0123456789abcdef9"
FAR_VPC = "vpc-0a1b2c3d4e5f60009"
FAR_SUBNET = "subnet-0a1b2c3d4e5f60009"
USAGE = "An error occurred (ParamValidation): "


class Names(Pushed):
    def test_every_way_to_name_it(self):
        self.emulator(self.world(self.instance(
            name="my web 100%", public_ip="203.0.113.5",
            ipv6=["2001:db8:0:101::5"])))
        told = json.loads(self.run_ok([EICE, "list", "--output", "json"]))[0]
        for target in ("my web 100%", INSTANCE, "10.0.1.5", "203.0.113.5",
                       "2001:db8:0:101::5", "[2001:DB8:0:101:0::5]", "my*",
                       "?y web 100%", told["PrivateDnsName"],
                       told["PublicDnsName"],
                       told["PublicDnsName"].upper(),
                       f"{USER}@{told['PublicDnsName']}",
                       f"{USER}@my web 100%",
                       f"{USER}@10.0.1.5", f"{USER}@2001:db8:0:101::5"):
            with self.subTest(target=target):
                self.assertTrue(target)
                out = self.run_ok([EICE, "ssh", target, "echo", "hello",
                                   "--help", "-v"])
                self.assertEqual(out, "hello --help -v\n")
        self.run_ok([EICE, "scp", "-q", "[2001:db8:0:101::5]:/etc/passwd",
                     self.dir / "six"])
        self.run_ok([EICE, "scp", "-q", "my web 100%:/etc/passwd",
                     self.dir / "name"])
        self.nothing_left()

    def test_profile_and_region_by_flags(self):
        ready = self.emulator(self.world())
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                     "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
            self.env.pop(name)
        where = self.home / ".aws"
        where.mkdir()
        (where / "config").write_text(
            "[profile 'work 100%']\n"
            f"aws_access_key_id = {harness.KEY_ID}\n"
            f"aws_secret_access_key = {harness.SECRET}\n"
            f"endpoint_url = https://localhost:{ready['https_port']}\n")
        args = ["--profile", "work 100%", "--region", "eu-central-1",
                "--ca-bundle", ready["ca_file"]]
        # Each flag goes on to the ProxyCommand, quoted.
        self.assertEqual(self.run_ok([EICE, *args, "ssh", "web", "echo", "a"]),
                         "a\n")
        self.assertEqual(self.run_ok([EICE, "ssh", "web", *args, "echo", "b"]),
                         "b\n")


class Ways(Pushed):
    """Directly or through an endpoint, to which address."""

    def setUp(self):
        super().setUp()
        one = {"subnet": SUBNET, "security_groups": [SECURITY_GROUP]}
        ids = [f"i-0123456789abcde{i:02x}" for i in range(5)]
        addresses = [("10.0.1.5", "2001:db8:0:101::5", "203.0.113.5"),
                     ("10.0.1.6", "2001:db8:0:101::6", None),
                     ("10.0.1.7", None, None),
                     (None, "2001:db8:0:101::8", None),
                     ("10.0.1.9", None, "203.0.113.9")]
        self.emulator(self.world(*[
            {k: v for k, v in {**one, "id": i, "private_ip": a, "public_ip": c,
                               "ipv6": [b] if b else None}.items() if v}
            for i, (a, b, c) in zip(ids, addresses)]))
        self.ids = ids

    def way(self, i, *args):
        """("tunnel" or "direct", address)."""
        words = json.loads(self.run_ok(
            [EICE, "ssh", "--instance-id", self.ids[i], "--json", *args]))
        options = dict(w.split("=", 1) for w in words if "=" in w)
        if options["ProxyCommand"] == "none":
            return "direct", options["HostName"]
        return "tunnel", re.search("--private-ip-address ([^ ]+)",
                                   options["ProxyCommand"]).group(1)

    def test_the_documents_order(self):
        auto, eice, direct = (["--connection-type", t]
                              for t in ("auto", "eice", "direct"))
        only = ["--eice-options", f"endpointId={ENDPOINT}"]
        for i, args, way in (
                (0, [], ("direct", "203.0.113.5")),
                (0, auto, ("direct", "203.0.113.5")),
                (1, auto, ("tunnel", "10.0.1.6")),
                (2, auto, ("tunnel", "10.0.1.7")),
                (3, auto, ("direct", "2001:db8:0:101::8")),
                (0, eice, ("tunnel", "10.0.1.5")),
                (3, eice, ("tunnel", "2001:db8:0:101::8")),
                (0, only, ("tunnel", "10.0.1.5")),
                (3, only + auto, ("tunnel", "2001:db8:0:101::8")),
                (0, direct, ("direct", "203.0.113.5")),
                (1, direct, ("direct", "2001:db8:0:101::6")),
                (2, direct, ("direct", "10.0.1.7")),
                (1, eice + ["--instance-ip", "10.0.1.77"],
                 ("tunnel", "10.0.1.77")),
                (1, direct + ["--instance-ip", "192.0.2.1"],
                 ("direct", "192.0.2.1"))):
            with self.subTest(i=i, args=args):
                self.assertEqual(self.way(i, *args), way)
        # By name it is a tunnel, whatever the addresses.
        words = self.run_ok([EICE, "ssh", "203.0.113.9", "--json"])
        self.assertIn("--private-ip-address 10.0.1.9 ", words)


class Who(Pushed):
    """The user: who is asked for, the tag, the image, the platform."""

    def user(self, *args, **changes):
        ready = self.emulator(self.world(self.instance(**changes)))
        words = json.loads(self.run_ok([EICE, "ssh", "web", "--json", *args]))
        self.stop(ready["process"])
        return words[-1].split("@")[0]

    def test_the_order(self):
        ubuntu = {"image_id": "ami-0b",
                  "image_name": "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04"}
        for expected, args, changes in (
                ("ec2-user", [], {"tags": {}}),
                ("ubuntu", [], {"tags": {}, **ubuntu}),
                ("admin", [], {"tags": {}, "image_id": "ami-0c",
                               "image_name": "debian-12-amd64-20250814"}),
                ("ec2-user", [], {"tags": {}, "image_id": "ami-0d"}),
                ("tagged", [], {"tags": {"eice:user": "tagged"}, **ubuntu}),
                ("asked", ["--os-user", "asked"],
                 {"tags": {"eice:user": "tagged"}, **ubuntu}),
                ("letter", ["-l", "letter"], {"tags": {}, **ubuntu}),
                ("option", ["-o", "User=option"], {"tags": {}, **ubuntu})):
            with self.subTest(expected=expected):
                self.assertEqual(self.user(*args, **changes), expected)

    def test_images_are_not_for_everybody(self):
        """A policy without DescribeImages costs a guess, not the login."""
        self.emulator(self.world(
            self.instance(tags={}, image_id="ami-0b",
                          image_name="ubuntu/images/x"),
            policy={"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "ec2:DescribeImages",
                 "Resource": "*"}]}))
        words = json.loads(self.run_ok([EICE, "ssh", "web", "--json"]))
        self.assertEqual(words[-1], f"ec2-user@{INSTANCE}")

    def test_the_wrong_one(self):
        self.emulator(self.world())
        done = self.run_any([EICE, "ssh", "nobody-here@web", "true"])
        self.assertEqual(done.returncode, 255)
        self.assertIn("Permission denied", done.stderr)
        self.assertNotIn("guessed", done.stderr)  # It was said, not guessed.
        self.nothing_left()

    def test_a_wrong_guess_is_explained(self):
        """ssh's own words stay; one line after them says who it was."""
        tags = {"tags": {}, "image_id": "ami-0b", "image_name": "ubuntu/x"}
        for changes, args, how in (
                (tags, [], "ubuntu was guessed from the image ubuntu/x"),
                (tags, ["--key", self.dir / "sshd" / "client"],
                 "ubuntu was guessed from the image ubuntu/x"),
                ({"tags": {"eice:user": "nobody-here"}}, [],
                 "nobody-here was guessed from the tag eice:user")):
            with self.subTest(how=how, args=args):
                ready = self.emulator(self.world(self.instance(**changes)))
                done = self.run_any([EICE, "ssh", *args, "web", "true"])
                self.stop(ready["process"])
                self.assertEqual(done.returncode, 255)
                lines = done.stderr.splitlines()
                self.assertIn("Permission denied", lines[-2])
                self.assertEqual(lines[-1], f"eice: the user {how}; if it is "
                                 "another one, say --os-user NAME.")

    def test_a_right_guess_is_not(self):
        """What fails for another reason is no matter of the user."""
        world = self.world(self.instance(), faults=[
            {"action": "OpenTunnel", "skip": 1, "status": 403,
             "code": "AccessDenied", "message": "no"}])
        self.emulator(world)
        done = self.run_any([EICE, "ssh", "web", "exit 255"])
        self.assertEqual((done.returncode, done.stderr), (255, ""))
        done = self.run_any([EICE, "ssh", "web", "true"])
        self.assertEqual(done.returncode, 255)
        self.assertNotIn("guessed", done.stderr)


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
                          subnet=FAR_SUBNET,
                          security_groups=["sg-0a1b2c3d4e5f60009"]),
            vpcs=[{"id": harness.VPC,
                   "cidrs": ["10.0.0.0/16", "2001:db8:0:100::/56"]},
                  {"id": FAR_VPC, "cidrs": ["10.9.0.0/16"]}],
            subnets=[{"id": SUBNET, "vpc": harness.VPC,
                      "zone": "eu-central-1a",
                      "cidrs": ["10.0.1.0/24", "2001:db8:0:101::/64"]},
                     {"id": FAR_SUBNET, "vpc": FAR_VPC,
                      "zone": "eu-central-1a", "cidrs": ["10.9.1.0/24"]}],
            security_groups=[
                {"id": SECURITY_GROUP, "name": "all", "vpc": harness.VPC,
                 "ingress": [{"protocol": "tcp", "port": 22,
                              "groups": [SECURITY_GROUP]}]},
                {"id": "sg-0a1b2c3d4e5f60009", "name": "far",
                 "vpc": FAR_VPC}]))

    def refused(self, code, text, *args):
        with self.subTest(args=args):
            done = self.run_any([EICE, "ssh", *args, "true"])
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)

    def test_refusals(self):
        self.refused(252, f"2 running instances fit 'web': 1. {INSTANCE} "
                     f"(10.0.1.5), 2. {TWIN} (10.0.1.6)", "web")
        self.refused(252, "There is no number 3", "web", "--pick", "3")
        self.refused(252, "It must be newest, random or a number", "web",
                     "--pick", "oldest")
        self.refused(255, "No instance fits 'none' in eu-central-1. "
                     "'eice list' shows what there is; --region and "
                     "--profile look elsewhere.", "none")
        self.refused(255, f"{STOPPED} (old) is stopped", "old")
        self.refused(252, "There are no available instance connect endpoints.",
                     "far")
        self.refused(252, FAR_VPC, "far")
        own = ["--instance-id", FAR, "--connection-type"]
        self.refused(252, USAGE + "There are no available instance connect "
                     "endpoints.", *own, "eice")
        self.refused(252, "endpoints with eice-0123456789abcdefe",
                     "--instance-id", INSTANCE, "--eice-options",
                     "endpointId=eice-0123456789abcdefe")
        self.refused(254, "An error occurred (InvalidInstanceID.NotFound) when "
                     "calling the DescribeInstances operation: The instance ID "
                     "'i-0123456789abcdeaa' does not exist", "--instance-id",
                     "i-0123456789abcdeaa")
        self.refused(254, "(InvalidInstanceID.Malformed)", "--instance-id",
                     "i-x")
        self.nothing_left()

    def test_picks(self):
        for pick in ("1", "2", "random", "newest"):
            self.run_ok([EICE, "ssh", "web", "--pick", pick, "true"])
        for pick, expected in (("newest", TWIN), ("1", INSTANCE), ("2", TWIN)):
            words = self.run_ok([EICE, "ssh", "web", f"--pick={pick}",
                                 "--json"])
            self.assertIn(f"{USER}@{expected}", words)

    def test_only_ipv6(self):
        self.run_ok([EICE, "ssh", "six", "true"])
        self.run_ok([EICE, "ssh", "--instance-id", SIX, "--os-user", USER,
                     "--connection-type", "eice", "true"])
        self.run_ok([EICE, "scp", "-q", "six:/etc/passwd", self.dir / "copy"])

    def on_terminal(self, *args):
        """Start it on a terminal of its own, up to the question."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(EICE, [EICE, "ssh", *args], self.env)
        self.addCleanup(os.close, fd)
        return pid, fd, self.read_until(fd, b"Which one? ")

    def read_until(self, fd, text):
        seen = b""
        end = time.monotonic() + harness.PATIENCE
        while text not in seen:
            self.assertLess(time.monotonic(), end, seen)
            if select.select([fd], [], [], 1)[0]:
                try:
                    seen += os.read(fd, 1000)
                except OSError:
                    self.fail(seen)
        return seen

    def code(self, pid):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_a_person_is_asked(self):
        pid, fd, seen = self.on_terminal("web", "echo", "chosen $((1+1))")
        self.assertIn(b"1.  " + INSTANCE.encode(), seen)
        self.assertIn(b"2.  " + TWIN.encode(), seen)
        os.write(fd, b"2\n")
        self.read_until(fd, b"\nchosen 2")
        self.assertEqual(self.code(pid), 0)
        self.assertIn(TWIN, (self.home / ".ssh" / "eice_known_hosts")
                      .read_text())

    def test_a_person_does_not_know(self):
        for typed, code, text in ((b"\n", 252, b"No instance was chosen."),
                                  (b"7\n", 252, b"There is no number 7"),
                                  (b"\x04", 252, b"No instance was chosen."),
                                  (b"\x03", 130, b"")):
            with self.subTest(typed=typed):
                pid, fd, _ = self.on_terminal("web", "true")
                os.write(fd, typed)
                self.read_until(fd, text)
                self.assertEqual(self.code(pid), code)
        self.nothing_left()

    def test_list(self):
        table = self.run_ok([EICE, "list"]).splitlines()
        self.assertEqual(table[0].split()[:2], ["NAME", "ID"])
        rows = {line.split()[1]: line for line in table[1:]}
        self.assertTrue(rows[INSTANCE].endswith("yes"))
        self.assertTrue(rows[STOPPED].endswith("stopped"))
        self.assertTrue(rows[FAR].endswith(f"no endpoint in {FAR_VPC}"))
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
        self.assertEqual(list(answer), ["RequestId", "Success"])
        self.assertIs(answer["Success"], True)
        self.assertRegex(self.run_ok([*args, "--output", "text"]),
                         r"^[0-9a-f-]+\tTrue\n$")
        self.assertIn(key.read_text().split()[1], self.pushed())
        done = self.run_any(args[:-2])
        self.assertEqual(done.returncode, 252)
        self.assertIn("required: --ssh-public-key", done.stderr)
        for given, code, text in (
                ({-1: "x"}, 252, "Parameter validation failed: Invalid length "
                 "for parameter SSHPublicKey, value: 1, valid min length: 80"),
                ({-1: "file:///nope"}, 252, "Error parsing parameter "
                 "'--ssh-public-key': Unable to load paramfile file:///nope: "
                 "[Errno 2] No such file or directory: '/nope'"),
                ({4: STOPPED}, 254, "EC2InstanceStateInvalidException"),
                ({4: "i-0123456789abcdeaa"}, 254,
                 "EC2InstanceNotFoundException"),
                ({6: "a b"}, 254, "InvalidArgsException"),
                ({-1: "ssh-dss " + "A" * 80}, 254, "InvalidArgsException")):
            with self.subTest(given=given):
                words = list(args)
                for at, word in given.items():
                    words[at] = word
                done = self.run_any(words)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(text, done.stderr)


if __name__ == "__main__":
    harness.main()
