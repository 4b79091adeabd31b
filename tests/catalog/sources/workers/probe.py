"""A function inside real workers that tells of them, and misbehaves when asked to."""

import ctypes
import gc
import os
import resource
import signal
from pathlib import Path

import duckdb
import pyarrow as pa

from catalog.sources.functions import EngineFunction
from catalog.sources.world import World


def refused(sql: str) -> str:
    """Runs a text, any text, directly on the connection of the world in this worker; the kind of what came of it."""
    [world] = [each for each in gc.get_objects() if isinstance(each, World)]
    cursor = world.cursor()
    try:
        rows = cursor.execute(sql).fetchall()
    except duckdb.Error as error:
        return f"refused: {type(error).__name__}"
    finally:
        cursor.close()
    return f"ran: {rows}"


def crash() -> None:
    """What a fault of the engine's own does."""
    os.kill(os.getpid(), signal.SIGSEGV)


def be_deaf() -> None:
    """Holds everything still for a minute, so that nothing in this process can be told anything."""
    ctypes.PyDLL(None).sleep(60)


def status(name: str) -> str:
    """A line of this process's status, as the system gives it."""
    return next(
        line.split(":")[1].strip()
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith(name)
    )


def limit(name: str) -> tuple[int, int]:
    """A limit of this process, soft and hard."""
    return resource.getrlimit(getattr(resource, name))


def probe(expressions: pa.Array) -> pa.Array:
    """The value of each expression over this module, as a text."""
    return pa.array([str(eval(expression)) for expression in expressions.to_pylist()], pa.string())


FUNCTIONS = (EngineFunction(name="probe", takes=("VARCHAR",), returns="VARCHAR", body=probe),)
PLACE = f"{__name__}:FUNCTIONS"
