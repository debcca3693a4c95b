#!/usr/bin/env python3
"""AWS's own client code against the emulator.

The AWS CLI opens its tunnels with the Common Runtime (aws-c-http); Debian has
its Python binding, python3-awscrt.  What it accepts, checks and reports here is
what `aws ec2-instance-connect open-tunnel` would.  The signature is made with
the standard library alone.
"""
import sys
import threading
import unittest

import harness
import signing

sys.path.append("/usr/lib/python3/dist-packages")
try:
    from awscrt import http, io, websocket  # noqa: F401
except ImportError:
    websocket = None

class Tunnel:
    """One WebSocket of the CRT, with its callbacks turned into waiting."""

    def __init__(self, ready, path):
        name = f"{harness.ENDPOINT}.localhost"
        options = io.TlsContextOptions()
        options.override_default_trust_store_from_path(None, ready["ca_file"])
        tls = io.ClientTlsContext(options).new_connection_options()
        tls.set_server_name(name)
        self.up, self.down = threading.Event(), threading.Event()
        self.got, self.last = bytearray(), bytearray()
        self.setup, self.end = None, None
        websocket.connect(
            host="127.0.0.1", port=ready["https_port"],
            handshake_request=websocket.create_handshake_request(
                host=f"{name}:{ready['https_port']}", path=path),
            tls_connection_options=tls, on_connection_setup=self.on_setup,
            on_connection_shutdown=self.on_end,
            on_incoming_frame_payload=self.on_payload,
            on_incoming_frame_complete=self.on_frame)
        assert self.up.wait(harness.PATIENCE), "no answer"

    def on_setup(self, data):
        self.setup = data
        self.up.set()

    def on_payload(self, data):
        closing = data.frame.opcode == websocket.Opcode.CLOSE
        (self.last if closing else self.got).extend(data.data)

    def on_frame(self, data):
        """The CLI closes when it is told to, and so do we."""
        if data.frame.opcode == websocket.Opcode.CLOSE:
            self.setup.websocket.close()

    def on_end(self, data):
        self.end = data
        self.down.set()

    def send(self, data):
        sent = threading.Event()
        self.setup.websocket.send_frame(websocket.Opcode.BINARY, data,
                                        on_complete=lambda _: sent.set())
        assert sent.wait(harness.PATIENCE), "not sent"

    def request_id(self):
        headers = dict((k.lower(), v) for k, v in
                       self.setup.handshake_response_headers)
        return headers["x-amzn-requestid"]


@unittest.skipUnless(websocket, "python3-awscrt is not installed")
class AwsCrt(harness.Scenario):
    def setUp(self):
        super().setUp()
        self.target = harness.EchoServer()
        self.addCleanup(self.target.close)
        self.ready = self.emulator(harness.world({22: self.target.port}))

    def tunnel(self, port="22", address=harness.ADDRESS, **more):
        host = f"{harness.ENDPOINT}.localhost:{self.ready['https_port']}"
        return Tunnel(self.ready, signing.presign(
            host, instanceConnectEndpointId=harness.ENDPOINT, remotePort=port,
            privateIpAddress=address, **more))

    def test_a_tunnel_carries_bytes_and_ends_well(self):
        tunnel = self.tunnel(maxTunnelDuration="3600")
        self.assertIsNone(tunnel.setup.exception)
        self.assertEqual(tunnel.setup.handshake_response_status, 101)
        self.assertEqual(len(tunnel.request_id()), 36)
        block = bytes(range(256)) * 250
        for _ in range(64):
            tunnel.send(block)
        tunnel.send(b"")  # As the CLI does at the end of its input.
        harness.wait_for("the echo",
                         lambda: len(tunnel.got) >= 64 * len(block))
        self.assertEqual(tunnel.got, block * 64)
        tunnel.setup.websocket.close()
        self.assertTrue(tunnel.down.wait(harness.PATIENCE))
        self.assertIsNone(tunnel.end.exception)

    def test_a_refusal_is_what_the_cli_prints(self):
        tunnel = self.tunnel(port="80")
        self.assertIn("AWS_ERROR_HTTP_WEBSOCKET_UPGRADE_FAILURE",
                      str(tunnel.setup.exception))
        self.assertEqual(tunnel.setup.handshake_response_status, 400)
        self.assertEqual(
            tunnel.setup.handshake_response_body,
            b'{"ErrorCode":"InvalidParameter","Message":"The specified '
            b'RemotePort is not valid. Specify either 22 or 3389 as the '
            b'RemotePort and retry your request."}')
        self.assertEqual(len(tunnel.request_id()), 36)

    def test_an_unreachable_target_ends_an_open_tunnel(self):
        tunnel = self.tunnel(address="10.0.1.99")
        self.assertIsNone(tunnel.setup.exception)
        self.assertTrue(tunnel.down.wait(harness.PATIENCE))
        self.assertEqual(tunnel.last,
                         (1011).to_bytes(2, "big")
                         + b"Unable to connect to target")


if __name__ == "__main__":
    harness.main()
