#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people mistype around eice ssh and its neighbours: each mistake is one
line on stderr that says what to do, and exit code 252; nothing is asked.

usage: test_mistakes.py EICE
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

EICE = os.path.abspath(sys.argv.pop())
ID = "i-0123456789abcdef0"
LONG = "x" * 400


def run(*args, home="/dev/null"):
    env = {"PATH": os.environ["PATH"], "HOME": home, "AWS_REGION": "us-east-1",
           "AWS_EC2_METADATA_DISABLED": "true",
           "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
           "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([EICE, *args], env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)


class Mistakes(unittest.TestCase):
    CASES = [
        # Commands.
        (["sssh", "web"], "argument command: Found invalid choice 'sssh' - "
         "maybe you meant: ssh"),
        (["lst"], "argument command: Found invalid choice 'lst' - maybe you "
         "meant: list"),
        (["--regoin", "eu-west-1", "list"], "argument command: Found invalid "
         "choice 'eu-west-1' - maybe you meant: --region"),
        (["help", "nope"], "argument command: Found invalid choice 'nope' - "
         "'eice help' lists the commands"),
        # A target that is missing, or two.
        (["ssh"], "the following arguments are required: --instance-id - or "
         "name an instance: eice ssh NAME"),
        (["ssh", ""], "the following arguments are required: --instance-id - "
         "or name an instance: eice ssh NAME"),
        (["scp", "a", "b"], "the following arguments are required: "
         "--instance-id - or name an instance: eice scp FILE NAME:"),
        (["rsync", "-a", "x"], "the following arguments are required: "
         "--instance-id - or name an instance: eice rsync FILE NAME:"),
        (["sftp"], "the following arguments are required: --instance-id - or "
         "name an instance: eice sftp NAME"),
        (["scp", "web:a", "db:"], "'web' and 'db' are two instances; copy "
         "from one to here, and from here to the other."),
        (["ssh", LONG], f"'{LONG}' is too long."),
        # Options: ours misspelt, without a value, with a bad one; ssh's
        # without a value.
        (["ssh", "--os-usr", "x", "web"], "Unknown options: --os-usr - maybe "
         "you meant: --os-user"),
        (["ssh", "web", "--bogus"], "Unknown options: --bogus - 'eice ssh "
         "--help' lists the options"),
        (["ssh", "web", "--os-user"], "argument --os-user: expected one "
         "argument"),
        (["ssh", "web", "-p"], "argument -p: expected one argument"),
        (["ssh", "-vl"], "argument -l: expected one argument"),
        (["scp", "x", "web:", "-i"], "argument -i: expected one argument"),
        (["ssh", "--pick", "best", "web"], "The value of --pick is invalid. "
         "It must be newest, random or a number."),
        (["ssh", "--host-keys", "yes", "web"], "argument --host-keys: Found "
         "invalid choice 'yes' - choose one of console, tofu, off"),
        (["ssh", "--ssh-port", "99999", "web"], "The port 99999 is invalid. A "
         "port is a number from 1 to 65535."),
        (["ssh", "--key", "k", "--no-push", "web"], "--key cannot be combined "
         "with --private-key-file or --no-push."),
        # The others.
        (["list", "a", "b"], "Give one name, id or address to look for."),
        (["list", "--filter", "x"], "The filter 'x' is invalid. A filter is "
         "NAME=VALUE, such as tag:env=dev."),
        (["list", "--filter", "=x"], "The filter '=x' is invalid. A filter is "
         "NAME=VALUE, such as tag:env=dev."),
        (["list", "--columns", "id,nmae"], "There is no column 'nmae'. The "
         "columns are in 'eice list --help'."),
        (["list", "--columns", ""], "--columns names no column; they are in "
         "'eice list --help'."),
        (["whoami", "me"], "Unknown options: me - 'eice whoami --help' lists "
         "the options"),
        (["cache"], "eice cache: say 'eice cache list' or 'eice cache "
         "clear'."),
        (["cache", "lst"], "eice cache: say 'eice cache list' or 'eice cache "
         "clear'."),
        (["ssh-config", "--install", "--remove"], "--install and --remove "
         "cannot be combined."),
        (["ssh-config", "web"], "Unknown options: web - 'eice ssh-config "
         "--help' lists the options"),
        (["ssh-config", "--key", "/nope"], "The public half of /nope cannot "
         "be read: /nope.pub - make it with: ssh-keygen -y -f /nope > "
         "/nope.pub"),
        (["rdp"], "the following arguments are required: TARGET - name an "
         "instance: eice rdp NAME"),
        (["send-ssh-public-key", "--instance-id", ID], "the following "
         "arguments are required: --instance-os-user, --ssh-public-key"),
    ]

    def test_each(self):
        for args, text in self.CASES:
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(
                    (done.stderr, done.returncode, done.stdout),
                    ("eice: [ERROR]: An error occurred (ParamValidation): "
                     f"{text}\n", 252, ""))

    def test_files_of_ssh_config(self):
        with tempfile.TemporaryDirectory() as where:
            for path, text in (
                    (where, f"{os.path.realpath(where)} is no regular file."),
                    (f"{where}/no/config",
                     f"{where}/no/config: no such file or directory")):
                with self.subTest(path=path):
                    done = run("ssh-config", "--install", "--file", path,
                               home=where)
                    self.assertEqual((done.stderr, done.returncode),
                                     (f"eice: [ERROR]: {text}\n", 255))


@unittest.skipUnless(shutil.which("ssh"), "there is no ssh")
class NoInstance(unittest.TestCase):
    """What ssh answers by itself needs none."""

    def test_ssh_speaks(self):
        for args in (["-V"], ["-Q", "cipher"]):
            with self.subTest(args=args):
                ours = run("ssh", *args)
                ssh = subprocess.run(["ssh", *args], stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True,
                                     check=True)
                self.assertEqual((ours.returncode, ours.stdout, ours.stderr),
                                 (0, ssh.stdout, ssh.stderr))


if __name__ == "__main__":
    unittest.main()
