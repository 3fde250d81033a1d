"""Fills an installation with the invented market: `python tests/web/fill.py FOLDER [MERCHANTS [CONTESTS [REFUSED]]]`.

Then serve that folder, or measure it with measure_directory.py.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The small market, and as many more merchants with standings and little else as are asked for."""
    os.environ["YINUO_DATA"] = sys.argv[1]
    from yinuo.cli import set_up  # noqa: PLC0415 - only once the folder is known

    set_up()
    import market  # noqa: PLC0415 - its tables need Django
    from django.db import transaction  # noqa: PLC0415

    with transaction.atomic():
        market.fill()
        market.fill_directory(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
        if len(sys.argv) > 3:
            refused = int(sys.argv[4]) if len(sys.argv) > 4 else 0
            market.fill_queues(contests=int(sys.argv[3]), appeals=200, refused=refused, movers=1_000)


if __name__ == "__main__":
    main()
