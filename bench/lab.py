"""The laboratory: far ends, near ends, and what is read off them.

Everything runs on loopback in one temporary directory and is gone at the end.
Only the standard library is used.
"""
import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "test" / "scenario"))

from harness import free_port  # noqa: E402

ENDPOINT = "eice-0123456789abcdef0"
INSTANCE = "i-0123456789abcdef0"
ADDRESS = "10.0.1.5"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TICK = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


class Skip(Exception):
    """A row that cannot be measured here, and why."""


def wait_port(port, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port),
                                     timeout=seconds).close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"nobody listens on port {port}")


def family(pid):
    """@pid and all its descendants."""
    pids = [pid]
    for p in pids:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{p}/task"):
                with open(f"/proc/{p}/task/{task}/children",
                          encoding="ascii") as f:
                    pids += [int(c) for c in f.read().split()]
    return pids


def cpu_seconds(pid):
    """What a process, its children and its dead children have used.

    /proc/PID/stat can be read whatever the process allows to be seen of it.
    """
    total = 0
    for p in family(pid):
        with contextlib.suppress(OSError):
            with open(f"/proc/{p}/stat", encoding="ascii") as f:
                words = f.read().rsplit(")", 1)[1].split()
            total += sum(int(w) for w in words[11:15])
    return total / TICK


def processors():
    """What all processors have spent at work, and in all, in seconds; None
    where the system does not say."""
    try:
        with open("/proc/stat", encoding="ascii") as f:
            ticks = [int(w) for w in f.readline().split()[1:9]]
    except OSError:
        return None
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / TICK, sum(ticks) / TICK


def resident_kb(pid):
    """Resident memory of a process and its children."""
    total = 0
    for p in family(pid):
        with contextlib.suppress(OSError):
            with open(f"/proc/{p}/statm", encoding="ascii") as f:
                total += int(f.read().split()[1]) * PAGE_KB
    return total


