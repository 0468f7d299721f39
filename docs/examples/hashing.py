"""A workload of your own: fingerprints of blocks of bytes."""

from hashlib import sha256

from concbench import Workload


def fingerprint(block):
    return sha256(block).hexdigest()


class Hashing(Workload):
    """Fingerprints of blocks of bytes; hashlib releases the GIL while it works on a large one."""

    name = "hashing"
    kind = "cpu"

    def __init__(self, blocks: int = 24, length: int = 4_000_000):
        self.blocks = [bytes([number % 256]) * length for number in range(blocks)]
        self.length = length

    @property
    def function(self):
        return fingerprint

    @property
    def items(self):
        return self.blocks

    def title(self):
        return f"fingerprints of {len(self.blocks)} blocks of {self.length:,} bytes"

    def settings(self):
        return {"blocks": len(self.blocks), "length": self.length}
