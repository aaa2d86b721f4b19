"""`python -m bench.pace URL RATE VISITORS`: single events at an even rate until standard input closes; then the rate that was reached."""

import asyncio
import json
import random
import sys
import time
from urllib.parse import urlsplit

from bench.load import TYPE, event
from tests.service import BROWSER, KEYS, basic

CONNECTIONS = 16
chance = random.Random()  # noqa: S311 - made-up people, no secrets


async def pace(url: str, rate: int, visitors: int) -> float:
    """Events answered 200 a second."""
    began = time.monotonic()
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    answered = await asyncio.gather(*(_connection(url, CONNECTIONS / rate, visitors, ended) for _ in range(CONNECTIONS)))
    return sum(answered) / (time.monotonic() - began)


async def _connection(url: str, interval: float, visitors: int, ended: "asyncio.Task[str]") -> int:
    """One request after another, each at its time or as soon as the one before is answered."""
    host = urlsplit(url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    at = time.monotonic() + chance.random() * interval
    answered = 0
    while not ended.done():
        await asyncio.sleep(at - time.monotonic())
        at += interval
        writer.write(_request(host.path, host.netloc, visitors))
        answered += await _status(reader) == 200
    writer.close()
    return answered


def _request(path: str, host: str, visitors: int) -> bytes:
    body = json.dumps(event(f"pace-{chance.getrandbits(64):x}", str(chance.randrange(visitors))))
    headers = {"Host": host, "Content-Type": TYPE, "Content-Length": str(len(body)), "User-Agent": BROWSER, **basic(KEYS.server)}
    head = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*head, "", body]).encode()


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status, *headers = head.lower().split(b"\r\n")
    length = next(int(header.split(b":")[1]) for header in headers if header.startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(status.split()[1])


if __name__ == "__main__":
    target, given_rate, given_visitors = sys.argv[1:]
    print(asyncio.run(pace(target, int(given_rate), int(given_visitors))))
