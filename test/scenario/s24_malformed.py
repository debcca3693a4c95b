#!/usr/bin/env python3
"""Ten thousand malformed requests, and the emulator serves as before.

Right requests are spoiled by a seeded source of trouble: heads on both ports;
EC2 forms and Instance Connect JSON, signed after they were spoiled, so that
they get past the signature; presigned URLs; frames of an open tunnel.  Each is
answered with something that is no 500, or dropped.  EICE_TEST_SEED chooses
another ten thousand.
"""
import contextlib
import os
import random
import socket
import ssl
import struct
import unittest

import harness
import signing

SEED = int(os.environ.get("EICE_TEST_SEED", "1"))

FORMS = [
    b"Action=DescribeInstances&Version=2016-11-15&InstanceId.1="
    b"i-0123456789abcdef0&DryRun=false",
    b"Action=DescribeInstanceConnectEndpoints&Version=2016-11-15&MaxResults=5"
    b"&Filter.1.Name=state&Filter.1.Value.1=create-complete&Filter.2.Name="
    b"tag%3AName&Filter.2.Value.1=%2A&NextToken=",
    b"Action=CreateInstanceConnectEndpoint&Version=2016-11-15&SubnetId=subnet-"
    b"0a1b2c3d4e5f60001&SecurityGroupId.1=sg-0a1b2c3d4e5f60001&ClientToken=x"
    b"&TagSpecification.1.ResourceType=instance-connect-endpoint"
    b"&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b",
    b"Action=ModifyInstanceConnectEndpoint&Version=2016-11-15&DryRun=true"
    b"&InstanceConnectEndpointId=eice-0123456789abcdef0&IpAddressType=ipv4",
    b"Action=GetConsoleOutput&Version=2016-11-15&InstanceId="
    b"i-0123456789abcdef0&Latest=true",
    b"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
    b"111122223333%3Arole%2Fops&RoleSessionName=me&DurationSeconds=900&Policy="
    b"%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect"
    b"%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A"
    b"%22%7D%5D%7D",
]
JSON = [
    b'{"InstanceId": "i-0123456789abcdef0", "InstanceOSUser": "ec2-user", '
    b'"SSHPublicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlV91SW8mo4auDShUc'
    b'qoDhI7quWatKIy9E9bJBoD+jD", "AvailabilityZone": "eu-central-1a"}',
]
HEADS = [
    b"GET /openTunnel?instanceConnectEndpointId=eice-0123456789abcdef0&"
    b"remotePort=22&privateIpAddress=10.0.1.5 HTTP/1.1\r\nHost: x\r\nUpgrade: "
    b"websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
    b"dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/"
    b"x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\nAction=DescribeVpcs&",
    b"PUT /latest/api/token HTTP/1.1\r\nHost: 169.254.169.254\r\n"
    b"X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n",
    b"GET /latest/meta-data/iam/security-credentials/web HTTP/1.1\r\n"
    b"X-aws-ec2-metadata-token: AAAA\r\n\r\n",
    b"POST /_emulator/control HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
    b"application/json\r\nContent-Length: 16\r\n\r\n{\"do\": \"state\"} ",
    b"POST /token HTTP/1.1\r\nHost: oidc\r\nContent-Type: application/json\r\n"
    b"Content-Length: 25\r\n\r\n{\"grantType\":\"refresh\"}  ",
]
SPICE = [
    b"%", b"%00", b"%ff", b"&", b"=", b"+", b";", b"\0", b"\xff", b"\r\n",
    b"\r\n\r\n", b"\n", b" ", b":", b"{", b"[" * 70, b"]", b'"', b"\\u0000",
    b"\\ud800", b"1e999", b"-1", b"99999999999999999999", b"null", b"true",
    b"A" * 300, b".1", b".999999", b"Content-Length: 9\r\n", b"HTTP/1.1",
    b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"Expect: 100-continue\r\n",
]


def spoil(r, data, times=None):
    """@data with a few things wrong."""
    data = bytearray(data)
    for _ in range(times or r.randint(1, 4)):
        at = r.randrange(len(data) + 1)
        to = min(len(data), at + r.choice((1, 2, 8, 40)))
        what = r.randrange(6)
        if what == 0 and at < len(data):
            data[at] ^= 1 << r.randrange(8)
        elif what == 1:
            del data[at:to]
        elif what == 2:
            data[at:at] = data[at:to] * r.choice((1, 1, 30))
        elif what == 3:
            del data[at:]
        else:
            data[at:at] = r.choice(SPICE)
    return bytes(data)


class Wire:
    """One connection, kept while the emulator keeps it."""

    def __init__(self, port, tls=None):
        self.port, self.tls, self.socket = port, tls, None

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.port),
                                     harness.PATIENCE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            s = self.tls.wrap_socket(s, server_hostname="localhost")
        self.socket = s

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def status(self, data):
        """Send a whole request; the status of its answer, None: dropped."""
        if not self.socket:
            self.connect()
        got = b""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.socket.sendall(data)
            while b"\r\n\r\n" not in got:
                more = self.socket.recv(65536)
                if not more:
                    break
                got += more
        head, found, body = got.partition(b"\r\n\r\n")
        if not found:
            self.close()
            return None
        status, fields = int(head[9:12]), head.lower()
        if status == 101:
            return status
        length = 0
        if b"content-length:" in fields:
            length = int(fields.split(b"content-length:")[1].split()[0])
        while len(body) < length:
            more = self.socket.recv(65536)
            if not more:
                raise AssertionError("an answer was cut short")
            body += more
        if b"connection: close" in fields:
            self.close()
        return status

    def throw(self, data):
        """Send bytes and our end; every status of what is answered."""
        self.connect()
        got = b""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.socket.sendall(data)
            if not self.tls:
                self.socket.shutdown(socket.SHUT_WR)
            else:
                with contextlib.suppress(ssl.SSLError, OSError):
                    self.socket.unwrap()
            while more := self.socket.recv(65536):
                got += more
        self.close()
        return [int(x[:3]) for x in got.split(b"HTTP/1.1 ")[1:]]


