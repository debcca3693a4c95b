#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line as a user and the AWS CLI's scripts see it: what is
refused, in which words, with which exit code; all without any network.

usage: test_command_line.py EICE
"""
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

EICE = os.path.abspath(sys.argv.pop())

# Whoever starts the tests with nohup, or behind a "&", has signals ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

OPEN = ["open-tunnel"]
# A target that needs no lookup; nobody listens there.
TARGET = OPEN + ["--instance-connect-endpoint-id", "eice-1",
                 "--instance-connect-endpoint-dns-name", "127.0.0.1:1",
                 "--private-ip-address", "10.0.0.1"]
LISTEN = TARGET + ["--local-port", "auto"]
USAGE = "An error occurred (ParamValidation): "


def environment(**more):
    """Nothing of the tester's own configuration."""
    env = {"PATH": os.environ["PATH"], "HOME": "/dev/null",
           "AWS_EC2_METADATA_DISABLED": "true"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(more)
    return env


def keys():
    """An environment that is enough to try a tunnel."""
    return environment(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_REGION="us-east-1",
                       AWS_SECRET_ACCESS_KEY="not-a-secret")


def run(*args, env=None, stdin=subprocess.DEVNULL, **more):
    """Run eice; everything it does here is over at once."""
    return subprocess.run([EICE, *args], env=env or environment(),
                          stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30,
                          check=False, **more)


class Refusals(unittest.TestCase):
    """Mistakes: one line on stderr, nothing on stdout, the right code."""

    # (arguments, exit code, stderr after "eice: [ERROR]: ")
    CASES = [
        ([], 252, USAGE + "the following arguments are required: command - "
         "'eice help' lists the commands"),
        (["bogus"], 252, USAGE + "argument command: Found invalid choice "
         "'bogus' - 'eice help' lists the commands"),
        (["open-tunel"], 252, USAGE + "argument command: Found invalid choice "
         "'open-tunel' - maybe you meant: open-tunnel"),
        (["--versoin"], 252, USAGE + "the following arguments are required: "
         "command - maybe you meant: --version"),
        (["list", "--regoin=x"], 252, USAGE + "Unknown options: --regoin=x - "
         "maybe you meant: --region"),
        (["open-tunnel", "--instnace-id", "x"], 252, USAGE + "Unknown options: "
         "--instnace-id,x - maybe you meant: --instance-id"),
        (["open-tunnel", "--zz"], 252, USAGE + "Unknown options: --zz - "
         "'eice open-tunnel --help' lists the options"),
        (["ec2-instance-connect"], 252, USAGE + "the following arguments are "
         "required: operation - 'eice help' lists the commands"),
        (["ec2-instance-connect", "bogus"], 252, USAGE + "argument operation: "
         "Found invalid choice 'bogus' - 'eice help' lists the commands"),
        (["--profile"], 252, USAGE + "argument --profile: expected one "
         "argument"),
        (["--c", "x"], 252, USAGE + "ambiguous option: --c could match "
         "--color, --ca-bundle, --cli-read-timeout, --cli-connect-timeout, "
         "--cli-binary-format, --cli-auto-prompt, --cli-error-format"),
        (["--output", "xml"], 252, USAGE + "argument --output: Found invalid "
         "choice 'xml' - choose one of json, text, table, yaml, yaml-stream, "
         "off"),
        (OPEN + ["--cli-auto-prompt", "--no-cli-auto-prompt"], 252, USAGE +
         "Both --cli-auto-prompt and --no-cli-auto-prompt cannot be specified "
         "at the same time."),
        # The AWS CLI's checks, in its order.
        (OPEN, 252, USAGE + "Specify an instance id or private ip."),
        (OPEN + ["--instance-id", "i-1", "--max-tunnel-duration", "0",
                 "--instance-connect-endpoint-dns-name", "x"], 252, USAGE +
         "Specify an instance connect endpoint id when providing a DNS name."),
        (OPEN + ["--private-ip-address", "10.0.0.1", "--max-tunnel-duration",
                 "0"], 252, USAGE + "Specify an instance connect endpoint id "
         "when providing a private ip."),
        (["ec2", "open-tunnel"], 252, USAGE + "argument operation: Found "
         "invalid choice 'open-tunnel' - it is: eice open-tunnel"),
        (["ec2", "get-password-data"], 252, USAGE + "the following arguments "
         "are required: --instance-id"),
        (["get-password-data", "--instance-id", "i-1", "--priv-launch-key",
          "/nowhere/key"], 255, "priv-launch-key should be a path to the "
         "local SSH private key file used to launch the instance. No such "
         "file or directory: '/nowhere/key'."),
        (["get-password-data", "--instance-id", "i-1", "--priv-launch-key",
          "/dev/null"], 255, "Unable to decrypt password data using provided "
         "private key file. /dev/null holds no private key in PEM form."),
        # Numbers.
        (OPEN + ["--instance-id", "i-1", "--remote-port", "ssh"], 255,
         "invalid literal for int() with base 10: 'ssh'"),
        (OPEN + ["--local-port", "8x8", "--bogus"], 255,
         "invalid literal for int() with base 10: '8x8'"),
        (OPEN + ["--cli-read-timeout", "x"], 255,
         "invalid literal for int() with base 10: 'x'"),
        (OPEN + ["--linger", "soon"], 252, USAGE + "argument --linger: "
         "expected a number of seconds, found 'soon'"),
        # What is left over.
        (OPEN + ["--instance-id", "i-1", "--bogus", "5", "word"], 252, USAGE +
         "Unknown options: --bogus,5,word - 'eice open-tunnel --help' lists "
         "the options"),
        # Words that make no sense.
        (OPEN + ["--instance-id", "web-1"], 252, USAGE + "The specified "
         "instance ID is invalid. Provide the full instance ID in the form "
         "i-xxxxxxxxxxxxxxxxx. This was given: \"web-1\"."),
        (OPEN + ["--instance-id", "i-1", "--instance-connect-endpoint-id",
                 "vpce-1"], 252, USAGE + "The specified endpointId is invalid. "
         "Provide the full EC2 Instance Connect Endpoint ID in the form "
         "eice-xxxxxxxxxxxxxxxxx. This was given: \"vpce-1\"."),
        (OPEN + ["--instance-id", "i-1", "--endpoint-url", "localhost"], 252,
         USAGE + "Bad value for --endpoint-url \"localhost\": scheme is "
         "missing.  Must be of the form http://<hostname>/ or "
         "https://<hostname>/"),
        (OPEN + ["--instance-id", "i-1", "--endpoint-url", "ftp://x"], 252,
         USAGE + "Bad value for --endpoint-url: the scheme must be http or "
         "https, not ftp"),
        (LISTEN[:-1] + ["70000"], 252, USAGE + "The local port 70000 is "
         "invalid. A port is a number from 1 to 65535, or auto."),
        (LISTEN[:-1] + ["-1"], 252, USAGE + "The local port -1 is invalid. A "
         "port is a number from 1 to 65535, or auto."),
        (LISTEN + ["--max-websocket-connections", "0"], 252, USAGE + "The "
         "value of --max-websocket-connections is invalid. It must be between "
         "1 and 1000000."),
        (TARGET + ["--bind-address", "::1"], 252, USAGE +
         "--bind-address needs --local-port."),
        (LISTEN + ["--bind-address", ""], 252, USAGE + "'' is not an address "
         "to listen on - give a numeric IPv4 or IPv6 address of this machine"),
        (LISTEN + ["--bind-address", ",".join(["::1"] * 15)], 252, USAGE +
         "--bind-address takes 14 addresses at most."),
        (LISTEN + ["--bind-address", "here"], 252, USAGE + "'here' is not an "
         "address to listen on - give a numeric IPv4 or IPv6 address of this "
         "machine"),
        (TARGET + ["--local-port", "0", "--local-socket", "/tmp/x"], 252,
         USAGE + "--local-port 0 means stdin and stdout, which cannot be "
         "combined with a socket to listen on."),
        (TARGET + ["--local-port", "0", "--preconnect", "1"], 252, USAGE +
         "--preconnect needs --local-port or --local-socket."),
        (LISTEN + ["--preconnect", "21"], 252, USAGE + "The value of "
         "--preconnect is invalid. It must be between 0 and 20."),
        (LISTEN + ["--preconnect", "-1"], 252, USAGE + "The value of "
         "--preconnect is invalid. It must be between 0 and 20."),
        (LISTEN + ["--when-full", "cry"], 252, USAGE + "argument --when-full: "
         "Found invalid choice 'cry' - choose one of close, wait"),
        (LISTEN + ["--instance-id", "file:///nope"], 252, USAGE + "Error "
         "parsing parameter '--instance-id': Unable to load paramfile "
         "file:///nope: [Errno 2] No such file or directory: '/nope'"),
    ]

    def test_each(self):
        for args, code, text in self.CASES:
            with self.subTest(args=args):
                done = run(*args, env=keys())
                self.assertEqual(done.stderr, f"eice: [ERROR]: {text}\n")
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.returncode, code)

    def test_every_bad_value(self):
        for option, values in (
                ("--max-tunnel-duration", ["0", "-1", "3601",
                                           "99999999999999999999"]),
                ("--remote-port", ["0", "-1", "65536", "99999999999999999999",
                                   "5432", "80"]),
                ("--private-ip-address", ["", "10.0.0", "10.0.0.256", "::g",
                                          "[::1]", "10.0.0.1:22", "host"]),
                ("--instance-connect-endpoint-dns-name",
                 ["a b", "host:", "host:0", "host:65536", "host:ssh",
                  "https://host", "-host"])):
            for value in values:
                with self.subTest(option=option, value=value):
                    done = run(*TARGET, f"{option}={value}", env=keys())
                    self.assertEqual(done.returncode, 252, done.stderr)
                    self.assertTrue(done.stderr.startswith(
                        f"eice: [ERROR]: {USAGE}"), done.stderr)
                    self.assertEqual(done.stderr.count("\n"), 1)

    def test_remote_port_says_what_to_do(self):
        done = run(*TARGET, "--remote-port", "5432", env=keys())
        self.assertIn("ssh -L", done.stderr)
        self.assertIn("--force-remote-port", done.stderr)

    def test_a_terminal_is_refused_but_not_for_port_zero(self):
        master, slave = pty.openpty()
        done = run(*TARGET, stdin=slave, env=keys())
        self.assertEqual(done.stderr, f"eice: [ERROR]: {USAGE}This command "
                         "does not support interactive mode. You must use this "
                         "command as a proxy or in listener mode. \n")
        self.assertEqual(done.returncode, 252)
        done = run(*TARGET, "--local-port", "0", stdin=slave, env=keys())
        self.assertEqual(done.returncode, 255)
        self.assertNotIn("interactive", done.stderr)
        os.close(master)
        os.close(slave)

    def test_configuration_comes_after(self):
        done = run(*OPEN, "--instance-id", "i-1")
        self.assertTrue(done.stderr.startswith("eice: [ERROR]: An error "
                                               "occurred (NoRegion): "),
                        done.stderr)
        self.assertEqual(done.returncode, 253)
        done = run(*OPEN, "--instance-id", "i-1", "--region", "us-east-1")
        self.assertTrue(done.stderr.startswith("eice: [ERROR]: An error "
                                               "occurred (NoCredentials): "),
                        done.stderr)
        self.assertEqual(done.returncode, 253)


