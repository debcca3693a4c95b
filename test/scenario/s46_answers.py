# SPDX-License-Identifier: Apache-2.0
"""What is printed for programs: --query and --output on every command that has
an answer."""
import json

import harness
from harness import EICE, INSTANCE, USER
from pushed import Pushed

BAD = ("eice: [ERROR]: An error occurred (ParamValidation): Bad value for "
       "--query a[: Invalid jmespath expression: Incomplete expression:\n"
       "\"a[\"\n   ^\n")


class Query(Pushed):
    def setUp(self):
        super().setUp()
        self.emulator(self.world(
            self.instance(tags={"eice:user": USER, "env": "dev"}),
            self.instance(id="i-0123456789abcdef7", name="old",
                          private_ip="10.0.1.7", state="stopped",
                          authorized_keys=None)))
        (self.dir / "key.pub").write_text(
            (self.dir / "sshd" / "client.pub").read_text())
        self.push = ["send-ssh-public-key", "--instance-id", INSTANCE,
                     "--instance-os-user", USER, "--ssh-public-key",
                     f"file://{self.dir / 'key.pub'}"]

    def expect(self, args, text):
        with self.subTest(args=args):
            self.assertEqual(self.run_ok([EICE, *args]), text)

    def test_every_answer(self):
        ids = "[?Reachable].InstanceId"
        self.expect(["list", "--query", ids], f'[\n    "{INSTANCE}"\n]\n')
        self.expect(["list", "--query", ids, "--output", "text"],
                    f"{INSTANCE}\n")
        self.expect(["list", "--query", "sort_by([], &Name)[].[Name, State]",
                     "--output", "text"], "old\tstopped\nweb\trunning\n")
        self.expect(["list", "--query", "[?Name=='web'] | [0].Tags.env",
                     "--output", "json"], '"dev"\n')
        self.expect(["list", "--query", "[].{Id: InstanceId, Name: Name}",
                     "--output", "table"],
                    "---------------------------------\n"
                    "|           Instances           |\n"
                    "+----------------------+--------+\n"
                    "|          Id          | Name   |\n"
                    "+----------------------+--------+\n"
                    f"|  {INSTANCE} |  web   |\n"
                    "|  i-0123456789abcdef7 |  old   |\n"
                    "+----------------------+--------+\n")
        self.expect(["list", "--query", "length(@)", "--output", "yaml"],
                    "2\n")
        self.expect(["list", "--query", "[9]"], "null\n")
        self.expect(["list", "--query", "[9]", "--output", "text"], "None\n")
        self.expect(["list", "--query", "[9]", "--output", "off"], "")
        self.expect(["whoami", "--query", "Region", "--output", "text"],
                    "eu-central-1\n")
        self.expect(["whoami", "--query", "[Region, RegionSource]"],
                    '[\n    "eu-central-1",\n    "AWS_REGION"\n]\n')
        self.expect([*self.push, "--query", "Success"], "true\n")
        self.expect(["ec2-instance-connect", *self.push, "--query",
                     "{ok: Success}", "--output", "text"], "True\n")
        self.expect(["cache", "list", "--query", "[].Nothing"], "[]\n")
        self.expect(["ssh", "--print", "--json", "--query", "[0]", "web"],
                    '"ssh"\n')

    def test_output_alone(self):
        told = json.loads(self.run_ok([EICE, "whoami", "--output", "json"]))
        self.assertEqual(told["Region"], "eu-central-1")
        self.assertIn("eu-central-1\tAWS_REGION\t", self.run_ok(
            [EICE, "whoami", "--output", "text"]))
        table = self.run_ok([EICE, *self.push, "--output", "table"])
        self.assertRegex(table, r"\A-+\n\| +SendSSHPublicKey +\|\n\+-+\+-+\+\n"
                         r"\| +RequestId +\| +Success +\|\n")
        self.env["AWS_DEFAULT_OUTPUT"] = "text"
        self.assertRegex(self.run_ok([EICE, *self.push]),
                         r"\A[0-9a-f-]+\tTrue\n\Z")

    def test_where_there_is_no_answer(self):
        """The AWS CLI checks the expression, and no more."""
        self.assertEqual(self.run_ok([EICE, "ssh", "--query", "nothing",
                                      "web", "echo", "hello"]), "hello\n")
        for args in (["ssh", "web", "true"], ["whoami"], ["list"],
                     ["open-tunnel", "--instance-id", INSTANCE], self.push,
                     ["cache", "list"], ["ssh-config"]):
            with self.subTest(args=args):
                done = self.run_any([EICE, "--query", "a[", *args])
                self.assertEqual(done.returncode, 252)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr, BAD)

    def test_what_does_not_fit(self):
        for query, text in (
                ("length([0].None)", "In function length(), invalid type for "
                 "value: None, expected one of: ['string', 'array', "
                 "'object'], received: \"null\""),
                ("size(@)", "Unknown function: size()"),
                ("length(@, @)", "Expected 1 argument for function length(), "
                 "received 2")):
            with self.subTest(query=query):
                done = self.run_any([EICE, "list", "--query", query])
                self.assertEqual(done.returncode, 255)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr, f"eice: [ERROR]: {text}\n")


