"""Candidates that try what they may not, one a name; each is a body of ``activations(self, stimulus)``."""

from candidate_folder import write_candidate

HONEST = "return {'a': np.outer(np.arange(stimulus.n_steps) + 1.0, np.ones(3)) * stimulus.velocity.mean()}"
CODE = """
import os, sys, socket, subprocess, time
from pathlib import Path
import numpy as np

def says(found):
    raise RuntimeError('FOUND ' + repr(found) if found else 'found nothing')

def files():
    own = {os.path.realpath(one) for one in (sys.prefix, sys.base_prefix)}
    interpreter = (*own, '/usr', '/proc', '/lib')
    found = []
    for folder, folders, names in os.walk('/'):
        folders[:] = [one for one in folders if not os.path.join(folder, one).startswith(interpreter)]
        found += [os.path.join(folder, one) for one in names]
    return found

def send(letter, body):
    import struct
    data = struct.pack('!cQ', letter, len(body)) + body
    for descriptor in range(3, 12):
        try:
            os.write(descriptor, data)
        except OSError:
            pass

class Model:
    def activations(self, stimulus):
        {body}
"""
HELPERS = """
    def fails(self, do):
        try:
            do()
        except OSError:
            return True

    def bytes_of(self, path):
        try:
            return path.read_bytes()
        except OSError:
            return b''
"""
FOUND_NOTHING = "found nothing"

