#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The administrator's password: keys of every PEM form, a passphrase asked on
a terminal, waiting for a password that is not there yet, the clipboard, and
what each thing that cannot be is answered with."""
import contextlib
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import termios
import time
import unittest

import harness
from harness import EICE, INSTANCE

PASSWORD = "x" + os.urandom(8).hex() + "ü€"
PHRASE = "correct horse"
VALIDATION = "eice: [ERROR]: An error occurred (ParamValidation): "
CONFIGURATION = "eice: [ERROR]: An error occurred (Configuration): "


class Windows(harness.Scenario):
    """An instance with a password for a key pair of the test's own."""

    def setUp(self):
        super().setUp()
        self.key = self.dir / "pkcs1.pem"
        self.run_ok(["openssl", "genrsa", "-traditional", "-out", self.key,
                     "2048"])

    def begin(self, **changes):
        public = self.run_ok(["openssl", "rsa", "-in", self.key, "-pubout"])
        return self.emulator(harness.world(
            {3389: 1}, instance={"platform": "windows", "name": "desk",
                                 "key_name": "launch", "password": PASSWORD,
                                 **changes},
            key_pairs=[{"name": "launch", "public_key": public}]))

    def words(self, key=None):
        return [EICE, "get-password-data", "--instance-id", INSTANCE,
                "--priv-launch-key", key or self.key, "--query",
                "PasswordData", "--output", "text"]

    def protected(self, form):
        """The key with a passphrase, in one of the two forms."""
        path = self.dir / f"{form}.enc.pem"
        how = {"pkcs1": ["openssl", "rsa", "-traditional", "-aes128"],
               "pkcs8": ["openssl", "pkcs8", "-topk8", "-v2", "aes256"],
               }[form]
        self.run_ok([*how, "-in", self.key, "-out", path, "-passout",
                     f"pass:{PHRASE}"])
        mark = {"pkcs1": "DEK-Info", "pkcs8": "BEGIN ENCRYPTED PRIVATE KEY"}
        self.assertIn(mark[form], path.read_text())
        return path

    def typed(self, argv, *answers):
        """Run it on a terminal of its own, answering each question; the code,
        what the terminal showed, and stdout."""
        ours, its = pty.openpty()
        with contextlib.closing(os.fdopen(ours, "rb", buffering=0)):
            process = self.start(
                ["setsid", "--ctty", "--wait", *argv], stdin=its,
                stdout=subprocess.PIPE, stderr=its, text=True)
            os.close(its)
            shown = ""

            def read():
                nonlocal shown
                shown += everything(ours)
                return shown
            for n, answer in enumerate(answers, 1):
                harness.wait_for("a question",
                                 lambda n=n: read().count("Passphrase") >= n
                                 and not echoes(ours))
                os.write(ours, answer.encode() + b"\n")
            harness.wait_for("its end",
                             lambda: read() and process.poll() is not None)
            return process.returncode, read(), process.stdout.read()


def everything(terminal):
    """What it has shown since the last time."""
    shown = b""
    with contextlib.suppress(OSError):  # It has gone
        while select.select([terminal], [], [], 0)[0]:
            shown += os.read(terminal, 4096)
    return shown.decode()


def echoes(terminal):
    """Whether what is typed there is shown."""
    return termios.tcgetattr(terminal)[3] & termios.ECHO


