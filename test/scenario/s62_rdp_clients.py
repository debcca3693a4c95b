#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""eice rdp with the other clients: rdesktop, which asks on standard input
whether a certificate is trusted, and Remmina, which asks in its window."""
import contextlib
import os
import pathlib
import pty
import select
import shutil
import subprocess
import unittest

import harness
from desktop import PASSWORD, Desktop
from harness import EICE


@unittest.skipUnless(shutil.which("rdesktop"), "no rdesktop")
class Rdesktop(Desktop):
    ARGS = ("--client", "rdesktop", "--key")
    QUESTION = "Do you trust this certificate (yes/no)?"

    def begin(self, **kw):
        return self.rdp(*self.ARGS, self.key, "--", "-g", "1000x700", **kw)

    def on_a_terminal(self):
        """The run, and our side of its terminal."""
        ours, its = pty.openpty()
        self.addCleanup(os.close, ours)
        process = self.start(
            ["setsid", "--ctty", "--wait", EICE, "rdp", "desk", *self.ARGS,
             self.key, "--", "-g", "1000x700"],
            stdin=its, stdout=its, stderr=its)
        os.close(its)
        return process, ours

    def read_until(self, fd, text):
        said = b""

        def check():
            nonlocal said
            if select.select([fd], [], [], 0)[0]:
                said += os.read(fd, 4096)
            return text.encode() in said
        try:
            harness.wait_for(text, check)
        except (AssertionError, OSError):
            raise AssertionError(f"no {text} in {said}") from None
        return said.decode(errors="replace")

    def test_a_question_on_a_terminal(self):
        process, terminal = self.on_a_terminal()
        said = self.read_until(terminal, self.QUESTION)
        self.assertNotIn(PASSWORD, said)
        os.write(terminal, b"yes\n")
        self.seen("the desktop")
        self.nobody_tells()
        self.stop(process)
        self.seen("nothing", 0.0, 0.01)
        # It has remembered the answer: the port is the instance's own.
        self.begin()
        self.seen("the desktop again")
        self.assertNotIn(self.QUESTION, self.log())

    def test_no(self):
        process, terminal = self.on_a_terminal()
        self.read_until(terminal, self.QUESTION)
        os.write(terminal, b"no\n")
        process.wait(harness.PATIENCE)
        self.assertLess(self.share(), 0.01)

    def test_an_answer_from_a_pipe_and_from_a_file(self):
        process = self.begin(stdin=subprocess.PIPE)
        process.stdin.write(b"yes\n")
        process.stdin.close()
        self.seen("the desktop")
        self.stop(process)
        self.seen("nothing", 0.0, 0.01)
        shutil.rmtree(self.home / ".local")
        answers = self.dir / "answers"
        answers.write_text("yes\n")
        with open(answers, "rb") as f:
            self.begin(stdin=f)
        self.seen("the desktop again")
        self.assertEqual(self.log().count(self.QUESTION), 2)

    def test_the_thumbprint_of_the_console(self):
        """It is told before the question, to compare."""
        self.console("ab" * 20)
        process = self.begin(stdin=subprocess.PIPE)
        harness.wait_for("the question", lambda: self.QUESTION in self.log())
        told = ("eice: its certificate must have the SHA-1 thumbprint "
                + ":".join(["ab"] * 20))
        self.assertIn(told, self.log().partition(self.QUESTION)[0])
        process.stdin.write(b"no\n")
        process.stdin.close()
        process.wait(harness.PATIENCE)


@unittest.skipUnless(shutil.which("remmina"), "no Remmina")
class Remmina(Desktop):
    """It asks in its window, for the certificate and the password: what can
    be seen from outside is that it comes as far as the first question."""

    def test_it_connects(self):
        process = self.rdp("--client", "remmina", "--key", self.key)
        harness.wait_for("the certificate", lambda: "CN = desk" in self.log())
        self.assertIn("--copy puts it on the clipboard", self.log())
        self.nobody_tells()
        profile = self.profile()
        text = profile.read_text()
        self.assertNotIn(PASSWORD, text)
        self.assertIn("username=Administrator\n", text)
        self.assertEqual(profile.parent.stat().st_mode & 0o77, 0)
        self.stop(process)
        self.assertFalse(profile.parent.exists())

    def profile(self):
        """The file it was started with."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                path = pathlib.Path(f"/proc/{pid}")
                words = (path / "cmdline").read_bytes().split(b"\0")
                if (words[1:2] == [b"-c"] and str(self.home).encode() in
                        (path / "environ").read_bytes()):
                    return pathlib.Path(words[2].decode())
        raise AssertionError("no Remmina with a profile")


if __name__ == "__main__":
    harness.main()