class List(Pushed):
    """eice list has everything that is known, and says why it is empty."""

    FIELDS = ["InstanceId", "Name", "State", "InstanceType", "ImageId",
              "Architecture", "KeyName", "Platform", "AvailabilityZone",
              "VpcId", "SubnetId", "PrivateIpAddress", "Ipv6Address",
              "PublicIpAddress", "PrivateDnsName", "PublicDnsName",
              "LaunchTime", "InstanceConnectEndpointId", "Reachable",
              "Reason", "Tags"]

    def setUp(self):
        super().setUp()
        self.emulator(self.world(
            self.instance(public_ip="203.0.113.5",
                          ipv6=["2001:db8:0:101::5"]),
            self.instance(id="i-0123456789abcdef7", name="old", routes={},
                          private_ip="10.0.1.7", state="stopped",
                          authorized_keys=None),
            self.instance(id="i-0123456789abcdef8", name="gone", routes={},
                          private_ip="10.0.1.8", state="terminated",
                          authorized_keys=None)))

    def test_fields(self):
        web, old = json.loads(self.run_ok([EICE, "list", "--query",
                                           "reverse(sort_by(@, &Name))"]))
        self.assertEqual(list(web), self.FIELDS)
        self.assertEqual(list(old), self.FIELDS)
        expected = {
            "InstanceId": INSTANCE, "Name": "web", "State": "running",
            "Platform": "Linux/UNIX", "VpcId": harness.VPC,
            "SubnetId": harness.SUBNET, "PrivateIpAddress": "10.0.1.5",
            "Ipv6Address": "2001:db8:0:101::5",
            "PublicIpAddress": "203.0.113.5",
            "PrivateDnsName": "ip-10-0-1-5.eu-central-1.compute.internal",
            "PublicDnsName":
            "ec2-203-0-113-5.eu-central-1.compute.amazonaws.com",
            "InstanceConnectEndpointId": harness.ENDPOINT,
            "Reachable": True, "Reason": None}
        self.assertEqual({k: web[k] for k in expected}, expected)
        self.assertRegex(web["AvailabilityZone"], "^eu-central-1[a-z]$")
        self.assertEqual((old["Reachable"], old["Reason"]),
                         (False, "stopped"))
        # Texts and tables have the same, by the names' order.
        text = self.run_ok([EICE, "list", "web", "--output", "text"])
        self.assertIn("\t203.0.113.5\t", text)
        self.assertIn("\nTAGS\t", text)
        self.assertEqual(len(text.split("\n")[0].split("\t")),
                         len(self.FIELDS) - 1)

    def test_empty(self):
        (self.home / ".aws").mkdir()
        (self.home / ".aws" / "config").write_text(
            f"[profile work]\naws_access_key_id = {harness.KEY_ID}\n"
            f"aws_secret_access_key = {harness.SECRET}\n")
        there = ("--region and --profile look elsewhere, 'eice whoami' says "
                 "whose account this is.")
        for args, text in (
                (["none"], f"no instance fits 'none' in eu-central-1; {there}"),
                (["none", "--profile", "work"], "no instance fits 'none' in "
                 f"eu-central-1 (profile work); {there}"),
                (["--filter", "tag:env=x"], "no instance fits the filters in "
                 f"eu-central-1; {there}"),
                (["web", "--filter", "tag:env=x"], "no instance fits 'web' "
                 f"and the filters in eu-central-1; {there}"),
                (["old", "--reachable"], "of 1 instance in eu-central-1 none "
                 "can be reached now; without --reachable 'eice list' says "
                 "why."),
                (["gone"], "only terminated instances in eu-central-1; --all "
                 "shows them.")):
            with self.subTest(args=args):
                env = dict(self.env)
                if "--profile" in args:
                    env["AWS_CONFIG_FILE"] = str(self.home / ".aws/config")
                done = self.run_any([EICE, "list", *args], env=env)
                self.assertEqual(done.returncode, 0)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr, f"eice: {text}\n")
                # For programs an empty answer is an answer.
                if "--profile" not in args:
                    done = self.run_any([EICE, "list", *args, "--output",
                                         "json"])
                    self.assertEqual((done.stdout, done.stderr), ("[]\n", ""))
        self.assertIn("gone", self.run_ok([EICE, "list", "--all"]))


if __name__ == "__main__":
    harness.main()
