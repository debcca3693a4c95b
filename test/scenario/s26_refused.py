#!/usr/bin/env python3
"""Every refusal of OpenTunnel, of the pushed keys, and of making, changing and
deleting endpoints: its status, its body to the byte, its CloudTrail event.

One row each.  That there is one for every refusal is not taken on trust: the
sentences are read from the emulator's sources, and each must have been met.
"""
import base64
import json
import re
import socket
import ssl
import struct
import time
import urllib.parse

import harness
import signing

FAILED = "eice-0123456789abcdeff"   # Could not be made
FULL = "eice-0123456789abcdef1"     # Takes no connection
EMPTY_SUBNET = "subnet-0a1b2c3d4e5f60002"
OTHER_SUBNET = "subnet-0a1b2c3d4e5f60003"   # In a VPC without endpoint
STOPPED, PENDING = "i-0000000000000000a", "i-0000000000000000b"
OLD_TYPE, NO_BIOS = "i-0000000000000000c", "i-0000000000000000d"
NO_RIGHTS = ("AKIANORIGHTS", "no/rights")
OFF = ("AKIAOFF", "off/off")
ACCOUNT = "111122223333"
ARN = f"arn:aws:ec2:{signing.REGION}:{ACCOUNT}"
API = harness.ROOT / "emulator" / "api"

ED25519 = ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUcqoDhI7quWat"
           "KIy9E9bJBoD+jD")


