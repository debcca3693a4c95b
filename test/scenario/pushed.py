# SPDX-License-Identifier: Apache-2.0
"""What the scenarios around eice ssh share: a real sshd that believes only the
keys that were pushed."""
import os
import subprocess

import harness
from harness import INSTANCE, SECURITY_GROUP, SUBNET, USER


class Pushed(harness.Scenario):
    """sshd believes the file in which the emulator keeps the live keys."""

    def setUp(self):
        super().setUp()
        self.runtime = self.dir / "run"
        self.runtime.mkdir(mode=0o700)
        self.env["XDG_RUNTIME_DIR"] = str(self.runtime)
        self.keys = self.dir / "pushed.%u"
        self.port = self.sshd(
            AuthorizedKeysFile=str(self.keys))
        self.host = self.dir / "sshd" / "host.pub"

    def instance(self, **more):
        one = {"id": INSTANCE, "name": "web", "subnet": SUBNET,
               "private_ip": "10.0.1.5", "security_groups": [SECURITY_GROUP],
               "routes": {"22": f"127.0.0.1:{self.port}"},
               "authorized_keys": str(self.keys),
               "tags": {"eice:user": USER},
               "host_key_files": [str(self.host)]}
        one.update(more)
        return {k: v for k, v in one.items() if v is not None}

    def world(self, *instances, **changes):
        return harness.world({}, instances=list(instances) or
                             [self.instance()], **changes)

    def pushed(self, user=USER):
        """The keys that the instance has for @user now."""
        path = self.dir / f"pushed.{user}"
        return path.read_text() if path.exists() else ""

    def nothing_left(self):
        """No directory, socket or key of a run; and no process, when its
        ProxyCommand has seen that ssh has gone."""
        self.assertEqual(os.listdir(self.runtime), [])
        harness.wait_for("the last process", lambda: self.left() == [])

    def left(self):
        """Processes of any run."""
        out = subprocess.run(["ps", "-eo", "pid,args"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
        return [line for line in out.splitlines()
                if str(self.dir) in line and "sshd" not in line
                and "eice-emulator" not in line]
