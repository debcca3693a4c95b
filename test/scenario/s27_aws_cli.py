#!/usr/bin/env python3
"""AWS's own CLI as the client.

Every aws on the PATH and Debian's is asked the same.  Debian 12 has 2.9.19,
from before there were Instance Connect Endpoints and AWS_ENDPOINT_URL: it is
told where on the command line, and what it does not know is skipped; a newer
one beside it needs nothing but the emulator's environment and does all.
(open-tunnel is in version 2 from 2.12 on; s22_aws_crt does with AWS's C
runtime what it does.)
"""
import json
import os
import re
import shutil
import subprocess
import unittest

import harness

AWS = sorted({os.path.realpath(p) for p in (shutil.which("aws"),
                                            "/usr/bin/aws")
              if p and os.access(p, os.X_OK)})
KEY_PAIR = "mine"
WINDOWS = "i-0123456789abcdef2"
DEFAULT_VPC = "vpc-0a1b2c3d4e5f60009"


def version(program):
    """(2, 9, 19), or None: a shim may lead nowhere."""
    done = subprocess.run([program, "--version"], check=False,
                          capture_output=True, text=True)
    found = re.match(r"aws-cli/(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else None


@unittest.skipUnless(AWS, "the AWS CLI is not installed")
class AwsCli(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.run_ok(["openssl", "genrsa", "-traditional", "-out",
                     self.dir / "key.pem", "2048"])
        public = self.run_ok(["openssl", "rsa", "-in", self.dir / "key.pem",
                              "-pubout"])
        self.run_ok(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                     self.dir / "id"])
        world = harness.world({22: 1})
        instance = dict(world["instances"][0], routes={})
        for n in range(3, 9):
            world["instances"].append(dict(
                instance, id=f"i-0123456789abcde0{n}", name=f"n{n}",
                private_ip=f"10.0.1.{10 + n}"))
        world["instances"].append(dict(
            instance, id=WINDOWS, name="desk", private_ip="10.0.1.30",
            platform="windows", key_name=KEY_PAIR, password="Pass-Word-1"))
        world["key_pairs"] = [{"name": KEY_PAIR, "public_key": public}]
        world["vpcs"].append({"id": DEFAULT_VPC, "cidrs": ["10.9.0.0/16"],
                              "default": True})
        world["subnets"].append({
            "id": "subnet-0a1b2c3d4e5f60009", "vpc": DEFAULT_VPC,
            "zone": "eu-central-1b", "cidrs": ["10.9.1.0/24"]})
        world["accounts"][0]["roles"] = [{
            "name": "ops", "policies": ["mine"], "trust": {
                "Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Action": "sts:AssumeRole",
                    "Principal": {"AWS": "111122223333"}}]}}]
        self.emulator(world)
        self.env.update({"AWS_PAGER": "", "AWS_DEFAULT_REGION":
                         self.env["AWS_REGION"], "AWS_DEFAULT_OUTPUT": "json"})

    def aws(self, *words, **env):
        return self.run_any([*self.program, *words], timeout=240,
                            env={**self.env, **env})

    def ask(self, *words):
        done = self.aws(*words)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return json.loads(done.stdout) if done.stdout else None

    def refuses(self, code, operation, message, *words, **env):
        """It ends with AWS's way of putting an error of the service."""
        done = self.aws(*words, **env)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr.strip()),
            (self.failure, "", f"An error occurred ({code}) when calling the "
             f"{operation} operation: {message}"))

    def every(self, check):
        """@check by each CLI there is."""
        for program in AWS:
            which = version(program)
            if which:
                self.failure = 254 if which[0] > 1 else 255
                self.program = [program]
                if which < ((2, 13) if which[0] > 1 else (1, 29)):
                    self.program += ["--endpoint-url",
                                     self.env["AWS_ENDPOINT_URL"]]
                with self.subTest(aws=program, version=which):
                    check()

    # ------------------------------------------------------------------

    def test_describing(self):
        self.every(self.describing)

    def describing(self):
        found = self.ask("ec2", "describe-instances", "--filters",
                         "Name=tag:Name,Values=web")
        [instance] = found["Reservations"][0]["Instances"]
        self.assertEqual(instance["InstanceId"], harness.INSTANCE)
        self.assertEqual(instance["State"], {"Code": 16, "Name": "running"})
        self.assertEqual(instance["PrivateIpAddress"], harness.ADDRESS)
        self.assertEqual(instance["SecurityGroups"][0]["GroupId"],
                         harness.SECURITY_GROUP)
        # Its own way through pages: eight instances, five at a time.
        ids = self.ask("ec2", "describe-instances", "--page-size", "5",
                       "--query", "Reservations[].Instances[].InstanceId")
        self.assertEqual((len(ids), len(set(ids))), (8, 8))
        self.assertEqual(self.ask(
            "ec2", "describe-security-groups", "--group-names", "default",
            "--query", "SecurityGroups[].VpcId"), [DEFAULT_VPC])
        self.refuses("InvalidGroup.NotFound", "DescribeSecurityGroups",
                     "The security group 'all' does not exist in default VPC "
                     f"'{DEFAULT_VPC}'", "ec2", "describe-security-groups",
                     "--group-names", "all")
        self.assertEqual(self.ask(
            "ec2", "describe-subnets", "--filters",
            f"Name=vpc-id,Values={harness.VPC}", "--query",
            "Subnets[].[SubnetId, CidrBlock, AvailabilityZone]"),
            [[harness.SUBNET, "10.0.1.0/24", "eu-central-1a"]])
        self.assertEqual(self.ask(
            "ec2", "describe-vpcs", "--query", "Vpcs[?IsDefault].VpcId"),
            [DEFAULT_VPC])
        self.refuses("InvalidInstanceID.NotFound", "DescribeInstances",
                     "The instance ID 'i-0000000a' does not exist", "ec2",
                     "describe-instances", "--instance-ids", "i-0000000a")
        self.refuses("DryRunOperation", "DescribeVpcs", "Request would have "
                     "succeeded, but DryRun flag is set.", "ec2",
                     "describe-vpcs", "--dry-run")

    def test_password_and_console(self):
        self.every(self.password_and_console)

    def password_and_console(self):
        self.assertEqual(self.ask(
            "ec2", "get-password-data", "--instance-id", WINDOWS,
            "--priv-launch-key", self.dir / "key.pem")["PasswordData"],
            "Pass-Word-1")
        self.assertIn("login:", self.ask(
            "ec2", "get-console-output", "--instance-id",
            harness.INSTANCE)["Output"])

    def test_keys_and_roles(self):
        self.every(self.keys_and_roles)

    def keys_and_roles(self):
        key = ("--ssh-public-key", f"file://{self.dir}/id.pub")
        connect = "ec2-instance-connect"
        self.assertTrue(self.ask(
            connect, "send-ssh-public-key", "--instance-id", harness.INSTANCE,
            "--instance-os-user", "ec2-user", *key)["Success"])
        self.assertTrue(self.ask(
            connect, "send-serial-console-ssh-public-key", "--instance-id",
            harness.INSTANCE, *key)["Success"])
        self.refuses("EC2InstanceNotFoundException", "SendSSHPublicKey",
                     "The specified instance was not found.", connect,
                     "send-ssh-public-key", "--instance-id",
                     "i-0000000000000000a", "--instance-os-user", "ec2-user",
                     *key)
        self.assertEqual(self.ask("sts", "get-caller-identity")["Arn"],
                         "arn:aws:iam::111122223333:user/demo")
        given = self.ask("sts", "assume-role", "--role-arn",
                         "arn:aws:iam::111122223333:role/ops",
                         "--role-session-name", "cli")["Credentials"]
        done = self.aws("sts", "get-caller-identity", "--query", "Arn",
                        AWS_ACCESS_KEY_ID=given["AccessKeyId"],
                        AWS_SECRET_ACCESS_KEY=given["SecretAccessKey"],
                        AWS_SESSION_TOKEN=given["SessionToken"])
        self.assertEqual(json.loads(done.stdout),
                         "arn:aws:sts::111122223333:assumed-role/ops/cli")
        self.refuses("InvalidClientTokenId", "GetCallerIdentity",
                     "The security token included in the request is invalid.",
                     "sts", "get-caller-identity",
                     AWS_ACCESS_KEY_ID="AKIANOBODY")

    def test_endpoints(self):
        self.every(self.endpoints)

    def endpoints(self):
        known = self.aws("ec2", "describe-instance-connect-endpoints")
        if "Invalid choice" in known.stderr:
            self.skipTest(f"{self.program[0]} is from before their time")
        listed = json.loads(known.stdout)["InstanceConnectEndpoints"]
        self.assertIn(harness.ENDPOINT, [e["InstanceConnectEndpointId"]
                                         for e in listed])
        made = self.ask(
            "ec2", "create-instance-connect-endpoint", "--subnet-id",
            "subnet-0a1b2c3d4e5f60009", "--tag-specifications",
            "ResourceType=instance-connect-endpoint,Tags=[{Key=a,Value=b}]")
        made = made["InstanceConnectEndpoint"]
        self.assertEqual(made["State"], "create-in-progress")
        self.assertEqual(made["Tags"], [{"Key": "a", "Value": "b"}])
        name = ("--instance-connect-endpoint-id",
                made["InstanceConnectEndpointId"])

        def state(wanted):
            return harness.wait_for(wanted, lambda: self.ask(
                "ec2", "describe-instance-connect-endpoints", "--filters",
                f"Name=state,Values={wanted}",
                f"Name=instance-connect-endpoint-id,Values={name[1]}",
                "--query", "InstanceConnectEndpoints[].State"))

        self.assertEqual(state("create-complete"), ["create-complete"])
        modify = self.aws("ec2", "modify-instance-connect-endpoint", *name,
                          "--preserve-client-ip")
        if "Invalid choice" not in modify.stderr:
            self.assertEqual(json.loads(modify.stdout), {"Return": True})
            self.assertEqual(state("update-complete"), ["update-complete"])
        self.refuses("ResourceLimitExceeded", "CreateInstanceConnectEndpoint",
                     "The maximum number of EC2 Instance Connect Endpoints per "
                     "subnet (1) has been reached for "
                     "subnet-0a1b2c3d4e5f60009.", "ec2",
                     "create-instance-connect-endpoint", "--subnet-id",
                     "subnet-0a1b2c3d4e5f60009")
        gone = self.ask("ec2", "delete-instance-connect-endpoint", *name)
        self.assertEqual(gone["InstanceConnectEndpoint"]["State"],
                         "delete-in-progress")
        self.assertEqual(state("delete-complete"), ["delete-complete"])


if __name__ == "__main__":
    harness.main()
