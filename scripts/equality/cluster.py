"""Processes on this machine, alone or as the workers of a cluster."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SECONDS = 600
ROOT = Path(__file__).resolve().parents[2]


def run(program: Sequence[str | Path], *, workers: int = 1) -> list[str]:
    """What the processes of a Python program print, all running at once.

    Args:
        program: the file and its arguments.
        workers: how many; more than one find each other by `TF_CONFIG`.

    Raises:
        RuntimeError: one failed; the end of what it told is in the message.
    """
    ports = free_ports(workers)
    started = [
        subprocess.Popen(
            [sys.executable, *program],
            env=environment(ports if workers > 1 else [], place),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place in range(workers)
    ]
    try:
        # All at once: one whose pipe is full would keep the others waiting.
        with ThreadPoolExecutor(workers) as readers:
            told = list(readers.map(lambda each: each.communicate(timeout=SECONDS), started))
    finally:
        for each in started:
            each.kill()
    for each, (_, error) in zip(started, told, strict=True):
        if each.returncode:
            raise RuntimeError(f"{program} ended with {each.returncode}: {error[-3000:]}")
    return [output for output, _ in told]


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens at, all different."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def environment(ports: Sequence[int], place: int) -> dict[str, str]:
    """That of a worker; without ports, of a process that is alone."""
    found = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    found.pop("TF_CONFIG", None)
    if ports:
        cluster = {"worker": [f"localhost:{port}" for port in ports]}
        task = {"type": "worker", "index": place}
        found["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
    return found
