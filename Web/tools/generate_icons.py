#!/usr/bin/env python3
"""Turns the Lucide icons that are listed in a file, one name a line, into Web/lib/icons.tsx: their shapes as elements, by name.

Usage: Web/tools/generate_icons.py Web/icons.txt > Web/lib/icons.tsx
"""

import importlib.util
import re
import sys
from pathlib import Path

HEADING = """\
// Generated from the Lucide icons named in Web/icons.txt by Web/tools/generate_icons.py. Not kept in git.
// Lucide: ISC License, Copyright (c) Lucide Contributors; parts MIT License, Copyright (c) Cole Bemis.

import type { ReactNode } from 'react';

const shapes = {
"""

FOOT = """\
};

export type IconName = keyof typeof shapes;

/** What is inside the svg element: 24 by 24, drawn with strokes of the current colour. */
export const icons: Readonly<Record<IconName, ReactNode>> = shapes;
"""


def main(path):
    specification = importlib.util.find_spec("fasthtml_lucide")
    if specification is None:
        sys.exit("generate_icons: the Python package fasthtml-lucide is missing: run scripts/bootstrap")
    folder = Path(specification.origin).parent / "icons"
    out = [HEADING]
    for name in sorted({line.strip() for line in Path(path).read_text().splitlines()} - {""}):
        file = folder / f"{name}.svg"
        if not file.exists():
            sys.exit(f"generate_icons: Lucide has no icon {name} (Web/icons.txt)")
        inner = re.search(r"<svg[^>]*>(.*)</svg>", file.read_text(), re.DOTALL).group(1)
        shapes = re.sub(r"\b(stroke|fill)-(\w)", lambda match: match.group(1) + match.group(2).upper(), re.sub(r"\s*\n\s*", "", inner))
        out.append(f"  '{name}': <>{shapes.strip()}</>,\n")
    sys.stdout.write("".join(out) + FOOT)


if __name__ == "__main__":
    main(sys.argv[1])
