# SPDX-License-Identifier: Apache-2.0
"""Every message of the APIs around eice ssh and of its own checks, word for
word, with its exit code: scripts look for them."""
import harness
from harness import EICE, ENDPOINT, INSTANCE, USER
from pushed import Pushed

KEY = "ssh-ed25519 " + "A" * 68
PUSH = ["send-ssh-public-key", "--instance-id", INSTANCE,
        "--instance-os-user", USER, "--ssh-public-key", KEY]
RETRIED = "(reached max retries: 1)"
WORDS = "The words of the service."
OTHER = "i-0123456789abcdeaa"
STOPPED = "i-0123456789abcdef7"
DURATION = ("Invalid value specified for maxTunnelDuration. Value must be "
            "greater than 1 and less than 3600")
EMPTY = ('<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse '
         'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1'
         '</requestId><reservationSet/></DescribeInstancesResponse>')


class Texts(Pushed):
    def expect(self, args, code, text):
        """@text is all of stderr behind its beginning."""
        with self.subTest(args=args, text=text):
            done = self.run_any([EICE, *args])
            self.assertEqual((done.stderr, done.returncode, done.stdout),
                             (f"eice: [ERROR]: {text}\n", code, ""))

    def in_turn(self, args, action, rows):
        """One call after the other is refused, each in its way: rows of what
        the service answers and what then is said."""
        self.env["AWS_MAX_ATTEMPTS"] = "2"
        faults = [{"action": action, "times": 2 if RETRIED in text else 1,
                   **fault} for fault, _, text in rows]
        self.emulator(self.world(faults=faults))
        for _, code, text in rows:
            self.expect(args, code, text)


class Ec2(Texts):
    """DescribeInstances."""

    def test_what_the_service_says(self):
        codes = (
                ("InvalidInstanceID.NotFound", 400, ""),
                ("InvalidInstanceID.Malformed", 400, ""),
                ("InvalidInstanceConnectEndpointId.NotFound", 400, ""),
                ("InvalidInstanceConnectEndpointId.Malformed", 400, ""),
                ("InvalidSubnetID.NotFound", 400, ""),
                ("InvalidGroup.NotFound", 400, ""),
                ("InvalidSecurityGroupID.NotFound", 400, ""),
                ("UnauthorizedOperation", 403, ""),
                ("AuthFailure", 401, ""),
                ("DryRunOperation", 412, ""),
                ("MissingParameter", 400, ""),
                ("InvalidParameter", 400, ""),
                ("InvalidParameterValue", 400, ""),
                ("InvalidParameterCombination", 400, ""),
                ("UnknownParameter", 400, ""),
                ("InvalidAction", 400, ""),
                ("InvalidPaginationToken", 400, ""),
                ("FilterLimitExceeded", 400, ""),
                ("IdempotentParameterMismatch", 400, ""),
                ("IncorrectInstanceState", 400, ""),
                ("DependencyViolation", 400, ""),
                ("OptInRequired", 400, ""),
                ("RequestLimitExceeded", 503, f" {RETRIED}"),
                ("InternalError", 500, f" {RETRIED}"),
                ("InternalFailure", 500, f" {RETRIED}"),
                ("Unavailable", 503, f" {RETRIED}"),
                ("ServiceUnavailable", 503, f" {RETRIED}"))
        hints = {"AuthFailure": " AWS does not know the access key (from "
                 "env): see that it is active, and of the partition that the "
                 "region lies in."}
        self.in_turn(["ssh", "web"], "DescribeInstances", [
            ({"status": status, "code": code, "message": WORDS}, 254,
             f"An error occurred ({code}) when calling the DescribeInstances "
             f"operation{more}: {WORDS}{hints.get(code, '')}")
            for code, status, more in codes])

    def test_its_own(self):
        self.emulator(self.world())
        for args, code, text in (
                (["ssh", "--instance-id", OTHER], 254,
                 "An error occurred (InvalidInstanceID.NotFound) when calling "
                 "the DescribeInstances operation: The instance ID "
                 f"'{OTHER}' does not exist"),
                (["open-tunnel", "--instance-id", OTHER], 254,
                 "An error occurred (InvalidInstanceID.NotFound) when calling "
                 "the DescribeInstances operation: The instance ID "
                 f"'{OTHER}' does not exist"),
                (["open-tunnel", "--instance-id", "i-xyz"], 254,
                 "An error occurred (InvalidInstanceID.Malformed) when "
                 "calling the DescribeInstances operation: Invalid id: "
                 "\"i-xyz\""),
                (["ssh", "none"], 255, "No instance fits 'none' in "
                 "eu-central-1. 'eice list' shows what there is; --region and "
                 "--profile look elsewhere.")):
            self.expect(args, code, text)

    def test_nothing_is_there(self):
        """The AWS CLI says "list index out of range"."""
        self.emulator(self.world(faults=[
            {"action": "DescribeInstances", "status": 200, "body": EMPTY}]))
        self.expect(["ssh", "--instance-id", INSTANCE], 255,
                    f"No instance fits '{INSTANCE}' in eu-central-1. 'eice "
                    "list' shows what there is; --region and --profile look "
                    "elsewhere.")
        self.expect(["open-tunnel", "--instance-id", INSTANCE], 255,
                    f"EC2 knows no instance {INSTANCE} - check the id, the "
                    "region (eu-central-1) and the account")