def rsa_key(bits):
    """An RSA key of that length, as a line; nobody has its other half."""
    def field(data):
        return struct.pack(">I", len(data)) + data

    n = b"\0" + (1 << bits - 1 | 1).to_bytes(bits // 8, "big")
    return "ssh-rsa " + base64.b64encode(
        field(b"ssh-rsa") + field(b"\1\0\1") + field(n)).decode()


def at(seconds):
    """X-Amz-Date, so long from now."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + seconds))


def world():
    ours = harness.world({22: 1})
    instance = dict(ours["instances"][0], routes={})
    account = ours["accounts"][0]
    account["users"] += [
        {"name": "norights", "policies": [],
         "keys": [{"id": NO_RIGHTS[0], "secret": NO_RIGHTS[1]}]},
        {"name": "off", "policies": [],
         "keys": [{"id": OFF[0], "secret": OFF[1], "status": "Inactive"}]}]
    account["roles"] = [{"name": "ops", "policies": ["mine"], "trust": {
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": ACCOUNT}}]}}]
    ours["subnets"] += [
        {"id": EMPTY_SUBNET, "vpc": harness.VPC, "zone": "eu-central-1b",
         "cidrs": ["10.0.2.0/24"]},
        {"id": OTHER_SUBNET, "vpc": "vpc-0a1b2c3d4e5f60002",
         "zone": "eu-central-1b", "cidrs": ["10.1.2.0/24"]}]
    ours["vpcs"].append({"id": "vpc-0a1b2c3d4e5f60002",
                         "cidrs": ["10.1.0.0/16"]})
    for number, (name, more) in enumerate({
            STOPPED: {"state": "stopped"}, PENDING: {"state": "pending"},
            OLD_TYPE: {"type": "t2.micro"},
            NO_BIOS: {"serial_console": False}}.items()):
        ours["instances"].append(dict(
            instance, id=name, name=name, private_ip=f"10.0.1.{20 + number}",
            **more))
    ours["endpoints"][0]["ip_address_type"] = "ipv4"
    for name, more in ((FAILED, {"state": "create-failed"}),
                       (FULL, {"max_connections": 1})):
        ours["endpoints"].append(dict(ours["endpoints"][0], id=name, **more))
    ours["settings"] = {"create_seconds": 3600, "update_seconds": 3600,
                        "pushed_key_seconds": 3600}
    return ours


def formats(source, call=r"call_fail\(\s*c,\s*\d+,\s*\"[A-Za-z.]+\",\s*"):
    """The sentences that a source refuses with."""
    text = (harness.ROOT / source).read_text()
    return ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found))
            .replace('\\"', '"')
            for found in re.findall(call + r'((?:"(?:[^"\\]|\\.)*"\s*)+)', text)]


def fits(sentence, message):
    """Whether @message is @sentence with its %s and %d filled in."""
    parts = re.split(r"%(?:\.\d+|\.\*)?(?:ll)?[sdu]", sentence)
    return re.fullmatch(".*".join(map(re.escape, parts)), message, re.S)


class Refused(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.met = []  # Every message there was

    def begin(self, **settings):
        self.met = []
        the_world = world()
        the_world["settings"].update(settings)
        self.ready = self.emulator(the_world, "--ephemeral")
        self.port = self.ready["https_port"]
        self.tls = ssl.create_default_context(cafile=self.ready["ca_file"])
        self.host = f"{harness.ENDPOINT}.localhost:{self.port}"
        self.kept = None

    # Asking ----------------------------------------------------------------

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port),
                                     harness.PATIENCE)
        s = self.tls.wrap_socket(s, server_hostname="localhost")
        self.addCleanup(s.close)
        return s

    @staticmethod
    def answer(s):
        """Status, headers, body."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = s.recv(65536)
            assert more, data
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = dict((k.lower(), v) for k, v in (
            line.split(": ", 1) for line in lines[1:]))
        while len(body) < int(headers.get("content-length", "0")):
            body += s.recv(65536)
        return int(lines[0].split()[1]), headers, body.decode()

    def upgrade(self, target, method="GET", **changes):
        """Ask for a tunnel; the socket and its answer."""
        headers = {"Host": self.host, "Upgrade": "websocket",
                   "Connection": "Upgrade", "User-Agent": "rows/1",
                   "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        headers.update(changes)
        s = self.connect()
        s.sendall(f"{method} {target} HTTP/1.1\r\n".encode() + "".join(
            f"{k}: {v}\r\n" for k, v in headers.items() if v).encode()
            + b"\r\n")
        return s, self.answer(s)

    def post(self, *args, **kw):
        """A signed call on a connection that is kept."""
        self.kept = self.kept or self.connect()
        self.kept.sendall(signing.post(f"localhost:{self.port}", *args, **kw))
        return self.answer(self.kept)

    def control(self, **order):
        done = self.run_any([harness.EMULATOR, "control", "--state-dir",
                             self.ready["state_dir"], json.dumps(order)])
        self.assertEqual(done.returncode, 0, done.stdout)
        return json.loads(done.stdout)

    def last_event(self):
        return self.control(do="trail")["events"][-1]

    # What must have been said ------------------------------------------------

    def look_at_event(self, name, source, headers, code, message, params):
        event = self.last_event()
        for key, value in (("eventName", name),
                           ("eventSource", source + ".amazonaws.com"),
                           ("errorCode", code), ("errorMessage", message),
                           ("requestID", headers["x-amzn-requestid"]),
                           ("responseElements", None),
                           ("awsRegion", signing.REGION),
                           ("sourceIPAddress", "127.0.0.1"),
                           ("eventType", "AwsApiCall")):
            self.assertEqual(event[key], value, (key, event))
        for key, value in params.items():
            self.assertEqual(event["requestParameters"][key], value, event)

    def refused_tunnel(self, target, status, code, message, params=None, **kw):
        """One row of OpenTunnel.  @message is the sentence, or a pattern."""
        _, (was, headers, body) = self.upgrade(target, **kw)
        said = json.loads(body)["Message"]
        if isinstance(message, re.Pattern):
            self.assertRegex(said, message)
        else:
            self.assertEqual(said, message)
        self.assertEqual((was, body), (status, json.dumps(
            {"ErrorCode": code, "Message": said}, separators=(",", ":"))))
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(headers["connection"], "close")
        self.look_at_event("OpenTunnel", "ec2-instance-connect", headers, code,
                           said, params or {})
        self.met.append(said)

    def refused_json(self, action, body, status, code, message, **kw):
        """One row of Instance Connect."""
        was, headers, text = self.post(
            "ec2-instance-connect", "application/x-amz-json-1.1",
            json.dumps(body).encode(), f"AWSEC2InstanceConnectService.{action}",
            **kw)
        want = {"__type": code, "Message": message}
        self.assertEqual((was, text), (status, json.dumps(
            want, separators=(",", ":"))), (action, body))
        self.look_at_event(action, "ec2-instance-connect", headers, code,
                           message, {})
        self.met.append(message)

    def refused_form(self, action, form, status, code, message, **kw):
        """One row of EC2."""
        pairs = {"Action": action, "Version": "2016-11-15", **form}
        was, headers, text = self.post(
            "ec2", "application/x-www-form-urlencoded",
            urllib.parse.urlencode(pairs).encode(), **kw)
        escaped = (message.replace("&", "&amp;").replace("<", "&lt;")
                   .replace(">", "&gt;").replace('"', "&quot;")
                   .replace("'", "&apos;"))
        self.assertIn(text.replace("&#34;", "&quot;").replace(
            "&#39;", "&apos;"), [
                '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>'
                f"<Error><Code>{code}</Code><Message>{sentence}</Message>"
                "</Error></Errors><RequestID>"
                f"{headers['x-amzn-requestid']}</RequestID></Response>"
                for sentence in (escaped, message)])
        self.assertEqual(was, status)
        self.look_at_event(action, "ec2", headers, code, message, {})
        self.met.append(message)

    def all_met(self, sentences, but=()):
        """No sentence of the sources was left out."""
        self.assertGreater(len(sentences), 2)
        for sentence in sentences:
            known = any(fits(sentence, m) for m in self.met)
            self.assertTrue(known != (sentence in but),
                            f"no row has met: {sentence}" if not known
                            else f"it can be met: {sentence}")

    # OpenTunnel ------------------------------------------------------------

    def wish(self, sign=None, **changes):
        params = {"instanceConnectEndpointId": harness.ENDPOINT,
                  "remotePort": "22", "privateIpAddress": harness.ADDRESS,
                  **changes}
        return signing.presign(self.host, **(sign or {}), **{
            k: v for k, v in params.items() if v is not None})

    def test_open_tunnel(self):
        self.begin()
        row = self.refused_tunnel
        invalid = (400, "InvalidParameter")
        must = "The request must contain the parameter "
        row(self.wish().replace("remotePort=22", "remotePort=%zz"), *invalid,
            "The query string cannot be read.")
        for name in ("instanceConnectEndpointId", "remotePort",
                     "privateIpAddress"):
            row(self.wish(**{name: None}), *invalid, f"{must}{name}.")
        row(self.wish(instanceConnectEndpointId="eice-1"), 404,
            "ResourceNotFoundException", "The specified "
            "InstanceConnectEndpoint eice-1 does not exist.",
            {"instanceConnectEndpointId": "eice-1", "remotePort": "22",
             "privateIpAddress": harness.ADDRESS})
        self.host = f"{FAILED}.localhost:{self.port}"
        row(self.wish(instanceConnectEndpointId=FAILED), 400,
            "InvalidEndpointState", f"The specified InstanceConnectEndpoint "
            f"{FAILED} is in state create-failed.")
        self.host = f"{harness.ENDPOINT}.localhost:{self.port}"
        for port in ("23", "0", "-22", "22.0", "65558", "ssh"):
            row(self.wish(remotePort=port), *invalid,
                "The specified RemotePort is not valid. Specify either 22 or "
                "3389 as the RemotePort and retry your request.",
                {"remotePort": port})
        bad = "The specified PrivateIpAddress is not valid."
        row(self.wish(privateIpAddress="web"), *invalid, bad)
        row(self.wish(privateIpAddress="2001:db8:0:101::5"), *invalid,
            bad + " The IP address type of the endpoint is ipv4.")
        for address in ("10.9.0.1", "127.0.0.1", "169.254.169.254"):
            row(self.wish(privateIpAddress=address), *invalid, bad +
                " Specify an address in the VPC of the endpoint.",
                {"privateIpAddress": address})
        for duration in ("0", "3601", "-1", "x"):
            row(self.wish(maxTunnelDuration=duration), *invalid,
                "The specified MaxTunnelDuration is not valid. Specify a "
                "value between 1 and 3600.", {"maxTunnelDuration": duration})
        row(self.wish(dict(key_id=NO_RIGHTS[0], secret=NO_RIGHTS[1])), 403,
            "AccessDeniedException",
            f"User: arn:aws:iam::{ACCOUNT}:user/norights is not authorized to "
            "perform: ec2-instance-connect:OpenTunnel on resource: "
            f"{ARN}:instance-connect-endpoint/{harness.ENDPOINT} because no "
            "identity-based policy allows the ec2-instance-connect:OpenTunnel "
            "action")
        self.full()
        self.ordered()
        self.all_met(formats("emulator/api/gate.c"))

    def full(self):
        """One fits, the next is one too many."""
        self.host = f"{FULL}.localhost:{self.port}"
        target = self.wish(instanceConnectEndpointId=FULL)
        self.control(do="faults", endpoint=FULL, faults=[
            {"at": "open", "do": "stall"}])  # Nobody listens: it would end.
        _, (status, _, _) = self.upgrade(target)
        self.assertEqual(status, 101)
        self.refused_tunnel(
            target, 429, "ServiceQuotaExceededException", "The maximum number "
            f"of concurrent connections (1) of endpoint {FULL} has been "
            "reached.")
        self.host = f"{harness.ENDPOINT}.localhost:{self.port}"

    def ordered(self):
        """A refusal that the world orders."""
        self.control(do="api-fault", fault={
            "action": "OpenTunnel", "times": 1, "status": 503,
            "code": "ThrottlingException", "message": "Rate \"exceeded\""})
        self.refused_tunnel(self.wish(), 503, "ThrottlingException",
                            'Rate "exceeded"')

    def test_signatures_of_open_tunnel(self):
        self.begin()
        good = self.wish({"expires": "3600"})

        def row(target, code, message, **kw):
            self.refused_tunnel(target, 403, code, message, **kw)

        row("/openTunnel?remotePort=22",
            "MissingAuthenticationTokenException",
            "Missing Authentication Token")
        incomplete = "IncompleteSignatureException"
        row(good.replace("X-Amz-Date=", "X-Amz-Data="), incomplete,
            "AWS query-string parameters must include 'X-Amz-Algorithm', "
            "'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders' and "
            "'X-Amz-Date'.")
        row(good.replace("HMAC-SHA256", "HMAC-MD5"), incomplete,
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-MD5'.")
        row(good.replace("aws4_request", "aws4"), incomplete,
            "Credential must have exactly 5 slash-delimited elements, e.g. "
            "keyid/date/region/service/term")
        row(re.sub(r"X-Amz-Date=\w+", "X-Amz-Date=yesterday", good),
            incomplete, "X-Amz-Date must be in the ISO8601 Long Format "
            "\"yyyyMMdd'T'HHmmss'Z'\"")
        for expires in ("0", "604801", "1h"):
            row(self.wish({"expires": expires}), incomplete,
                "X-Amz-Expires must be a number of seconds between 1 and "
                "604800")
        row(good + "0" * 64, incomplete, "X-Amz-Signature is malformed")
        unknown = ("UnrecognizedClientException",
                   "The security token included in the request is invalid.")
        row(self.wish({"key_id": "AKIANOBODY"}), *unknown)
        row(self.wish(dict(key_id=OFF[0], secret=OFF[1])), *unknown)
        row(self.wish(**{"X-Amz-Security-Token": "none"}), *unknown)
        invalid = "InvalidSignatureException"
        row(self.wish({"date": at(-120)}), invalid, re.compile(
            r"^Signature expired: \w+Z is now earlier than \w+Z "
            r"\(X-Amz-Expires 60 s\)$"))
        row(self.wish({"date": at(-3600), "expires": None}), invalid,
            re.compile(r"^Signature expired: \w+Z is now earlier than \w+Z "
                       r"\(\w+Z - 15 min\.\)$"))
        row(self.wish({"date": at(3600)}), invalid, re.compile(
            r"^Signature not yet current: \w+Z is still later than \w+Z "
            r"\(\w+Z \+ 15 min\.\)$"))
        row(good.replace("ec2-instance-connect%2Faws4",
                         "ec2%2Faws4"), invalid,
            "Credential should be scoped to correct service: "
            "'ec2-instance-connect'.")
        today = re.search(r"%2F(\d{8})%2F", good).group(1)
        other = at(-172800)[:8]
        row(good.replace(f"%2F{today}%2F", f"%2F{other}%2F"), invalid, re.compile(
            "^Date in Credential scope does not match YYYYMMDD from ISO-8601 "
            rf"version of date from HTTP: '{other}' != '\d+', from '\w+'\.$"))
        for target in (good.replace("remotePort=22", "remotePort=3389"),
                       good[:-1] + ("0" if good[-1] != "0" else "1"),
                       self.wish({"secret": "wrong"})):
            row(target, invalid, "The request signature we calculated does "
                "not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service "
                "documentation for details.")
        self.wrong_region(good)
        self.old_token()
        call = r"snprintf\(\s*message, 512,\s*"
        self.all_met(
            formats("emulator/api/verify.c", call) + [
                s for s in formats("emulator/api/verify_claim.c", call)
                if "Authorization header" not in s and "'%.*s'" not in s],
            # The gate has read the query before.
            but=["The query string cannot be read"])

    def wrong_region(self, good):
        """The trail has the region that was claimed."""
        _, (status, _, body) = self.upgrade(
            good.replace(f"%2F{signing.REGION}%2F", "%2Fus-east-1%2F"))
        message = "Credential should be scoped to a valid region."
        self.assertEqual((status, body), (
            403, '{"ErrorCode":"InvalidSignatureException","Message":"'
            + message + '"}'))
        event = self.last_event()
        self.assertEqual((event["errorCode"], event["errorMessage"]),
                         ("InvalidSignatureException", message))
        self.met.append(message)

    def old_token(self):
        """Temporary credentials, after their time."""
        status, _, body = self.post(
            "sts", "application/x-www-form-urlencoded", urllib.parse.urlencode({
                "Action": "AssumeRole", "Version": "2011-06-15",
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ops",
                "RoleSessionName": "row", "DurationSeconds": "900"}).encode())
        self.assertEqual(status, 200, body)
        key, secret, token = (re.search(f"<{name}>(.*?)</{name}>", body).group(1)
                              for name in ("AccessKeyId", "SecretAccessKey",
                                           "SessionToken"))
        self.control(do="clock", offset_ms=1000 * 1000)
        self.refused_tunnel(
            self.wish({"date": at(1000), "key_id": key, "secret": secret},
                      **{"X-Amz-Security-Token": token}),
            403, "ExpiredTokenException",
            "The security token included in the request is expired")

    def test_what_is_no_upgrade(self):
        """No call of the API has been made: CloudTrail knows nothing."""
        self.begin()
        rows = [
            ({"method": "POST"}, 405, "openTunnel is asked for with GET."),
            ({"Upgrade": None}, 426, "openTunnel needs a WebSocket upgrade."),
            ({"Connection": "close"}, 426,
             "openTunnel needs a WebSocket upgrade."),
            ({"Sec-WebSocket-Version": "8"}, 426,
             "Only version 13 of the WebSocket protocol is served."),
            ({"Sec-WebSocket-Key": "short"}, 400,
             "The WebSocket key is not valid."),
        ]
        for changes, status, message in rows:
            _, (was, headers, body) = self.upgrade(self.wish(), **changes)
            self.assertEqual((was, body), (status, json.dumps(
                {"ErrorCode": "InvalidRequest", "Message": message},
                separators=(",", ":"))), changes)
            self.assertRegex(headers["x-amzn-requestid"], r"^[0-9a-f-]{36}$")
            self.met.append(message)
        self.assertEqual(self.control(do="trail")["events"], [])
        self.all_met(formats("emulator/service/web_tunnel.c",
                             r"refuse\(c, \d+, \"InvalidRequest\",\s*"))

    # Keys --------------------------------------------------------------------

    def test_keys(self):
        self.begin()
        push = {"InstanceId": harness.INSTANCE, "InstanceOSUser": "ec2-user",
                "SSHPublicKey": ED25519}
        serial = {"InstanceId": harness.INSTANCE, "SSHPublicKey": ED25519}
        wrong = "1 validation error detected: Value "
        failed = " failed to satisfy constraint: Member must "
        both = ("SendSSHPublicKey", push), (
            "SendSerialConsoleSSHPublicKey", serial)
        for action, body in both:
            def row(status, code, message, **changes):
                self.refused_json(action, {**body, **changes}, status, code,
                                  message)

            args = (400, "InvalidArgsException")
            row(*args, f"{wrong}null at 'instanceId'{failed}not be null",
                InstanceId=None)
            row(*args, f"{wrong}'i-0' at 'instanceId'{failed}have length "
                "greater than or equal to 10", InstanceId="i-0")
            row(*args, f"{wrong}'i-0123456789abcdeg0' at 'instanceId'{failed}"
                "satisfy regular expression pattern: ^i-[a-f0-9]+$",
                InstanceId="i-0123456789abcdeg0")
            row(400, "SerializationException",
                "InstanceId cannot be converted to String", InstanceId=7)
            why = ("Invalid input parameter received for Illegal argument "
                   "exception: ")
            row(*args, why + "RSA - SSH Public key length is not supported",
                SSHPublicKey=rsa_key(1024))
            row(*args, why + "RSA - SSH Public key is invalid",
                SSHPublicKey="ssh-rsa " + "?" * 80)
            row(*args, why + "SSH Public key is invalid",
                SSHPublicKey="x" * 80)
            row(*args, why + "ED25519 - SSH Public key is invalid",
                SSHPublicKey="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAABWFhYWFh"
                             + " comment" * 8)
            row(*args, why + "SSH Public key type is not supported",
                SSHPublicKey="ssh-dss " + base64.b64encode(
                    b"\0\0\0\7ssh-dss" + b"\0\0\0\1x" * 20).decode())
            row(400, "EC2InstanceNotFoundException",
                "The specified instance was not found.",
                InstanceId="i-0123456789abcdeff")
            row(400, "EC2InstanceUnavailableException", "The instance is "
                "currently unavailable. Wait a few minutes and try again.",
                InstanceId=PENDING)
            row(400, "EC2InstanceStateInvalidException", "The instance is not "
                "in a valid state for this operation: it is stopped",
                InstanceId=STOPPED)
            self.refused_json(
                action, body, 400, "AccessDeniedException",
                f"User: arn:aws:iam::{ACCOUNT}:user/norights is not authorized "
                f"to perform: ec2-instance-connect:{action} on resource: "
                f"{ARN}:instance/{harness.INSTANCE} because no identity-based "
                f"policy allows the ec2-instance-connect:{action} action",
                key_id=NO_RIGHTS[0], secret=NO_RIGHTS[1])
        row(*args, "1 validation error detected: Value at 'serialPort' failed "
            "to satisfy constraint: Member must have value less than or equal "
            "to 0", SerialPort=1)
        row(400, "EC2InstanceTypeInvalidException", "The instance type "
            "t2.micro is not supported for connecting via the serial console. "
            "Only Nitro instance types are currently supported.",
            InstanceId=OLD_TYPE)
        row(400, "SerialConsoleSessionUnsupportedException", "Your instance's "
            "BIOS version is unsupported for serial console connection. Reboot "
            "your instance to update its BIOS, and then try again to connect.",
            InstanceId=NO_BIOS)
        self.refused_json(
            "SendSSHPublicKey", {**push, "InstanceOSUser": "u" * 33}, *args,
            "2 validation errors detected: Value '" + "u" * 33 + "' at "
            f"'instanceOSUser'{failed}have length less than or equal to 32; "
            "Value '" + "u" * 33 + f"' at 'instanceOSUser'{failed}satisfy "
            r"regular expression pattern: (^[A-Za-z_][A-Za-z0-9\@\._-]{0,30}"
            r"[A-Za-z0-9\$_-]?$)|(^(?=.{2,32}$)[0-9]{1,32}[A-Za-z\@\._-]"
            r"[A-Za-z0-9\@\._-]*[A-Za-z0-9\$_-]?$)")
        self.refused_json(
            "SendSSHPublicKey", {**push, "AvailabilityZone": "eu-central-1b"},
            400, "EC2InstanceNotFoundException",
            "The specified instance was not found.")
        self.refused_json("SendNothing", {}, 400, "UnknownOperationException",
                          "")
        self.too_many_keys(push)
        self.begin_serial_off(serial)

    def too_many_keys(self, push):
        for _ in range(1000):
            status, _, body = self.post(
                "ec2-instance-connect", "application/x-amz-json-1.1",
                json.dumps(push).encode(),
                "AWSEC2InstanceConnectService.SendSSHPublicKey")
            self.assertEqual(status, 200, body)
        self.refused_json("SendSSHPublicKey", push, 400, "ThrottlingException",
                          "Rate exceeded")

    def begin_serial_off(self, serial):
        """A world of its own, and then all sentences are known."""
        met = self.met
        self.stop(self.ready["process"])
        self.begin(serial_console_access=False)
        self.refused_json(
            "SendSerialConsoleSSHPublicKey", serial, 403,
            "SerialConsoleAccessDisabledException", "Your account is not "
            "authorized to use the EC2 Serial Console. To authorize your "
            "account, run the EnableSerialConsoleAccess API.")
        self.met += met
        self.all_met(formats("emulator/api/instance_connect.c")
                     + formats("emulator/api/constraint.c",
                               r"call_fail\(\s*c,\s*\d+,\s*\"?\w+\"?,\s*"))

    # Endpoints -----------------------------------------------------------------

    def test_endpoints(self):
        self.begin()
        group = harness.SECURITY_GROUP
        create, modify, delete = (
            f"{verb}InstanceConnectEndpoint"
            for verb in ("Create", "Modify", "Delete"))
        kind = {"TagSpecification.1.ResourceType": "instance-connect-endpoint"}
        tag = "TagSpecification.1.Tag.1."
        value = "InvalidParameterValue"

        def made(code, message, status=400, **form):
            self.refused_form(create, {"SubnetId": OTHER_SUBNET, **{
                k.replace("_", "."): v for k, v in form.items()}}, status,
                code, message)

        def tagged(code, message, form):
            self.refused_form(create, {"SubnetId": OTHER_SUBNET, **kind, **form},
                              400, code, message)

        made("MissingParameter",
             "The request must contain the parameter SubnetId", SubnetId="")
        made("InvalidSubnetID.NotFound",
             "The subnet ID 'subnet-1' does not exist", SubnetId="subnet-1")
        made(value, "Value (yes) for parameter PreserveClientIp is invalid. "
             "Must be true or false.", PreserveClientIp="yes")
        made(value, "Value (ipv5) for parameter IpAddressType is invalid. "
             "Valid values are: ipv4, dualstack, ipv6", IpAddressType="ipv5")
        made(value, f"The subnet {OTHER_SUBNET} does not support the IP "
             "address type ipv6", IpAddressType="ipv6")
        made("InvalidParameterCombination", "PreserveClientIp is only "
             "supported when the IP address type is ipv4",
             SubnetId=harness.SUBNET, IpAddressType="dualstack",
             PreserveClientIp="true")
        made("InvalidSecurityGroupID.NotFound",
             "The security group ID 'sg-9' does not exist",
             SecurityGroupId_1="sg-9")
        made("InvalidParameter", f"Security group {group} and subnet "
             f"{OTHER_SUBNET} belong to different networks.",
             SecurityGroupId_1=group)
        made(value, "At most 16 security groups can be specified",
             **{f"SecurityGroupId_{i}": group for i in range(1, 18)})
        made(value, "ClientToken must have at most 64 characters",
             ClientToken="t" * 65)
        made(value, "ClientToken must be ASCII", ClientToken="\u00e4")
        tagged(value, "'instance' is not a valid taggable resource type for "
               "this operation.", {
                   "TagSpecification.1.ResourceType": "instance",
                   tag + "Key": "a"})
        tagged(value, "Tag keys must have 1 to 128 characters",
               {tag + "Key": "k" * 129})
        tagged(value, "Tag values must have at most 256 characters",
               {tag + "Key": "k", tag + "Value": "v" * 257})
        tagged(value, "Tag keys starting with 'aws:' are reserved for internal "
               "use", {tag + "Key": "aws:k"})
        tagged(value, "Duplicate tag key 'k' specified.",
               {tag + "Key": "k", "TagSpecification.1.Tag.2.Key": "k"})
        tagged("TagLimitExceeded", "The maximum number of tags is 50", {
            f"TagSpecification.1.Tag.{i}.Key": f"k{i}" for i in range(1, 52)})
        made("DryRunOperation", "Request would have succeeded, but DryRun flag "
             "is set.", 412, DryRun="true")
        limit = "The maximum number of EC2 Instance Connect Endpoints per "
        made("ResourceLimitExceeded", limit + "subnet (1) has been reached "
             f"for {harness.SUBNET}.", SubnetId=harness.SUBNET)
        made("ResourceLimitExceeded", limit + "VPC (1) has been reached for "
             f"{harness.VPC}.", SubnetId=EMPTY_SUBNET)
        status, _, body = self.post(
            "ec2", "application/x-www-form-urlencoded",
            f"Action={create}&Version=2016-11-15&SubnetId={OTHER_SUBNET}"
            "&ClientToken=one".encode())
        self.assertEqual(status, 200, body)
        fresh = re.search("<instanceConnectEndpointId>(.*?)<", body).group(1)
        made("IdempotentParameterMismatch",
             "The client token was used before with other parameters",
             ClientToken="one", PreserveClientIp="true")

        key = "InstanceConnectEndpointId"
        for action in (modify, delete):
            self.refused_form(action, {key: "endpoint"}, 400,
                              f"{key}.Malformed".replace("Ins", "InvalidIns"),
                              'Invalid id: "endpoint"')
            self.refused_form(
                action, {key: "eice-0123456789abcdef9"}, 400,
                f"Invalid{key}.NotFound", "The instance connect endpoint ID "
                "'eice-0123456789abcdef9' does not exist")
            self.refused_form(
                action, {key: fresh, "PreserveClientIp": "false"}
                if action == modify else {key: fresh}, 400, "IncorrectState",
                f"The instance connect endpoint '{fresh}' is in state "
                "create-in-progress")
        self.refused_form(modify, {key: harness.ENDPOINT}, 400,
                          "MissingParameter", "The request must contain at "
                          "least one parameter to modify")
        self.account_quota(create, limit)

    def account_quota(self, create, limit):
        met = self.met
        self.stop(self.ready["process"])
        self.begin(endpoints_per_account=3)
        self.refused_form(create, {"SubnetId": OTHER_SUBNET}, 400,
                          "ResourceLimitExceeded",
                          limit + "account (3) has been reached.")
        self.met += met
        for source in ("create", "change"):
            self.all_met(formats(f"emulator/api/ec2_endpoint_{source}.c"))
        self.all_met(formats("emulator/api/ec2_endpoints.c"))


if __name__ == "__main__":
    harness.main()
