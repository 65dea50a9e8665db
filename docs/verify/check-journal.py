#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks a journal's chain with nothing but Python: check-journal.py [JOURNAL], by default ./journal.jsonl.

Prints the number of entries and the SHA-256 of the last line, which a record states. Exit status 0: the chain holds.
"""
import hashlib
import json
import sys

path = sys.argv[1] if len(sys.argv) > 1 else "journal.jsonl"
try:
    with open(path, "rb") as journal:
        lines = journal.read().split(b"\n")
except OSError as error:
    sys.exit(f"{path}: cannot be read: {error.strerror}")
previous = "0" * 64
for number, line in enumerate(lines[:-1]):
    try:
        entry = json.loads(line)
        good = entry["seq"] == number and entry["prev"] == previous
    except (ValueError, LookupError, TypeError):
        good = False
    if not good:
        sys.exit(f"{path}:{number + 1}: not the line that was written, or the one before it was changed")
    previous = hashlib.sha256(line).hexdigest()
if lines[-1]:
    sys.exit(f"{path}:{len(lines)}: the last line has no end")
print(f"{len(lines) - 1} entries, last line {previous}")
