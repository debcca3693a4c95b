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


if __name__ == "__main__":
    harness.main()