class Push(Texts):
    """SendSSHPublicKey."""

    def said(self, code, more="", words=WORDS, hint=""):
        return (f"An error occurred ({code}) when calling the "
                f"SendSSHPublicKey operation{more}: {words}{hint}")

    def test_what_the_service_says(self):
        rows = [({"code": code, "message": WORDS}, 254, self.said(code))
                for code in (
                    "AuthException", "EC2InstanceNotFoundException",
                    "EC2InstanceStateInvalidException",
                    "EC2InstanceUnavailableException", "InvalidArgsException",
                    "AccessDeniedException", "InvalidSignatureException",
                    "SerializationException", "UnknownOperationException")]
        rows += [
            ({"code": "ServiceException", "status": 500, "message": WORDS},
             254, self.said("ServiceException", f" {RETRIED}")),
            ({"code": "ThrottlingException", "message": WORDS}, 254,
             self.said("ThrottlingException", f" {RETRIED}")),
            ({"code": "UnrecognizedClientException", "message": WORDS}, 254,
             self.said("UnrecognizedClientException", hint=" AWS does not "
                       "know the access key (from env): see that it is "
                       "active, and of the partition that the region lies "
                       "in.")),
            ({"code": "ExpiredTokenException", "message": WORDS}, 254,
             self.said("ExpiredTokenException", hint=" The credentials in the "
                       "environment have expired: set new ones.")),
            # What is no error of the model: without a type, upper or lower
            # case, a type with more around it, no JSON at all.
            ({"status": 403, "body": '{"Message":"no type"}'}, 254,
             self.said("403", words="no type")),
            ({"status": 403, "body": '{"message":"a","Message":"b"}'}, 254,
             self.said("403", words="a")),
            ({"body": '{"__type":"aws#AuthException:http://x/",'
              '"message":"m"}'}, 254, self.said("AuthException", words="m")),
            ({"body": "plain words"}, 254,
             self.said("400", words="plain words"))]
        self.in_turn(PUSH, "SendSSHPublicKey", rows)

    def test_its_own(self):
        self.emulator(self.world(
            self.instance(),
            self.instance(id=STOPPED, name="old", private_ip="10.0.1.7",
                          state="stopped", routes={}, authorized_keys=None)))
        required = ("An error occurred (ParamValidation): the following "
                    "arguments are required: ")
        for args, code, text in (
                (PUSH[:1], 252, f"{required}--instance-id, "
                 "--instance-os-user, --ssh-public-key"),
                (PUSH[:3], 252, f"{required}--instance-os-user, "
                 "--ssh-public-key"),
                (PUSH[:5], 252, f"{required}--ssh-public-key"),
                ([*PUSH[:6], "short"], 252,
                 "An error occurred (ParamValidation): Parameter validation "
                 "failed: Invalid length for parameter SSHPublicKey, value: "
                 "5, valid min length: 80"),
                ([*PUSH[:6], "file:///nope"], 252,
                 "An error occurred (ParamValidation): Error parsing "
                 "parameter '--ssh-public-key': Unable to load paramfile "
                 "file:///nope: [Errno 2] No such file or directory: "
                 "'/nope'")):
            self.expect(args, code, text)
        # What the service would refuse need not be sent.
        self.expect([*PUSH[:2], "mi-0123456789", *PUSH[3:]], 252,
                    "An error occurred (ParamValidation): The specified "
                    "instance ID is invalid. Provide the full instance ID in "
                    "the form i-xxxxxxxxxxxxxxxxx.")
        for changed, code in (({2: OTHER}, "EC2InstanceNotFoundException"),
                              ({2: STOPPED},
                               "EC2InstanceStateInvalidException")):
            with self.subTest(changed=changed):
                args = [changed.get(i, word) for i, word in enumerate(PUSH)]
                done = self.run_any([EICE, *args])
                self.assertEqual(done.returncode, 254)
                self.assertTrue(done.stderr.startswith(
                    f"eice: [ERROR]: An error occurred ({code}) when calling "
                    "the SendSSHPublicKey operation: "), done.stderr)


