#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The completions: written from the present tables, and good for the shells.

usage: test_completions.py EICE
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

EICE = os.path.abspath(sys.argv.pop())
HERE = pathlib.Path(__file__).resolve().parents[2] / "completions"


def needs(shell):
    return unittest.skipUnless(shutil.which(shell), f"{shell} is not installed")


def output(*command, **env):
    return subprocess.run(command, check=True, text=True, timeout=60,
                          stdout=subprocess.PIPE,
                          env={**os.environ, **env}).stdout


class Completions(unittest.TestCase):
    def test_written_from_these_tables(self):
        subprocess.run([sys.executable, HERE / "generate", "--check", EICE],
                       check=True)

    def bash(self, *words, **env):
        script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_eice; echo "${COMPREPLY[*]}"')
        return output("bash", "-c", script, str(HERE / "eice.bash"), "eice",
                      *words, **env).split()

    @needs("bash")
    def test_bash(self):
        self.assertEqual(self.bash("op"), ["open-tunnel"])
        self.assertEqual(self.bash("open-tunnel", "--when-full", ""),
                         ["close", "wait"])
        self.assertEqual(self.bash("open-tunnel", "--instance-i"),
                         ["--instance-id"])
        self.assertEqual(self.bash("--reg"), ["--region"])
        self.assertEqual(self.bash("open-tunnel", "--local-port", ""),
                         ["auto"])
        self.assertNotIn("--no-paginate", self.bash("open-tunnel", "--"))
        with tempfile.NamedTemporaryFile("w", suffix="config") as config:
            config.write("[default]\n[profile work]\n[sso-session x]\n")
            config.flush()
            self.assertEqual(self.bash("--profile", "",
                                       AWS_CONFIG_FILE=config.name),
                             ["default", "work"])

    # A table as `eice __options` gives it, with all that shells take apart.
    TABLE = ("do\t\t-\t-\t-\t-\tDo it: don't [ask] \\ \"why\" $HOME\n"
             "do\tmean\t-\tIT'S\t-\t-\tThe user's `own` [way]: \\n 'x'\n"
             "do\tpick\tp\tWHAT\tone,two\t-\tWhat's picked\n"
             "redo\t\t-\t-\t-\t-\tDo it again\n"
             "redo\tpick\tp\tWHAT\tone,two\t-\tWhat's picked\n"
             "-\tall\t-\t-\t-\t-\tEverybody's\n")

    def generated(self, where):
        """Completions of a program with the table above."""
        fake = pathlib.Path(where, "fake")
        fake.write_text("#!/bin/sh\ncat <<'END'\n" + self.TABLE + "END\n")
        fake.chmod(0o755)
        shutil.copy(HERE / "generate", where)
        subprocess.run([sys.executable, f"{where}/generate", fake], check=True)

    @needs("bash")
    def test_quotes_in_bash(self):
        with tempfile.TemporaryDirectory() as where:
            self.generated(where)
            out = output("bash", "-c", 'source "$0"; COMP_WORDS=(eice do "");'
                         "COMP_CWORD=2; _eice; echo ${COMPREPLY[*]}",
                         f"{where}/eice.bash")
        self.assertEqual(out, "--mean --pick -p --all\n")

    @needs("fish")
    def test_quotes_in_fish(self):
        with tempfile.TemporaryDirectory() as where:
            os.environ["XDG_CONFIG_HOME"] = where
            self.generated(where)
            def fish(line):
                return output("fish", "-c", f"source {where}/eice.fish; "
                              f"complete -C '{line}'").splitlines()
            self.assertIn("do\tDo it: don't [ask] \\ \"why\" $HOME",
                          fish("eice "))
            self.assertEqual(fish("eice do --mea"),
                             ["--mean\tThe user's `own` [way]: \\n 'x'"])
            self.assertEqual(fish("eice redo --pi"),
                             ["--pick\tWhat's picked"])
            self.assertEqual(fish("eice redo --me"), [])
            text = pathlib.Path(where, "eice.fish").read_text()
            self.assertEqual(text.count("-l pick"), 1)  # Said once for both

    @needs("zsh")
    def test_quotes_in_zsh(self):
        with tempfile.TemporaryDirectory() as where:
            self.generated(where)
            # What the completion system would be given.
            out = output("zsh", "-fc", "_arguments() { print -rl -- $@; "
                         "state=rest; line=(do) }; _describe() { print -rl -- "
                         "${(P)2} }; source $0; _eice_commands",
                         f"{where}/_eice").splitlines()
        self.assertIn("--mean=[The user's `own` (way) - \\n 'x']:IT'S: ", out)
        self.assertIn("-p[What's picked]", out)
        self.assertIn("do:Do it: don't [ask] \\ \"why\" $HOME", out)

    @needs("fish")
    def test_fish(self):
        def fish(line):
            out = output("fish", "-c", f"source {HERE / 'eice.fish'}; "
                         f"complete -C '{line}'")
            return [row.split("\t")[0] for row in out.splitlines()]

        with tempfile.TemporaryDirectory() as home:
            os.environ["XDG_CONFIG_HOME"] = home
            self.assertIn("open-tunnel", fish("eice "))
            self.assertEqual(fish("eice open-tunnel --when-full "),
                             ["close", "wait"])
            self.assertEqual(fish("eice open-tunnel --instance-id"),
                             ["--instance-id"])

    @needs("zsh")
    def test_zsh(self):
        subprocess.run(["zsh", "-n", HERE / "_eice"], check=True)
        # compinit takes the command's name from the first line.
        with tempfile.TemporaryDirectory() as cache:
            out = output("zsh", "-fc", f"fpath=({HERE} $fpath); "
                         f"autoload -U compinit; compinit -u -d {cache}/dump; "
                         "echo $_comps[eice]")
        self.assertEqual(out, "_eice\n")


if __name__ == "__main__":
    unittest.main()