class Lab:
    """Directory, certificate, far ends and environment of all measurements."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.eice = str(self.build / "eice")
        self.load = str(self.build / "bench" / "bench-load")
        self.endpoint = str(self.build / "bench" / "bench-endpoint")
        for program in (self.eice, self.load, self.endpoint):
            if not os.access(program, os.X_OK):
                sys.exit(f"compare: {program} is not built")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="eice-bench-"))
        self.processes = []
        self.log = open(self.dir / "log", "ab")
        (self.dir / "home").mkdir()
        self.cert = self.dir / "cert.pem"
        self.key = self.dir / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key,
             "-out", self.cert], check=True, stdout=self.log, stderr=self.log)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(self.dir / "home"),
            "LANG": "C", "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-central-1",
            "AWS_CA_BUNDLE": str(self.cert),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.behind = {}  # Far ends of kind "ws": port -> target
        self.on_443 = None
        self.target = free_port()
        self.start([self.load, "serve", self.target])
        wait_port(self.target)
        self.ws = self.far("ws", self.target)
        self.tls = self.far("tls", self.target)
        self.greeter = free_port()
        self.start([self.load, "greet", self.greeter])
        wait_port(self.greeter)
        self.greet_ws = self.far("ws", self.greeter)
        self.greet_tls = self.far("tls", self.greeter)
        self.ssh = None
        self.emulator = None

    def start(self, argv, **kw):
        """Start a process that ends with the laboratory at the latest."""
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", self.log)
        kw.setdefault("stderr", self.log)
        kw.setdefault("env", self.env)
        process = subprocess.Popen([str(a) for a in argv],
                                   start_new_session=True, **kw)
        self.processes.append(process)
        return process

    @contextlib.contextmanager
    def awake(self):
        """No processor falls asleep meanwhile, nor does anybody have to wait
        for one: what keeps it busy runs only when nothing else wants to."""
        if not hasattr(os, "SCHED_IDLE"):
            raise Skip("no SCHED_IDLE here")

        def idly():
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        busy = [self.start([sys.executable, "-c", "while True: pass"],
                           preexec_fn=idly)
                for _ in range(os.cpu_count())]
        try:
            time.sleep(0.1)
            yield
        finally:
            for process in busy:
                self.stop(process)

    def stop(self, process):
        self.processes.remove(process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()

    def close(self):
        for process in list(self.processes):
            self.stop(process)
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def far(self, kind, target):
        """A fast far end ("ws" or "tls") in front of @target; its port."""
        port = free_port()
        self.start([self.endpoint, kind, port, target, self.cert, self.key])
        wait_port(port)
        if kind == "ws":
            self.behind[port] = target
        return port

    def at_443(self, port):
        """Let port 443 be what @port is, for who connects nowhere else."""
        if self.on_443 is not None:
            if self.on_443[1] == port:
                return
            self.stop(self.on_443[0])
            self.on_443 = None
        if port in self.behind:
            argv = [self.endpoint, "ws", 443, self.behind[port], self.cert,
                    self.key]
        else:
            argv = [sys.executable, HERE / "relay.py", 0,
                    f"127.0.0.1:{port}=443"]
        process = self.start(argv)
        wait_port(443)
        if process.poll() is not None:
            self.processes.remove(process)
            raise Skip("port 443 is in use")
        self.on_443 = process, port

    def measure(self, *words, seconds=60):
        """Run the load generator; its answer, within @seconds and what the
        slowest carrier of bulk may take."""
        if words[0] in ("down", "up"):
            seconds += int(words[2]) / 10e6
        process = self.start([self.load, *words], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"load {words[0]}: no end after "
                               f"{seconds:.0f} s") from None
        finally:
            if process.poll() is None:
                self.stop(process)  # And what it has started
            else:
                self.processes.remove(process)
                process.stdout.close()
            process.stderr.close()
        if process.returncode != 0:
            raise RuntimeError(f"load {' '.join(map(str, words))}: "
                               f"{err.strip()[-300:]}")
        return json.loads(out)

    def tunnel_words(self, ws=None):
        """eice open-tunnel, with nothing left to look up."""
        return ["open-tunnel", "--private-ip-address", ADDRESS,
                "--instance-connect-endpoint-id", ENDPOINT,
                "--instance-connect-endpoint-dns-name",
                f"localhost:{ws or self.ws}"]

    def relay(self, rtt_ms, *ports):
        """A relay in front of each of @ports: the process, the new ports."""
        process = self.start(
            [sys.executable, HERE / "relay.py", rtt_ms,
             *[f"127.0.0.1:{p}" for p in ports]],
            stdout=subprocess.PIPE, text=True)
        there = json.loads(process.stdout.readline())
        return process, [there[f"127.0.0.1:{p}"] for p in ports]

    def sshd(self):
        """A real sshd on loopback: its port, and what ssh must be told."""
        if self.ssh is not None:
            return self.ssh
        sshd = shutil.which("sshd", path=self.env["PATH"] + ":/usr/sbin")
        if sshd is None or shutil.which("ssh") is None:
            raise Skip("no ssh and sshd here")
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                            "-f", self.dir / name], check=True)
        shutil.copy(self.dir / "client.pub", self.dir / "authorized")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        port = free_port()
        config = self.dir / "sshd_config"
        config.write_text(
            f"Port {port}\nListenAddress 127.0.0.1\n"
            f"HostKey {self.dir}/host\nPidFile none\n"
            f"AuthorizedKeysFile {self.dir}/authorized\nStrictModes no\n"
            "UsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
            "Subsystem sftp internal-sftp\nMaxStartups 100\nMaxSessions 2000\nPrintMotd no\n")
        self.start([sshd, "-D", "-e", "-f", config])
        wait_port(port)
        options = ["-F", "none", "-i", str(self.dir / "client"),
                   "-o", "StrictHostKeyChecking=no", "-o",
                   f"UserKnownHostsFile={self.dir}/known", "-o",
                   "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o",
                   "LogLevel=ERROR"]
        self.ssh = port, options
        return self.ssh

    def world(self, rtt_ms):
        """The emulator's API and a far end, both @rtt_ms away.

        Returns the relay's process and the environment that leads there.
        """
        program = self.build / "eice-emulator"
        if not os.access(program, os.X_OK):
            raise Skip("eice-emulator is not built")
        if self.emulator is None:
            # The far end's relay must be known before the world is written.
            self.far_port = free_port()
            where = self.dir / "world.json"
            where.write_text(json.dumps(world(self.far_port)))
            process = self.start(
                [program, "--world", where, "--state-dir",
                 self.dir / "state", "--json"],
                stdout=subprocess.PIPE, text=True)
            line = process.stdout.readline()
            if not line:
                self.emulator = False
            else:
                self.emulator = json.loads(line)
                both = self.dir / "both.pem"
                both.write_text(
                    self.cert.read_text() +
                    pathlib.Path(self.emulator["ca_file"]).read_text())
        if not self.emulator:
            raise Skip("eice-emulator does not start with a world")
        relay = self.start(
            [sys.executable, HERE / "relay.py", rtt_ms,
             f"127.0.0.1:{self.emulator['https_port']}",
             f"127.0.0.1:{self.greet_ws}={self.far_port}"],
            stdout=subprocess.PIPE, text=True)
        there = json.loads(relay.stdout.readline())
        api = there[f"127.0.0.1:{self.emulator['https_port']}"]
        env = dict(self.env, AWS_CA_BUNDLE=str(self.dir / "both.pem"),
                   AWS_ENDPOINT_URL=f"https://localhost:{api}")
        return relay, env


def world(far_port):
    """One instance behind one endpoint whose name is our relay's."""
    subnet, vpc = "subnet-0a1b2c3d4e5f60001", "vpc-0a1b2c3d4e5f60001"
    group = "sg-0a1b2c3d4e5f60001"
    anything = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    return {
        "region": "eu-central-1",
        "accounts": [{"id": "111122223333", "policies": {"all": anything},
                      "users": [{"name": "bench", "policies": ["all"],
                                 "keys": [{"id": KEY_ID,
                                           "secret": SECRET}]}]}],
        "vpcs": [{"id": vpc, "cidrs": ["10.0.0.0/16"]}],
        "subnets": [{"id": subnet, "vpc": vpc, "zone": "eu-central-1a",
                     "cidrs": ["10.0.1.0/24"]}],
        "security_groups": [{"id": group, "name": "all", "vpc": vpc,
                             "ingress": [{"protocol": "tcp", "port": 22,
                                          "groups": [group]}]}],
        "instances": [{"id": INSTANCE, "name": "web", "subnet": subnet,
                       "private_ip": ADDRESS, "security_groups": [group]}],
        "endpoints": [{"id": ENDPOINT, "subnet": subnet,
                       "security_groups": [group],
                       "dns_name": f"localhost:{far_port}"}],
    }