class Spellings(unittest.TestCase):
    """Ways to say the same."""

    def test_the_aws_clis_form_and_short_names(self):
        for args in (
                ["open-tunnel", "--instance-id", "x"],
                ["ec2-instance-connect", "open-tunnel", "--instance-id", "x"],
                ["--reg", "eu-west-1", "open-tunnel", "--instance-id=x"],
                ["--instance-id=x", "open-tunnel", "--region=eu-west-1"],
                ["open-tunnel", "--instance-i", "x", "--debug"],
                ["open-tunnel", "--instance-id", "i-1", "--instance-id", "x"]):
            with self.subTest(args=args):
                done = run(*args, env=keys())
                self.assertIn("instance ID is invalid", done.stderr)
                self.assertEqual(done.returncode, 252)

    def test_local_means_the_port(self):
        done = run(*TARGET, "--local", "99999", env=keys())
        self.assertIn("The local port 99999 is invalid", done.stderr)


class Formats(unittest.TestCase):
    """How an error can be shown."""

    def error(self, *args, **env):
        return run(*OPEN, *args, env=environment(**env)).stderr

    def test_each(self):
        text = "Specify an instance id or private ip."
        show = "--cli-error-format"
        self.assertEqual(self.error(show, "legacy"),
                         f"eice: [ERROR]: {text}\n")
        self.assertEqual(json.loads(self.error(show, "json")),
                         {"Code": "ParamValidation", "Message": text})
        self.assertEqual(self.error(show, "yaml"),
                         f"Code: ParamValidation\nMessage: \"{text}\"\n")
        self.assertEqual(self.error(show, "text"), f"ParamValidation\t{text}\n")
        self.assertIn(f"|  Message |  {text}  |\n", self.error(show, "table"))
        self.assertEqual(self.error(AWS_CLI_ERROR_FORMAT="legacy"),
                         f"eice: [ERROR]: {text}\n")
        # What the AWS CLI prints bare stays bare.
        self.assertEqual(self.error(show, "json", "--remote-port", "x"),
                         "eice: [ERROR]: invalid literal for int() with base "
                         "10: 'x'\n")

    def test_json_log(self):
        line = json.loads(self.error("--log-format", "json"))
        self.assertEqual(line["level"], "error")
        self.assertEqual(line["exit_code"], 252)
        self.assertEqual(line["code"], "EICE_ERR_USAGE")
        self.assertIn("Specify an instance id", line["message"])


