#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages against the program's own tables: every option is in its
page, no page has an option that does not exist, and mandoc has no warning.

usage: test_manual.py EICE
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

EICE = sys.argv.pop()
MAN = pathlib.Path(__file__).resolve().parents[2] / "docs" / "man"


def tables():
    """Names of the options by command ('-': everybody's), with values."""
    out = subprocess.run([EICE, "__options"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    options = {"-": {}}
    for line in out.splitlines():
        command, name, _letter, value, words, _flags, _text = line.split("\t")
        if name:
            options[command][name] = (value, words)
        else:
            options[command] = {}
    return options


def page_of(command):
    return MAN / ("eice.1" if command == "-" else f"eice-{command}.1")


class Manual(unittest.TestCase):
    def test_every_option_has_its_entry_and_no_other(self):
        everywhere = tables()["-"]
        for command, options in tables().items():
            text = page_of(command).read_text()
            named = set(re.findall(r"\bFl -([a-z0-9-]+)", text))
            entries = set(re.findall(
                r"^\.(?:It )?Fl (?:[a-z] , Fl )?-([a-z0-9-]+)", text, re.M))
            with self.subTest(command=command):
                self.assertEqual(set(options) - entries, set())
                self.assertEqual(named - set(options) - set(everywhere), set())

    def test_values_are_named(self):
        for command, options in tables().items():
            text = page_of(command).read_text()
            for name, (value, words) in options.items():
                entry = re.search(rf"^\.It .*Fl -{name}( .*)?$", text, re.M)
                if entry is None:
                    continue  # Only accepted; named in a list.
                with self.subTest(command=command, option=name):
                    rest = entry.group(1) or ""
                    self.assertEqual(value != "-", rest != "", entry.group(0))
                    for word in words.split(",") if words != "-" else []:
                        self.assertIn(word, rest.split())

    def test_every_command_is_in_the_first_page(self):
        text = (MAN / "eice.1").read_text()
        for command in tables():
            if command != "-":
                self.assertIn(f"Xr eice-{command} 1", text)

    def test_every_page_is_installed(self):
        build = (MAN / "meson.build").read_text()
        for page in MAN.glob("*.1"):
            self.assertIn(f"'{page.name}'", build)

    def test_mandoc(self):
        if shutil.which("mandoc") is None:
            self.skipTest("mandoc is not installed")
        for page in sorted(MAN.glob("*.1")):
            done = subprocess.run(
                ["mandoc", "-Tlint", "-Wwarning", page], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
