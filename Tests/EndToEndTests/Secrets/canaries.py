#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes secrets that can be recognised, and looks for them, in every form that programs write.

It shares no code with what hides secrets.

Usage: canaries.py make FOLDER SEED COUNT    writes FOLDER/<n> (a secret each), FOLDER/forms-<g> for each ten of them
       canaries.py search FOLDER SINK...     SINK is name=path of a file or folder; prints JSON {"searched": n, "found": [text]}
"""
import base64
import json
import os
import random
import sys
import urllib.parse
from xml.sax.saxutils import escape

GROUP = 10
# ASCII's own separator of records.
BETWEEN = "\x1e"
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
ODD = ["", "&<", "\"'", "\\", "ü€", "+/=", " ", "%", "~:@", "{}"]


def secret(generator, number):
    """A word that stands nowhere else, with what is written otherwise in one form or the other; each fifth has three lines."""
    def part():
        return "".join(generator.choices(LETTERS, k=9)) + ODD[number % len(ODD)] + "".join(generator.choices(LETTERS, k=9))
    return "\n".join(part() for _ in range(3)) if number % 5 == 4 else part()


def shifted(data, before):
    """Base64 of the secret in the middle of something, and the part of it that tells the secret alone."""
    whole = base64.b64encode(b"x" * before + data + b"yz").decode()
    first = -(-before * 8 // 6)
    return whole, whole[first:(before + len(data)) * 8 // 6]


def forms(text):
    """(name, what a program would write, what must be found nowhere) in the fourteen forms."""
    data = text.encode()
    shifts = [shifted(data, before) for before in range(3)]
    url = base64.urlsafe_b64encode(data).decode()
    once = json.dumps(text, ensure_ascii=False)[1:-1]
    twice = json.dumps(once, ensure_ascii=False)[1:-1]
    lines = text.split("\n")
    result = [("raw", text, text)]
    result += [(f"base64 at {at}", whole, core) for at, (whole, core) in enumerate(shifts)]
    result += [
        ("base64url", url, url[:len(data) * 8 // 6]), ("json", once, once), ("json twice", twice, twice),
        ("url", urllib.parse.quote(text, safe=""), None), ("url with plus", urllib.parse.quote_plus(text), None),
        ("hex", data.hex(), None), ("HEX", data.hex().upper(), None), ("xml", escape(text), None),
        ("a line", lines[-1], None), ("repr", repr(text)[1:-1], None),
    ]
    return [(name, said, said if sought is None else sought) for name, said, sought in result]


def make(folder, seed, count):
    generator = random.Random(seed)
    texts = [secret(generator, number) for number in range(count)]
    for number, text in enumerate(texts):
        with open(f"{folder}/{number}", "w", encoding="utf-8") as file:
            file.write(text)
    for group in range(0, count, GROUP):
        said = [said for text in texts[group:group + GROUP] for _, said, _ in forms(text)]
        with open(f"{folder}/forms-{group // GROUP}", "w", encoding="utf-8") as file:
            file.write(BETWEEN.join(said))


def content(path):
    if os.path.isfile(path):
        with open(path, "rb") as file:
            return file.read()
    parts = []
    for root, _, names in os.walk(path):
        for name in names:
            whole = os.path.join(root, name)
            if os.path.isfile(whole) and not os.path.islink(whole):
                parts.append(name.encode() + b"\n" + content(whole))
    return b"\n".join(parts)


def search(folder, sinks):
    texts = {}
    for name in os.listdir(folder):
        if name.isdigit():
            with open(f"{folder}/{name}", encoding="utf-8") as file:
                texts[int(name)] = file.read()
    searched, found = 0, []
    for sink in sinks:
        name, path = sink.split("=", 1)
        data = content(path)
        if not data:
            sys.exit(f"{name}: {path} holds nothing to search")
        for number, text in sorted(texts.items()):
            for form, _, sought in forms(text):
                searched += 1
                if sought.encode() in data:
                    found.append(f"secret {number} as {form} in {name}")
    print(json.dumps({"searched": searched, "found": found}))


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "make":
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    elif len(sys.argv) > 3 and sys.argv[1] == "search":
        search(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)
