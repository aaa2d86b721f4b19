"""A site of somebody else, with the snippet in its pages, and what arrived of what its visitors did."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page

from tests.http.tables import rows
from tests.service import Waystage, until

SHOP = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Teapots</title>{snippet}</head>
<body><h1>Teapots</h1><button onclick="waystage('track', 'Product Added', {{price: 5}})">Buy</button>
<button id="leave" onclick="waystage('track', 'Product Shared'); window.close()">Share and leave</button></body></html>"""
FRAME = '<!doctype html><title>Frame</title><iframe sandbox="allow-scripts" src="/teapots"></iframe>'


@dataclass(frozen=True)
class Site:
    """The site's origin; its shop is every page but /frame, which holds the shop in a frame that may store nothing."""

    url: str


@contextmanager
def serving(waystage: Waystage) -> Iterator[Site]:
    shop = SHOP.format(snippet=waystage.ask("/v1/snippet")["snippet"])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = (FRAME if urlsplit(self.path).path == "/frame" else shop).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *args: object) -> None:
            """Say nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def arrived(waystage: Waystage, count: int, column: str, value: str) -> list[dict[str, Any]]:
    """The event rows with this value in a column, in the visitor's order, once there are so many."""
    query = f"select * from events where {column} = $1 order by sequence"
    await asyncio.to_thread(until, lambda: len(rows(waystage, query, value)) >= count, f"{count} events with the {column} {value}")
    return await asyncio.to_thread(rows, waystage, query, value)


async def kept(page: Page, name: str) -> str | None:
    """What the snippet keeps under a name in this browser."""
    text: str | None = await page.evaluate("(name) => localStorage.getItem(`waystage.${name}`)", name)
    return text


async def all_sent(page: Page) -> None:
    """Wait until no event waits in this browser: each was confirmed."""
    await page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.startsWith('waystage.event.'))")
