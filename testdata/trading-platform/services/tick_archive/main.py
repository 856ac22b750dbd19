"""Writes every tick to the archive, so that the day can be replayed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Iterable, TextIO

from services.common.metrics import Counter, Gauge

ROWS_WRITTEN = Counter("tick_archive_rows_written", "Ticks written to the archive.")
LAST_ROW = Gauge("tick_archive_last_row_timestamp_seconds", "When the last tick was written.")


def archive(lines: Iterable[str], out: TextIO) -> int:
    """Copies ticks, one JSON object a line; how many there were."""
    written = 0
    for line in lines:
        tick = json.loads(line)
        out.write(json.dumps(tick) + "\n")
        ROWS_WRITTEN.inc()
        LAST_ROW.set_to_current_time()
        written += 1
    return written


def main() -> None:
    """Archives what comes in until the feed ends."""
    folder = Path(os.environ.get("TICKS_FOLDER", "/var/lib/ticks"))
    with (folder / "today.jsonl").open("a", encoding="utf-8") as out:
        archive(sys.stdin, out)


if __name__ == "__main__":
    main()