# body, and what the reason of the failed record has to say
HOSTILE = {
    "reads the recordings": ("says([p for p in {secrets!r} if os.path.exists(p)])", FOUND_NOTHING),
    "reads the sources of recordings": (
        "says([p for p in files() if any(w in p for w in ('data_registry', 'benchmarks', 'board.sqlite', '.nc'))])",
        FOUND_NOTHING,
    ),
    "reads the environment": (
        "says([k for k in os.environ if 'INNERSCORE' in k or 'SECRET' in k] + "
        "[p for p in Path('/proc').glob('[0-9]*/environ') if b'SECRET' in self.bytes_of(p)])",
        FOUND_NOTHING,
    ),
    "reads the home folder": (
        "says([p for p in files() if p.startswith(('/root', '/home'))])",
        FOUND_NOTHING,
    ),
    "opens the network": (
        "socket.create_connection(('127.0.0.1', {port}), timeout=2)",
        "not supported",
    ),
    "asks for a name": ("socket.getaddrinfo('example.org', 80)", "gaierror"),
    "writes where it may not": (
        "says([p for p in ('/x', '/usr/x', '/candidate/x', '/stimuli/x', '/dev/x', '/innerscore/x') "
        "if not _fails(lambda: Path(p).write_text('x'))])".replace("_fails", "self.fails"),
        FOUND_NOTHING,
    ),
    "changes the kernel": (
        "says([*Path('/proc/sys').iterdir(), *(s for s in ('/proc/sysrq-trigger',) if os.access(s, os.W_OK))])",
        FOUND_NOTHING,
    ),
    "makes namespaces": ("subprocess.run(['unshare', '-U', 'true'], check=True)", "CalledProcessError"),
    "holds memory that is nobody's": ("os.memfd_create('x')", "PermissionError"),
    "opens sockets of other kinds": (
        "says([f for f in range(1, 60) for make in (socket.socket, socket.socketpair) "
        "if f != 1 and not self.fails(lambda: make(f, socket.SOCK_DGRAM))])",
        FOUND_NOTHING,
    ),
    "makes queues of its machine": (
        "import ctypes; c = ctypes.CDLL(None, use_errno=True)\n"
        "        says([k for k, r in (('msg', c.msgget(0, 0o1600)), ('sem', c.semget(0, 1, 0o1600)), "
        "('shm', c.shmget(0, 4096, 0o1600)), ('mq', c.mq_open(b'/x', 0o102, 0o600, None))) if r != -1])",
        FOUND_NOTHING,
    ),
    "would have others go first": (
        "says([p for p in ('/proc/self/oom_score_adj', '/proc/self/oom_adj') "
        "if not self.fails(lambda: Path(p).write_text('0'))] + "
        "([] if Path('/proc/self/oom_score_adj').read_text() == '1000\\n' else ['not last']))",
        FOUND_NOTHING,
    ),
    "opens terminals": ("os.openpty()", "FileNotFoundError|PermissionError|OSError"),
    "fills sockets": (
        "kept = [socket.socketpair() for _ in range(450)]\n"
        "        for one, _ in kept:\n            one.setblocking(False)\n"
        "            while not self.fails(lambda: one.send(bytes(2**16))): pass\n"
        "        time.sleep(60)",
        "memory",
    ),
    "enlarges sockets": (
        "socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**22)",
        "PermissionError",
    ),
    "opens files without end": (
        "kept = []\n        while True: kept += os.pipe()",
        "Too many open files",
    ),
    "holds page tables": (
        "import mmap; m = mmap.mmap(-1, 2**40, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, mmap.PROT_READ)\n"
        "        for place in range(0, 2**40, 2**21): m[place]\n        time.sleep(60)",
        "memory",
    ),
    "makes files without end": (
        "n = 0\n        while True: n += 1; os.close(os.open(f'/tmp/{{n}}', os.O_CREAT))",
        "memory",
    ),
    "keeps memory in files": (
        "for n in range(8): Path(f'/tmp/{{n}}').write_bytes(bytes(10**6))\n"
        "        for n in range(8): Path(f'/dev/shm/{{n}}').write_bytes(bytes(10**6))\n"
        "        kept = []\n        while True: kept.append(np.ones(2**20)); time.sleep(0.05)",
        "memory",
    ),
    "forks without end": ("while True:\n            os.fork()", "processes|unavailable"),
    "eats memory": (
        "kept = []\n        while True:\n            kept.append(np.ones(2**20)); time.sleep(0.001)",
        "memory",
    ),
    "eats memory at once": ("return {{'a': np.ones((stimulus.n_steps, 2**30))}}", "memory|allocate"),
    "sleeps for ever": ("time.sleep(3600)", "time"),
    "spins for ever": ("while True: pass", "time"),
    "writes a huge file": (
        "with open('/tmp/x', 'wb') as f:\n            while True: f.write(bytes(2**20))",
        "File too large|No space",
    ),
    "prints without end": ("while True: print('x' * 10**5)", "prints"),
    "ends without a word": ("os._exit(0)", "exit status 0"),
    "is killed": ("os.kill(os.getpid(), 9)", "exit status 137"),
    "gives a little too often": ("return {{'a': np.ones((stimulus.n_steps, 90_000), np.uint8)}}", "together"),
    "returns a pickle": ("return {{'a': np.array([[{{}}]] * stimulus.n_steps)}}", "object"),
    "returns NaN": ("return {{'a': np.full((stimulus.n_steps, 3), np.nan)}}", "NaN"),
    "returns another shape": ("return {{'a': np.ones((2, 3))}}", "row for each step"),
    "returns another layer": ("return {{'b': np.ones((stimulus.n_steps, 3))}}", "layers of its card"),
    "answers for another": (
        "import io; b = io.BytesIO(); np.savez(b, **{{'other/a': np.ones((3, 3))}}); send(b'A', b.getvalue())\n"
        "        time.sleep(60)",
        "only layers of that stimulus",
    ),
    "says that it is huge": (
        "os.write(4, b'A' + bytes([255] * 8)); send(b'A', b''); time.sleep(60)",
        "bytes|zip",
    ),
    "answers with a link": (
        "import io, zipfile; b = io.BytesIO(); z = zipfile.ZipFile(b, 'w'); i = zipfile.ZipInfo('x/a.npy')\n"
        "        i.external_attr = 0o120777 << 16; z.writestr(i, '/etc/passwd'); z.close()\n"
        "        send(b'A', b.getvalue()); time.sleep(60)",
        "whole .npz file|named",
    ),
    "answers with rubbish": ("send(b'A', b'rubbish' * 10); time.sleep(60)", "whole zip"),
}


def make(folder, body, **facts):
    """A candidate's folder."""
    code = CODE.replace("{body}", body) + HELPERS
    return str(write_candidate(folder, code, **({"identifier": "hostile"} | facts)))
