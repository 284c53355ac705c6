"""The catalogues' command line, `python -m locales check` and `… update [--clean]`; the bot never runs it."""

import argparse
import sys

from locales import FOLDER
from locales.check import faults
from locales.extract import messages
from locales.update import update


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status: 1 when `check` finds faults."""
    parser = argparse.ArgumentParser(prog="python -m locales", description="the message catalogues")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="say what is missing, fuzzy, obsolete or mismatched, by file and line")
    updating = commands.add_parser("update", help="merge the code's new ids into every catalogue")
    updating.add_argument("--clean", action="store_true", help="drop what no code uses any more")
    chosen = parser.parse_args(arguments)
    root = FOLDER.parent
    if chosen.command == "update":
        print(*update(root, clean=chosen.clean), sep="\n")
        return 0
    found = faults(root)
    print(*found, sep="\n", end="\n" if found else "")
    count = len({message.ids for message in messages(root)})
    print(f"catalogues: {len(found)} faults, {count} messages", file=sys.stderr if found else sys.stdout)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