class Malformed(harness.Scenario):
    def setUp(self):
        super().setUp()
        echo = self.echo_server()
        role = {"name": "ops", "policies": ["mine"], "trust": {
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}]}}
        world = harness.world({22: echo.port})
        world["accounts"][0]["roles"] = [role]
        self.ready = self.emulator(world)
        self.pid = self.ready["process"].pid
        self.tls = ssl.create_default_context(cafile=self.ready["ca_file"])
        self.host = f"{harness.ENDPOINT}.localhost:{self.ready['https_port']}"
        self.secure = Wire(self.ready["https_port"], self.tls)
        self.plain = Wire(self.ready["http_port"])
        self.addCleanup(self.secure.close)
        self.random = random.Random(SEED)
        self.count = 0

    def expect(self, status, data):
        """Nothing is the emulator's own fault."""
        self.count += 1
        if status is not None and status >= 500 and status not in (501, 505):
            self.fail(f"seed {SEED}: {status} for {data!r}")

    def heads(self):
        """Both ports."""
        for i in range(2000):
            data = spoil(self.random, self.random.choice(HEADS))
            wire = self.secure if i % 5 == 0 else self.plain
            for status in wire.throw(data):
                self.expect(status, data)
                self.count -= 1
            self.count += 1

    def forms(self):
        for _ in range(3000):
            body = spoil(self.random, self.random.choice(FORMS))
            service = "sts" if b"2011-06-15" in body else "ec2"
            data = signing.post(self.host, service,
                                "application/x-www-form-urlencoded", body)
            self.expect(self.secure.status(data), data)

    def json(self):
        for _ in range(1500):
            body = spoil(self.random, self.random.choice(JSON))
            data = signing.post(
                self.host, "ec2-instance-connect",
                "application/x-amz-json-1.1", body,
                target="AWSEC2InstanceConnectService.SendSSHPublicKey")
            self.expect(self.secure.status(data), data)

    def upgrade(self, path):
        return (b"GET " + path + b" HTTP/1.1\r\nHost: " + self.host.encode()
                + b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Version: 13\r\n\r\n")

    def presigned(self):
        return signing.presign(
            self.host, instanceConnectEndpointId=harness.ENDPOINT,
            remotePort="22", privateIpAddress=harness.ADDRESS,
            maxTunnelDuration="60").encode()

    def urls(self):
        """Now and then what is spoiled does not count, and a tunnel opens."""
        for _ in range(900):
            data = self.upgrade(spoil(self.random, self.presigned()))
            status = self.secure.status(data)
            self.expect(status, data)
            if status == 101:
                self.secure.close()

    def frames(self):
        """Twenty frames each, most of them wrong."""
        for _ in range(600):
            self.secure.close()
            self.assertEqual(
                self.secure.status(self.upgrade(self.presigned())), 101)
            data = b""
            for _ in range(20):
                first = self.random.choice((0x82, 0x82, 0x81, 0x89, 0x8a, 0x80,
                                            0x02, 0x00, 0xc2, 0x83, 0x88))
                payload = self.random.randbytes(
                    self.random.choice((0, 1, 5, 125)))
                frame = struct.pack("!BB4s", first, 0x80 | len(payload),
                                    b"\0\0\0\0") + payload
                if self.random.randrange(3) == 0:
                    frame = spoil(self.random, frame, 1)
                data += frame
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                self.secure.socket.sendall(data)
            if self.random.randrange(2):
                with contextlib.suppress(ConnectionError, ssl.SSLError,
                                         TimeoutError):
                    self.secure.socket.settimeout(0.02)
                    self.secure.socket.recv(65536)
            self.secure.close()
            self.count += 1

    def test_ten_thousand_leave_it_serving(self):
        self.heads()
        fds, kb = self.settled_fds(), harness.status_kb(self.pid)
        for part in (self.forms, self.json, self.urls, self.frames, self.heads):
            part()
        self.assertGreaterEqual(self.count, 10000)
        self.secure.close()
        self.assertEqual(self.settled_fds(), fds)
        if not harness.SANITIZED:
            grown = harness.status_kb(self.pid) - kb
            self.assertLess(grown, 16 << 10, f"grew by {grown} KiB")
        done = self.run_any([harness.EICE, "open-tunnel", "--instance-id",
                             harness.INSTANCE], input="still there\n")
        self.assertEqual((done.returncode, done.stdout), (0, "still there\n"),
                         done.stderr)
        self.stop(self.ready["process"])
        self.assertEqual(self.ready["process"].returncode, 0,
                         (self.dir / "emulator" / "log").read_text()[-2000:])

    def settled_fds(self):
        """The emulator's descriptors once its connections have ended."""
        def no_sockets():
            fds = [f for f in harness.open_fds(self.pid)
                   if not f.startswith("socket:")]
            n = len(harness.open_fds(self.pid)) - len(fds)
            return n <= 4 and [fds, n]
        return harness.wait_for("the connections to end", no_sockets)


if __name__ == "__main__":
    harness.main()