class Forms(Windows):
    def test_every_form(self):
        self.begin()
        pkcs8 = self.dir / "pkcs8.pem"
        self.run_ok(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in",
                     self.key, "-out", pkcs8])
        openssh = self.dir / "openssh"
        shutil.copy(self.key, openssh)
        openssh.chmod(0o600)
        self.run_ok(["ssh-keygen", "-q", "-p", "-N", "", "-f", openssh])
        crlf = self.dir / "crlf.pem"
        crlf.write_bytes(self.key.read_bytes().replace(b"\n", b"\r\n"))
        for path, first in (
                (self.key, "-----BEGIN RSA PRIVATE KEY-----"),
                (pkcs8, "-----BEGIN PRIVATE KEY-----"),
                (openssh, "-----BEGIN OPENSSH PRIVATE KEY-----"),
                (crlf, "-----BEGIN RSA PRIVATE KEY-----")):
            self.assertTrue(path.read_text().startswith(first))
            with self.subTest(path.name):
                self.assertEqual(self.run_ok(self.words(path)),
                                 PASSWORD + "\n")

    def test_a_passphrase(self):
        self.begin()
        for form in ("pkcs1", "pkcs8"):
            path = self.protected(form)
            with self.subTest(form):
                code, shown, out = self.typed(self.words(path), PHRASE)
                self.assertEqual((code, out), (0, PASSWORD + "\n"), shown)
                self.assertNotIn(PHRASE, shown)
            with self.subTest(form + ", wrong"):
                code, shown, out = self.typed(self.words(path), "wrong",
                                              "worse", "far off")
                self.assertEqual((code, out), (255, ""), shown)
                self.assertIn(f"The passphrase does not open {path}.", shown)
                self.assertNotIn("worse", shown)
                self.assertEqual(shown.count("That is not it."), 2)
            with self.subTest(form + ", at the second try"):
                code, shown, out = self.typed(self.words(path), "wrong",
                                              PHRASE)
                self.assertEqual((code, out), (0, PASSWORD + "\n"), shown)
            with self.subTest(form + ", no terminal"):
                done = self.run_any(["setsid", "--wait", *self.words(path)],
                                    input=PHRASE + "\n")
                self.assertEqual(done.stdout, "")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("there is no terminal to ask for it",
                              done.stderr)

    def asked(self):
        """A run that asks, and our end of its terminal."""
        ours, its = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, its)
        run = self.start(
            ["setsid", "--ctty", "--wait", *self.words(
                self.protected("pkcs8"))],
            stdin=its, stdout=subprocess.PIPE, stderr=its, text=True)
        self.question(ours)
        return run, ours

    def question(self, terminal):
        """It comes, and what is typed is not shown."""
        shown = ""

        def seen():
            nonlocal shown
            shown += everything(terminal)
            return "Passphrase" in shown and not echoes(terminal)
        harness.wait_for("the question", seen)

    def test_a_stop_at_the_question(self):
        """It is asked again, and answered."""
        self.begin()
        run, terminal = self.asked()
        run.send_signal(signal.SIGSTOP)
        run.send_signal(signal.SIGCONT)
        shown = ""

        def again():
            nonlocal shown
            run.send_signal(signal.SIGTSTP)  # Lost if a SIGCONT comes now
            time.sleep(0.5)
            shown += everything(terminal)
            return "Passphrase" in shown and not echoes(terminal)
        harness.wait_for("the question again", again)
        os.write(terminal, PHRASE.encode() + b"\n")
        out, _ = run.communicate(timeout=harness.PATIENCE)
        self.assertEqual(out, PASSWORD + "\n")

    def test_an_end_at_the_question(self):
        """The terminal is as it was."""
        self.begin()
        for number in signal.SIGTERM, signal.SIGINT:
            run, terminal = self.asked()
            run.send_signal(number)
            self.assertEqual(run.wait(harness.PATIENCE), -number)
            self.assertTrue(echoes(terminal))
            self.assertNotIn("ERROR", everything(terminal))

    def test_the_same_for_rdp(self):
        self.begin()
        argv = [EICE, "rdp", "desk", "--password-only", "--key"]
        self.assertEqual(self.run_ok([*argv, self.key]), PASSWORD + "\n")
        code, shown, out = self.typed([*argv, self.protected("pkcs8")],
                                      PHRASE)
        self.assertEqual((code, out), (0, PASSWORD + "\n"), shown)


