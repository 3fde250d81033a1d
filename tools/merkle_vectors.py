"""Run a folder of published Merkle test vectors through yinuo.kit.merkle: `python -m tools.merkle_vectors FOLDER`.

Each file below `inclusion` and `consistency` is one case in JSON, with what is expected in `wantErr`.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from yinuo.kit import merkle


def main(folder: Path) -> int:
    """Print how many cases there were and each that we judge differently; 1 if there is any, or no case at all."""
    counts: Counter[str] = Counter()
    for file in sorted(folder.rglob("*.json")):
        case = json.loads(file.read_text())
        expected, found = ("refuse" if case["wantErr"] else "accept"), judged(case)
        counts[f"{file.relative_to(folder).parts[0]}: {expected}"] += 1
        if found != expected:
            counts["disagreed"] += 1
            sys.stdout.write(f"{file}: {case['desc']}: should {expected}, we {found}\n")
    sys.stdout.write("".join(f"{name}: {count}\n" for name, count in sorted(counts.items())))
    return int(counts["disagreed"] > 0 or not counts)


def judged(case: dict[str, Any]) -> str:
    """What we make of one case."""
    proof = [_bytes(text) for text in case["proof"] or []]
    try:
        if "leafIdx" in case:
            merkle.check_inclusion(
                leaf=_bytes(case["leafHash"]), index=case["leafIdx"], size=case["treeSize"],
                proof=proof, root=_bytes(case["root"]),
            )
        else:
            merkle.check_consistency(
                old=case["size1"], old_root=_bytes(case["root1"]),
                new=case["size2"], new_root=_bytes(case["root2"]), proof=proof,
            )
    except merkle.Unproven:
        return "refuse"
    return "accept"


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "", validate=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