class Help(unittest.TestCase):
    """Texts that are no errors."""

    def test_help(self):
        for args in (["help"], ["--help"], ["-h"], ["--region", "x", "help"],
                     ["ec2-instance-connect", "help"]):
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(done.returncode, 0)
                self.assertEqual(done.stderr, "")
                self.assertIn("\n  open-tunnel ", done.stdout)
        for args in (["help", "open-tunnel"], ["open-tunnel", "help"],
                     ["open-tunnel", "--help"], ["open-tunnel", "-h"],
                     ["open-tunnel", "--instance-id", "i-1", "-h"],
                     ["ec2-instance-connect", "open-tunnel", "help"]):
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(done.returncode, 0)
                self.assertEqual(done.stderr, "")
                self.assertIn("\n  --instance-id ID ", done.stdout)
                self.assertLess(max(map(len, done.stdout.split("\n"))), 90)

    def test_version(self):
        for args in (["--version"], ["open-tunnel", "--version"]):
            done = run(*args)
            self.assertEqual(done.returncode, 0)
            for name in ("eice/", "libuv/", "libcurl/", "OpenSSL/"):
                self.assertIn(name, done.stdout)


class Process(unittest.TestCase):
    """The process itself."""

    def start(self, *args, **more):
        """A listener, once it listens (nobody is connected to yet)."""
        process = subprocess.Popen([EICE, *args], env=keys(),
                                   stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, **more)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_listening_line_comes_at_once(self):
        process = self.start(*LISTEN)
        line = process.stdout.readline()
        self.assertRegex(line, r"^Listening for connections on port \d+\.\n$")
        port = int(line.split()[-1].rstrip("."))
        with socket.create_connection(("127.0.0.1", port)) as four, \
                socket.create_connection(("::1", port)) as six:
            self.assertEqual(four.recv(1), b"")  # There is no endpoint.
            self.assertEqual(six.recv(1), b"")
        lines = [process.stdout.readline() for _ in range(4)]
        self.assertIn("[1] Accepted new tcp connection, opening websocket "
                      "tunnel.\n", lines)
        self.assertIn("[2] Closing tcp connection.\n", lines)
        self.assertRegex(process.stderr.readline(),
                         r"^\[[12]\] Encountered error with websocket: ")

    def test_signals(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143),
                             (signal.SIGHUP, 129)):
            with self.subTest(number=number):
                process = self.start(*LISTEN)
                process.stdout.readline()
                began = time.monotonic()
                process.send_signal(number)
                self.assertEqual(process.wait(10), code)
                self.assertLess(time.monotonic() - began, 2)
                self.assertEqual(process.stderr.read(), "")

    def test_ignored_signals_stay_ignored(self):
        process = self.start(*LISTEN, preexec_fn=lambda: signal.signal(
            signal.SIGHUP, signal.SIG_IGN))
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        self.assertIsNone(process.poll())

    def test_a_port_in_use_is_said_first(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            # Not even configuration is needed to find out.
            done = run(*TARGET, "--local-port", str(port), env=keys())
        self.assertEqual(done.stderr, f"eice: [ERROR]: port {port} on "
                         "127.0.0.1 is already in use - choose another port "
                         "with --local-port, or let one be chosen with "
                         "--local-port auto\n")
        self.assertEqual(done.returncode, 255)

    def test_unix_socket(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "socket")
            process = self.start(*TARGET, "--local-socket", path)
            self.assertEqual(process.stdout.readline(),
                             f"Listening for connections on {path}.\n")
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            process.send_signal(signal.SIGTERM)
            process.wait(10)
            self.assertFalse(os.path.exists(path))

    def test_socket_activation(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]

            # The environment of the child is made after the fork.
            script = ("import os,sys;os.dup2(int(sys.argv[1]),3);"
                      "os.environ.update(LISTEN_PID=str(os.getpid()),"
                      "LISTEN_FDS='1');os.execv(sys.argv[2],sys.argv[2:])")
            process = subprocess.Popen(
                [sys.executable, "-c", script, str(server.fileno()), EICE,
                 *TARGET], env=keys(), pass_fds=[server.fileno(), 3],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            self.assertEqual(process.stdout.readline(),
                             f"Listening for connections on port {port}.\n")

    def test_no_core_no_peeking(self):
        if not sys.platform.startswith("linux"):
            self.skipTest("/proc")
        process = self.start(*LISTEN)
        process.stdout.readline()
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as limits:
            core = [l for l in limits if l.startswith("Max core file size")]
        self.assertEqual(core[0].split()[4:6], ["0", "0"])

    def test_a_reader_who_reads_nothing_stalls_nobody(self):
        reader, writer = os.pipe()
        process = self.start(*LISTEN)
        port = int(process.stdout.readline().split()[-1].rstrip("."))
        os.close(reader)
        os.close(writer)
        # Far more lines than its stdout and stderr hold, all unread.
        for _ in range(1500):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.recv(1)
        self.assertIsNone(process.poll())

    def test_closed_descriptors_are_no_trap(self):
        process = self.start(*LISTEN, "--debug", preexec_fn=lambda: os.close(0))
        self.assertRegex(process.stdout.readline(), r"^Listening ")


if __name__ == "__main__":
    unittest.main()
