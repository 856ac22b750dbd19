"""Shared by the recorders: one metric family of a table, the table as text, and the exposition format read back.

A table line is `NAME TYPE LABELS`: see ../README.md. Only the standard library is used.
"""

import re
import sys

TYPES = {"counter", "gauge", "histogram", "summary", "info", "stateset", "untyped"}
# OpenMetrics words that the classic text format has no type for.
TYPE_WORDS = {"unknown": "untyped", "gaugehistogram": "histogram"}
# Added by Prometheus or by the target's own machine; no part of a family's declaration.
SAMPLE_LABELS = {"histogram": {"le"}, "summary": {"quantile"}}
SAMPLE_SUFFIXES = {
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
}

LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="(?:[^"\\]|\\.)*"')


def read_exposition(text):
    """Families of a classic text exposition: {name: (type, sorted label names or None)}.

    A family's labels are the union over its samples. A family without a sample has no known labels. Samples without
    a TYPE line are untyped families of their own.
    """
    types, labels = {}, {}
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith("# TYPE "):
            _, _, name, word = line.split(None, 3)
            word = word.strip().lower()
            types[name] = TYPE_WORDS.get(word, word)
            continue
        if not line or line.startswith("#"):
            continue
        match = re.match(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})?\s+\S+", line)
        if not match:
            sys.exit(f"not an exposition line: {line!r}")
        sample, inner = match.group(1), match.group(2) or ""
        family = family_of(sample, types)
        types.setdefault(family, "untyped")
        names = set(LABEL.findall(inner)) - SAMPLE_LABELS.get(types[family], set())
        labels.setdefault(family, set()).update(names)
    return {name: (kind, sorted(labels[name]) if name in labels else None) for name, kind in types.items()}


def family_of(sample, types):
    """The family that a sample belongs to, by the types read so far."""
    if sample in types:
        return sample
    for suffix in ("_bucket", "_sum", "_count"):
        base = sample.removesuffix(suffix)
        if base != sample and suffix in SAMPLE_SUFFIXES.get(types.get(base), ()):
            return base
    return sample


def merge(*tables):
    """Tables joined; the first that knows a type or labels wins, labels of a family recorded twice are united."""
    merged = {}
    for table in tables:
        for name, (kind, labels) in table.items():
            if name not in merged:
                merged[name] = (kind, labels)
                continue
            known_kind, known_labels = merged[name]
            if known_kind == "untyped":
                known_kind = kind
            if known_labels is None:
                known_labels = labels
            elif labels is not None:
                known_labels = sorted(set(known_labels) | set(labels))
            merged[name] = (known_kind, known_labels)
    return merged


def read_lines(text):
    """Table lines read back."""
    table = {}
    for line in text.split("\n"):
        parts = line.split()
        if not parts:
            continue
        name, kind = parts[0], parts[1]
        labels = None if len(parts) < 3 else [] if parts[2] == "-" else parts[2].split(",")
        table[name] = (kind, labels)
    return table


def lines(table):
    """A table as sorted lines; a word that is no type makes the family untyped."""
    out = []
    for name, (kind, labels) in sorted(table.items()):
        kind = kind if kind in TYPES else "untyped"
        tail = "" if labels is None else " " + (",".join(sorted(set(labels))) or "-")
        out.append(f"{name} {kind}{tail}")
    return out
