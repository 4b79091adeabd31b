"""The process that draws: takes Vega-Lite specifications line by line, and gives an SVG for each.

It stands apart because the library holds Python's lock for as long as it draws, which would stop every query, and
because its engine of JavaScript has no business beside keys and data. It reads no file and asks no network.
"""

import json
import select
import signal
import sys

IDLE_SECONDS = 3_600
"""After that long without work the process gives its hundred megabytes back."""

_VEGA_LITE = "6.4"


def main() -> None:
    """Works until the server hangs up, or for long asks for nothing."""
    for number in (signal.SIGINT, signal.SIGTERM):  # it ends with the server, which may have answers to finish
        signal.signal(number, signal.SIG_IGN)
    while select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        print(json.dumps(draw(line)), flush=True)


def draw(specification: str) -> dict[str, str]:
    """The picture as `svg`, or else a `problem`.

    Example:
        >>> draw('{"mark": "bar"}').keys()
        dict_keys(['svg'])
    """
    import vl_convert  # the pictures' one dependency, in this process alone

    try:
        return {"svg": vl_convert.vegalite_to_svg(specification, vl_version=_VEGA_LITE, allowed_base_urls=[])}
    except ValueError as error:
        return {"problem": str(error)}
