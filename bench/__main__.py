"""`make bench`: the figures of the design's budget, one line each. Machines are noisy, so read the ratios, not the milliseconds.

`python -m bench page` runs one part; the parts are page, growth, start, document, pack, write, import, change, renew,
api.
"""

import sys

from bench import api, billing, documents, imports, packs, pages, writes

PARTS = {
    "page": pages.page,
    "growth": pages.growth,
    "start": pages.start,
    "document": documents.documents,
    "pack": packs.packs,
    "write": writes.writes,
    "import": imports.imports,
    "change": billing.changes,
    "renew": billing.renewals,
    "api": api.api,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for name in names or PARTS:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