class Carrier:
    """One way to carry a connection to the target.

    listener() starts what listens on a port of its choice; command() is what
    carries one connection on stdin and stdout, or None.
    """

    name = "?"
    needs = ()

    def __init__(self, lab):
        self.lab = lab

    @classmethod
    def version(cls):
        """What runs, in one line; None when it is not here."""
        return None

    def listener(self, connections, greet=False):
        """@greet: to the target that speaks first."""
        raise Skip(f"{self.name} has no listener")

    def command(self, ws=None, greet=False):
        return None

    def far(self, greet):
        """The port of the WebSocket far end."""
        return self.lab.greet_ws if greet else self.lab.ws

    @contextlib.contextmanager
    def listening(self, connections=10, greet=False):
        process, port = self.listener(connections, greet)
        try:
            wait_port(port)
            time.sleep(0.05)
            yield process.pid, port
        finally:
            self.lab.stop(process)


def version_line(*argv):
    """The first line a program prints that holds a version; None: not here."""
    if shutil.which(argv[0]) is None:
        return None
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, timeout=20,
                          stderr=subprocess.STDOUT, check=False)
    for line in done.stdout.splitlines():
        if re.search(r"\d\.\d", line):
            return line.strip().split(" on ")[0]
    return argv[0]


class Eice(Carrier):
    name = "eice"

    def version(self):
        return version_line(self.lab.eice, "--version")

    def listener(self, connections, greet=False):
        port = free_port()
        return self.lab.start(
            [self.lab.eice, *self.lab.tunnel_words(self.far(greet)),
             "--local-port", port,
             "--max-websocket-connections", connections]), port

    def command(self, ws=None, greet=False):
        return shlex.join([self.lab.eice, *self.lab.tunnel_words(
            ws or self.far(greet))])