class Checks(Texts):
    """What is wrong with the words alone; nothing is
    asked, so nothing has to be there to answer."""

    def test_ssh(self):
        ssh = ["ec2-instance-connect", "ssh", "--instance-id", INSTANCE]
        options = [*ssh, "--eice-options"]
        for args, text in (
                (ssh[:2], "the following arguments are required: "
                 "--instance-id - or name an instance: eice ssh NAME"),
                ([*ssh[:3], "nope"], "The specified instance ID is invalid. "
                 "Provide the full instance ID in the form "
                 "i-xxxxxxxxxxxxxxxxx. This was given: \"nope\"."),
                ([*options, "endpointId=eice-1", "--connection-type",
                  "direct"], "eice-options can't be specified when connection "
                 "type is direct."),
                ([*options, "dnsName=a.b"], "When specifying dnsName, you "
                 "must specify endpointId."),
                ([*options, "maxTunnelDuration=0"], f"{DURATION}."),
                ([*options, "maxTunnelDuration=3601"], f"{DURATION}."),
                ([*options, "endpointId=x"], "The specified endpointId is "
                 "invalid. Provide the full EC2 Instance Connect Endpoint ID "
                 "in the form eice-xxxxxxxxxxxxxxxxx. This was given: "
                 "\"x\"."),
                ([*options, "endpointId=eice-1,dnsName=a/b"], "The specified "
                 "dnsName is invalid."),
                ([*ssh, "--instance-ip", "10.0.1.5"], "When specifying "
                 "instance-ip, you must specify connection-type."),
                ([*ssh, "--connection-type", "none"], "argument "
                 "--connection-type: Found invalid choice 'none' - choose one "
                 "of direct, eice, auto"),
                ([*options, "colour=red"], "Parameter validation failed: "
                 "Unknown parameter in input: \"colour\", must be one of: "
                 "maxTunnelDuration, dnsName, endpointId")):
            self.expect(args, 252,
                        f"An error occurred (ParamValidation): {text}")
        self.expect([*options, "maxTunnelDuration=x"], 255,
                    "invalid literal for int() with base 10: 'x'")
        self.expect([*ssh, "--ssh-port", "x"], 255,
                    "invalid literal for int() with base 10: 'x'")

    def test_open_tunnel(self):
        command = ["ec2-instance-connect", "open-tunnel"]
        at = [*command, "--instance-id", INSTANCE]
        for args, text in (
                (command, "Specify an instance id or private ip."),
                ([*at, "--instance-connect-endpoint-dns-name", "a.b"],
                 "Specify an instance connect endpoint id when providing a "
                 "DNS name."),
                ([*command, "--private-ip-address", "10.0.1.5"], "Specify an "
                 "instance connect endpoint id when providing a private ip."),
                ([*at, "--max-tunnel-duration", "0"], "Invalid max connection "
                 "timeout specified. Value must be greater than 1 and less "
                 "than 3600."),
                ([*at, "--max-tunnel-duration", "3601"], "Invalid max "
                 "connection timeout specified. Value must be greater than 1 "
                 "and less than 3600.")):
            self.expect(args, 252,
                        f"An error occurred (ParamValidation): {text}")
        for name in ("--remote-port", "--local-port", "--max-tunnel-duration",
                     "--max-websocket-connections"):
            self.expect([*at, name, "x"], 255,
                        "invalid literal for int() with base 10: 'x'")

    def test_the_instance_or_the_endpoint_does_not_fit(self):
        lame = self.world()["endpoints"][0] | {"state": "create-failed"}
        self.emulator(self.world(endpoints=[lame]))
        none = ("An error occurred (ParamValidation): There are no available "
                "instance connect endpoints")
        for args, text in (
                (["open-tunnel", "--instance-id", INSTANCE], f"{none}."),
                (["open-tunnel", "--instance-id", INSTANCE,
                  "--instance-connect-endpoint-id", ENDPOINT],
                 f"{none} with {ENDPOINT}"),
                (["ssh", "--instance-id", INSTANCE, "--connection-type",
                  "eice"], f"{none}."),
                (["ssh", "--instance-id", INSTANCE, "--eice-options",
                  f"endpointId={ENDPOINT}"], f"{none} with {ENDPOINT}")):
            with self.subTest(args=args):
                done = self.run_any([EICE, *args])
                self.assertEqual(done.returncode, 252)
                self.assertTrue(done.stderr.startswith(
                    f"eice: [ERROR]: {text}"), done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)


if __name__ == "__main__":
    harness.main()
