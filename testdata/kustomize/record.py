#!/usr/bin/env python3
"""Records what the real kustomize makes of the cases in this folder.

    KUSTOMIZE=/path/to/kustomize python3 testdata/kustomize/record.py [CASE...]

A case is an archive of files (`-- path --`, then the file). The folder `overlay` is built, or the root where there is
none. The last section is the answer: `expected.yaml`, or `error` with what kustomize v5.7.1 says. This program writes it.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KUSTOMIZE = os.environ.get("KUSTOMIZE", "kustomize")
SECTION = re.compile(r"^-- (\S+) --\n", re.M)


def sections(text):
    parts = SECTION.split(text)
    return parts[0], list(zip(parts[1::2], parts[2::2]))


def build(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        for path, text in files:
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        built = root / "overlay" if (root / "overlay").is_dir() else root
        done = subprocess.run([KUSTOMIZE, "build", str(built)], capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            return "expected.yaml", done.stdout
        message = re.sub(r"0x[0-9a-f]+", "0x0", done.stderr.replace(str(root), "/case"))
        lines = [line for line in message.strip().splitlines() if not line.startswith("# Warning")]
        return "error", lines[0] + "\n"


def main():
    version = subprocess.run([KUSTOMIZE, "version"], capture_output=True, text=True, check=True).stdout.strip()
    if version != "v5.7.1":
        sys.exit(f"the answers are those of v5.7.1, this is {version}")
    wanted = set(sys.argv[1:])
    for case in sorted(HERE.glob("*.txtar")):
        if wanted and case.stem not in wanted:
            continue
        comment, found = sections(case.read_text())
        files = [(path, text) for path, text in found if path not in ("expected.yaml", "error")]
        name, answer = build(files)
        written = comment + "".join(f"-- {path} --\n{text}" for path, text in files)
        case.write_text(f"{written}-- {name} --\n{answer}")
        print(case.stem, name)


main()
