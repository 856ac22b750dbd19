"""Rewrites the lists of `src/lib.rs` so that they name every table: `python3 include.py`, in any folder."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent


def entries(folder):
    names = sorted(path.name for path in (ROOT / folder).glob("*.yaml"))
    return "".join(f'    ("{name}", include_str!("../{folder}/{name}")),\n' for name in names)


def main():
    lib = ROOT / "src" / "lib.rs"
    text = lib.read_text(encoding="utf-8")
    for constant, folder in (("LIBRARIES", "libraries"), ("CATALOGUES", "catalogue")):
        text = re.sub(
            rf"(pub const {constant}: [^=]*= &\[)[^\]]*\];",
            lambda found, folder=folder: f"{found.group(1)}\n{entries(folder)}];",
            text,
        )
    lib.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