class Stunnel(Carrier):
    name = "stunnel"

    def version(self):
        return version_line("stunnel", "-version")

    def listener(self, connections, greet=False):
        port = free_port()
        config = self.lab.dir / f"stunnel.{port}"
        config.write_text(
            f"foreground = yes\npid =\n[t]\nclient = yes\n"
            f"accept = 127.0.0.1:{port}\nconnect = 127.0.0.1:"
            f"{self.lab.greet_tls if greet else self.lab.tls}\n"
            f"CAfile = {self.lab.cert}\nverifyChain = yes\n"
            "checkHost = localhost\nsocket = l:TCP_NODELAY=1\n"
            "socket = r:TCP_NODELAY=1\nTIMEOUTclose = 0\n")
        return self.lab.start(["stunnel", config]), port


class Socat(Carrier):
    name = "socat"

    def version(self):
        return version_line("socat", "-V")

    def tls(self, greet):
        port = self.lab.greet_tls if greet else self.lab.tls
        return (f"OPENSSL:localhost:{port},cafile={self.lab.cert},"
                "nodelay")

    def listener(self, connections, greet=False):
        port = free_port()
        return self.lab.start(
            ["socat", "-b", "65536",
             f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay,"
             "backlog=1024", self.tls(greet)]), port

    def command(self, ws=None, greet=False):
        return shlex.join(["socat", "-b", "65536", "-", self.tls(greet)])


class Ssh(Carrier):
    name = "ssh -L"

    def version(self):
        return version_line("ssh", "-V")

    def listener(self, connections, greet=False):
        sshd, options = self.lab.sshd()
        port = free_port()
        return self.lab.start(
            ["ssh", *options, "-N", "-p", sshd, "-L",
             f"127.0.0.1:{port}:127.0.0.1:"
             f"{self.lab.greeter if greet else self.lab.target}",
             "127.0.0.1"]), port


class Aws(Carrier):
    """It connects to port 443 whatever the name says, and believes the
    system's authorities only: both are arranged for it, which takes root."""

    name = "aws"

    def version(self):
        line = version_line("aws", "--version")
        found = re.match(r"aws-cli/(\d+)\.(\d+)", line or "")
        # Others have no tunnels.
        return line if found and (2, 12) <= tuple(
            map(int, found.groups())) < (3, 0) else None

    def trusting(self, *words):
        """Run @words where the laboratory's certificates are the system's."""
        bundle = "/etc/ssl/certs/ca-certificates.crt"
        if (os.getuid() != 0 or not os.path.exists(bundle) or
                shutil.which("unshare") is None):
            raise Skip("needs root and unshare")
        return ["unshare", "-m", "sh", "-c",
                f'mount --bind "$AWS_CA_BUNDLE" {bundle} && exec aws "$@"',
                "aws", "ec2-instance-connect", *words]

    def words(self, ws=None):
        self.lab.at_443(ws or self.lab.ws)
        return self.trusting(*self.lab.tunnel_words(ws))

    def by_id(self):
        self.lab.at_443(self.lab.far_port)
        return shlex.join(self.trusting("open-tunnel", "--instance-id",
                                        INSTANCE))

    def listener(self, connections, greet=False):
        if connections > 50:
            connections = 50  # Its own default is 10
        port = free_port()
        return self.lab.start(
            [*self.words(self.far(greet)), "--local-port", port,
             "--max-websocket-connections", connections]), port

    def command(self, ws=None, greet=False):
        return shlex.join(self.words(ws or self.far(greet)))


CARRIERS = (Eice, Stunnel, Socat, Ssh, Aws)
