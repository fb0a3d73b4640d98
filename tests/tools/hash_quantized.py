"""Takes golden cases of quantised bases into `tests/golden-quant`: base, adapter, `expected.json`, and in place of the
dequantised model the SHA-256 of each of its tensors.

    python hash_quantized.py CASES tests/golden-quant

CASES holds folders with `base`, `adapter`, `dequantized` and `expected.json`, as the makers of the cases write them.
"""

import hashlib
import json
import pathlib
import shutil
import sys


def tensors(path):
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8:end]).items():
        if name != "__metadata__":
            start, stop = (end + offset for offset in entry["data_offsets"])
            digest = hashlib.sha256(data[start:stop]).hexdigest()
            yield name, {"dtype": entry["dtype"], "shape": entry["shape"], "sha256": digest}


def main(source, target):
    for case in sorted(path.parent for path in pathlib.Path(source).glob("*/expected.json")):
        into = pathlib.Path(target) / case.name
        for part in ("base", "adapter"):
            shutil.copytree(case / part, into / part, dirs_exist_ok=True)
        shutil.copy(case / "expected.json", into)
        hashes = dict(pair for file in sorted((case / "dequantized").glob("*.safetensors")) for pair in tensors(file))
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(hashes.items()))
        (into / "dequantized.json").write_text("{\n" + lines + "\n}\n")


main(*sys.argv[1:])
