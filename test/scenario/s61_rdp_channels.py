#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a desktop shares beside its picture, through eice rdp: a drive of the
client's with files both ways, and a large clipboard.

EICE_TEST_RDP_MB says how large the files are."""
import contextlib
import hashlib
import os
import shutil
import subprocess
import time
import unittest

import harness
from desktop import Desktop

MB = int(os.environ.get("EICE_TEST_RDP_MB", "4"))
TEXT_KB = 512  # 1 MB in UTF-16, which is all that xrdp takes


class Channels(Desktop):
    CHANNELS = True

    def setUp(self):
        super().setUp()
        self.mine = self.dir / "mine"
        self.mine.mkdir()

    def files_cross(self):
        """A file of ours is read at the desktop, one of its comes to us."""
        there = harness.random_file(self.mine / "there.bin", MB << 20)
        drive = self.drive("files")
        self.assertEqual(self.digest(drive / "there.bin"),
                         harness.sha256(there))
        back = harness.random_file(self.dir / "back.bin", MB << 20)
        self.run_ok(["cp", back, drive / "back.bin"], timeout=300)
        self.assertEqual(harness.sha256(self.mine / "back.bin"),
                         harness.sha256(back))

    def digest(self, path):
        """By a process of its own, which can be left behind if FUSE hangs."""
        return self.run_ok(["sha256sum", path], timeout=300).split()[0]

    def test_freerdp(self):
        self.rdp("--key", self.key, "--", "/size:1000x700",
                 f"/drive:files,{self.mine}")
        self.seen("the desktop")
        self.files_cross()
        self.nobody_tells()

    def copied(self, source, target):
        """What is put on the clipboard of one side is on the other's."""
        path = self.dir / "text"
        path.write_text(random_text(TEXT_KB))
        for _ in range(6):
            client = self.rdp("--key", self.key, "--", "/size:1000x700",
                              "+clipboard")
            self.seen("the desktop")
            if self.crosses(client, path, source, target):
                return
            # FreeRDP 2.11 crashes now and then when a clipboard changes
            # while it fetches one (in ClipboardSetData).
            if client.poll() is not None:
                self.assertIn("ClipboardSetData", self.log())
            self.stop(client)
        self.fail(self.log())

    def crosses(self, client, path, source, target):
        """Whether the text gets across while @client lives."""
        text = path.read_text()
        # xclip has it until somebody else takes the clipboard; while a desktop
        # begins, its own empty one may.
        owner = None
        end = time.monotonic() + 20 * harness.SLOW
        while client.poll() is None and time.monotonic() < end:
            if owner is None or owner.poll() is not None:
                owner = self.start(
                    ["xclip", "-quiet", "-selection", "clipboard", "-in",
                     path], env=source, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                done = self.run_any(["xclip", "-selection", "clipboard",
                                     "-out", "-target", "UTF8_STRING"],
                                    env=target, timeout=5)
                # Windows' texts end with a zero byte.
                if done.stdout.rstrip("\0") == text:
                    return True
            time.sleep(0.2)
        return False

    @unittest.skipUnless(shutil.which("xclip"), "no xclip")
    def test_our_clipboard_there(self):
        self.copied(self.env, self.remote)

    @unittest.skipUnless(shutil.which("xclip"), "no xclip")
    def test_its_clipboard_here(self):
        self.copied(self.remote, self.env)

    @unittest.skipUnless(shutil.which("rdesktop"), "no rdesktop")
    def test_rdesktop(self):
        process = self.rdp("--client", "rdesktop", "--key", self.key, "--",
                           "-g", "1000x700", "-r", f"disk:files={self.mine}",
                           stdin=subprocess.PIPE)
        process.stdin.write(b"yes\n")
        process.stdin.flush()
        self.seen("the desktop")
        self.files_cross()
        self.nobody_tells()


def random_text(kb):
    """Lines of ASCII: what else the two make of a text is their affair."""
    return "\n".join(hashlib.sha512(b"%d" % i).hexdigest()
                     for i in range(kb * 8))[:kb << 10]


if __name__ == "__main__":
    harness.main()