class Waiting(Windows):
    def launched(self, seconds):
        return self.begin(password_seconds=seconds, launched=time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime()))

    def waits(self, argv):
        """What a run says that had to wait for the password, and got it."""
        for seconds in (4, 16, 48):  # Until it is asked early enough
            emulator = self.launched(seconds)["process"]
            done = self.run_any(argv)
            self.assertEqual((done.returncode, done.stdout),
                             (0, PASSWORD + "\n"), done.stderr)
            if done.stderr:
                break
            self.stop(emulator)
        return done

    def test_it_comes(self):
        done = self.waits([*self.words(), "--wait"])
        self.assertRegex(
            done.stderr, rf"\Aeice: waiting for the password of {INSTANCE}, "
            r"which takes up to 15 minutes after the launch \(\d+ s so far\)"
            r"\n\Z")

    def test_rdp_waits_too(self):
        done = self.waits([EICE, "rdp", "desk", "--password-only", "--key",
                           self.key, "--wait"])
        self.assertIn("waiting for the password", done.stderr)

    def test_a_signal_while_waiting(self):
        self.launched(600)
        process = self.start([*self.words(), "--wait"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
        self.assertIn("waiting", process.stderr.readline())
        process.terminate()
        self.assertNotEqual(process.wait(harness.PATIENCE), 0)
        self.assertEqual(process.stdout.read(), "")

    def test_not_yet(self):
        """Without --wait the answer is the API's: no password."""
        self.launched(600)
        self.assertEqual(self.run_ok(self.words()), "\n")


class Clipboard(Windows):
    def setUp(self):
        super().setUp()
        if not shutil.which("Xvfb"):
            self.skipTest("no Xvfb")
        reading, writing = os.pipe()
        self.start(["Xvfb", "-nolisten", "tcp", "-noreset", "-displayfd",
                    writing], pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as f:
            self.env["DISPLAY"] = ":" + f.readline().strip()
        self.begin()

    def copy(self, tool, look):
        """With that tool alone on PATH."""
        where = self.dir / f"only-{tool}"
        where.mkdir()
        for name in (tool, "cat"):
            (where / name).symlink_to(shutil.which(name))
        env = {**self.env, "PATH": str(where)}
        done = self.run_any([EICE, "rdp", "desk", "--password-only", "--copy",
                             "--key", self.key], env=env)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", "eice: the password is on the clipboard\n"))
        # xsel lets go before its other half has the clipboard.
        harness.wait_for("the clipboard",
                         lambda: self.run_any(look).stdout == PASSWORD)

    @unittest.skipUnless(shutil.which("xclip"), "no xclip")
    def test_xclip(self):
        self.copy("xclip", ["xclip", "-selection", "clipboard", "-out"])

    @unittest.skipUnless(shutil.which("xsel"), "no xsel")
    def test_xsel(self):
        self.copy("xsel", ["xsel", "--clipboard", "--output"])

    def test_none(self):
        env = {**self.env, "PATH": str(self.dir)}
        done = self.run_any([EICE, "rdp", "desk", "--password-only", "--copy",
                             "--key", self.key], env=env)
        self.assertEqual(
            (done.returncode, done.stderr),
            (253, CONFIGURATION + "There is no program to fill the clipboard "
             "with. Install wl-clipboard, xclip or xsel, or use "
             "--password-only alone, which prints the password.\n"))


class Choice(Windows):
    """Which client is taken where several are installed; they are scripts
    that tell how they were called."""

    SCRIPT = ("#!/bin/sh\n"
              "printf '%s\\n' \"${0##*/}\" \"$@\" >\"$HOME/called\"\n"
              "read -r line\n"
              "printf '%s' \"$line\" >\"$HOME/told\"\n"
              "exit 3\n")

    def chosen(self, screen, *installed):
        """Name and arguments of the one that was called, and its input."""
        where = self.dir / "-".join([screen, *installed])
        where.mkdir()
        for name in installed:
            (where / name).write_text(self.SCRIPT)
            (where / name).chmod(0o755)
        done = self.run_any([EICE, "rdp", "desk", "--key", self.key], env={
            **self.env, screen: "none", "PATH": str(where)})
        self.assertEqual(done.returncode, 3, done.stderr)
        called = (self.home / "called").read_text().splitlines()
        return called[0], called[1:], (self.home / "told").read_text()

    def test_the_best_first(self):
        self.begin()
        for screen, installed, best, told in (
                ("DISPLAY", ("rdesktop", "xfreerdp", "wlfreerdp"),
                 "xfreerdp", PASSWORD),
                ("DISPLAY", ("xfreerdp3", "xfreerdp"), "xfreerdp3", PASSWORD),
                ("DISPLAY", ("rdesktop", "wlfreerdp"), "rdesktop", PASSWORD),
                ("DISPLAY", ("rdesktop", "remmina"), "remmina", ""),
                ("WAYLAND_DISPLAY", ("xfreerdp", "wlfreerdp", "remmina"),
                 "wlfreerdp", PASSWORD),
                ("WAYLAND_DISPLAY", ("wlfreerdp3", "wlfreerdp"),
                 "wlfreerdp3", PASSWORD),
                ("WAYLAND_DISPLAY", ("rdesktop", "remmina"), "remmina", "")):
            with self.subTest(screen, installed=installed):
                name, args, line = self.chosen(screen, *installed)
                self.assertEqual((name, line), (best, told))
                self.assertNotIn(PASSWORD, " ".join(args))


class Refusals(Windows):
    """One sentence of what is wrong, one of what to do."""

    def refused(self, code, text, *args, env=None):
        done = self.run_any([EICE, "rdp", *args], env=env or self.env)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (code, "", text + "\n"))

    def test_another_key(self):
        self.begin()
        for name, *words in (("ed", "ssh-keygen", "-t", "ed25519"),
                             ("other", "ssh-keygen", "-m", "PEM", "-t",
                              "rsa", "-b", "2048"),
                             ("long", "ssh-keygen", "-m", "PEM", "-t", "rsa",
                              "-b", "3072")):
            self.run_ok([*words, "-q", "-N", "", "-f", self.dir / name])
        cannot = ("eice: [ERROR]: Unable to decrypt password data using "
                  f"provided private key file. {self.dir}/")
        for name, why in (
                ("ed", "ed is an Ed25519 key, and passwords are encrypted "
                 "with RSA only: use the RSA key pair of the launch."),
                ("long", "long is a key of 3072 bits, and the password was "
                 "encrypted for one of 2048: use the key pair of the "
                 "launch."),
                ("other", "other is not the key pair the instance was "
                 "launched with."),
                ("ed.pub", "ed.pub is a public key; give the file with the "
                 "private one.")):
            with self.subTest(name):
                self.refused(255, cannot + why, "desk", "--password-only",
                             "--key", self.dir / name)
        self.refused(255, "eice: [ERROR]: --key cannot be read. No such file "
                     f"or directory: '{self.dir}/none'.", "desk",
                     "--password-only", "--key", self.dir / "none")

    def test_no_password_yet(self):
        self.begin(password_seconds=600, launched=time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        self.refused(
            255, f"eice: [ERROR]: The password of {INSTANCE} is not available "
            "yet. That takes up to 15 minutes after the launch, --wait waits "
            "for it; an image of your own that sets no new password, or a "
            "launch without a key pair, never has one.",
            "desk", "--password-only", "--key", self.key)

    def test_linux(self):
        self.emulator(harness.world({3389: 1}, instance={"name": "desk"}))
        not_windows = (VALIDATION + f"{INSTANCE} is not a Windows instance, "
                       "it runs Linux/UNIX. ")
        self.refused(
            252, not_windows + "`eice ssh desk` opens a shell on it; if a "
            "server for RDP (xrdp) runs on it, name with --user who logs in.",
            "desk", "--no-client")
        self.refused(
            252, not_windows + "EC2 has no password of it; leave out --key, "
            "and name with --user who logs in if a server for RDP (xrdp) "
            "runs on it.", "desk", "--password-only", "--key", self.key)

    def test_a_port_in_use(self):
        self.begin()
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
            self.refused(
                255, f"eice: [ERROR]: port {port} on 127.0.0.1 is already in "
                "use - choose another, or leave out --local-port", "desk",
                "--no-client", "--local-port", str(port))
        self.refused(252, VALIDATION + "The specified local port 70000 is "
                     "invalid. Give one from 1 to 65535, or auto.", "desk",
                     "--no-client", "--local-port", "70000")

    def test_no_client(self):
        """None installed, none known, no screen: said before any call."""
        env = {**self.env, "DISPLAY": ":9", "PATH": str(self.dir)}
        self.refused(
            253, CONFIGURATION + "There is no RDP client on this machine. "
            "Install FreeRDP (on Debian and Ubuntu: apt install "
            "freerdp2-x11 or freerdp3-x11), or listen with --no-client and "
            "connect any other.", "desk", env=env)
        self.refused(
            253, CONFIGURATION + "There is no program rdesktop. Install it, "
            "or leave out --client to use another.", "desk", "--client",
            "rdesktop", env=env)
        self.refused(
            253, CONFIGURATION + "There is no display to show a desktop on: "
            "neither DISPLAY nor WAYLAND_DISPLAY is set. Run this in a "
            "desktop session, or listen with --no-client and connect from "
            "where there is one.", "desk")
        self.refused(
            252, VALIDATION + "'mstsc' is no RDP client that is known here. "
            "Those are xfreerdp3, xfreerdp, wlfreerdp3, wlfreerdp, remmina "
            "and rdesktop; any other can connect to the port of --no-client.",
            "desk", "--client", "mstsc")

    def test_what_is_missing(self):
        self.refused(252, VALIDATION + "the following arguments are "
                     "required: TARGET - name an instance: eice rdp NAME")
        for option in ("--copy", "--password-only"):
            self.refused(
                252, VALIDATION + f"{option} needs --key. The password is "
                "encrypted for the key pair of the launch: name the file of "
                "its private key.", "desk", option)

    def test_it_says_what_to_type(self):
        self.begin()
        process = self.start([EICE, "rdp", "desk", "--no-client"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
        port = int(re.fullmatch(
            r"Listening for connections on port (\d+)\.\n",
            process.stdout.readline()).group(1))
        self.assertEqual(process.stderr.readline(),
                         "eice: connect an RDP client to "
                         f"127.0.0.1:{port} as Administrator\n")


if __name__ == "__main__":
    harness.main()
