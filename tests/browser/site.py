"""A site of somebody else, with the snippet in its pages, and what arrived of what its visitors did."""

import asyncio
import base64
import hashlib
import re
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

SHOP = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Teapots</title>{head}</head>
<body><h1>Teapots</h1><button onclick="waystage('track', 'Product Added', {{price: 5}})">Buy</button>
<button id="leave" onclick="waystage('track', 'Product Shared'); window.close()">Share and leave</button>
<a href="http://teapots.test:{port}/blog?a=b%20c#top">Blog</a></body></html>"""
FRAME = '<!doctype html><title>Frame</title><iframe sandbox="allow-scripts" src="/teapots"></iframe>'
HOSTILE = """<script>
Array.prototype.last = function () { return this[this.length - 1] };
Object.prototype.own = "the page's";
Array.prototype.toJSON = function () { return "a list" };
for (const [where, name] of [[window, "fetch"], [JSON, "stringify"], [JSON, "parse"], [history, "pushState"], [navigator, "sendBeacon"]]) {
  const own = where[name];
  where[name] = function (...given) { return own.apply(where, given) };
}
window.broken = [];
addEventListener("error", (event) => broken.push(event.message));
addEventListener("unhandledrejection", (event) => broken.push(String(event.reason)));
</script>"""
ROUTER = """<script>
addEventListener("click", async (event) => {
  const link = event.target.closest("nav a");
  if (!link) return;
  event.preventDefault();
  const page = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
  history.pushState({ turbo: link.href }, "", link.href);
  history.replaceState({ turbo: link.href, restored: false }, "", link.href);
  document.title = page.title;
  document.body.replaceWith(page.body);
  for (const inert of document.body.querySelectorAll("script")) {
    const script = document.createElement("script");
    for (const { name, value } of inert.attributes) script.setAttribute(name, value);
    script.textContent = inert.textContent;
    inert.replaceWith(script);
  }
});
</script>"""
ROUTED = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{router}</head>
<body><nav><a href="/app/kettles">Kettles</a> <a href="/app/pans">Pans</a></nav>{tags}</body></html>"""
STUB = re.compile(r"<script>(.*?)</script>")


@dataclass(frozen=True)
class Site:
    """The site's origin. Its shop is every page but /frame, which holds the shop in a frame that may store nothing, and /app/, whose links
    are followed by a script; /asking waits for consent, /hostile changes what all scripts share, /nonce and /pinned run no other script.
    """

    url: str
    port: int

    def at(self, host: str) -> str:
        """The origin of a host below .test, which is no secure context."""
        return f"http://{host}:{self.port}"


@dataclass(frozen=True)
class Pages:
    """The site's pages, by what /v1/snippet says: tags to paste, pinned ones, and those for several domains."""

    service: str
    plain: str
    pinned: str
    linked: str

    def __call__(self, path: str, port: int) -> tuple[str, dict[str, str]]:
        """A page and its headers."""
        if path == "/frame":
            return FRAME, {}
        if path.startswith("/app/"):
            return ROUTED.format(title=path.removeprefix("/app/").title(), router=ROUTER, tags=self.plain), {}
        head, headers = self._head(path)
        return SHOP.format(head=head, port=port), headers

    def _head(self, path: str) -> tuple[str, dict[str, str]]:
        match path:
            case "/asking":
                return self.plain.replace("data-write-key", 'data-consent="pending" data-write-key'), {}
            case "/hostile":
                return HOSTILE + self.plain, {}
            case "/nonce":
                return self.plain.replace("<script", '<script nonce="n0nce"'), self._policy("'nonce-n0nce'")
            case "/pinned":
                return self.pinned, self._policy(f"{_digest(self.pinned)} '{_integrity(self.pinned)}'")
            case "/linked" | "/blog":
                return self.linked, {}
        return self.plain, {}

    def _policy(self, scripts: str) -> dict[str, str]:
        return {"Content-Security-Policy": f"default-src 'none'; script-src {scripts}; connect-src {self.service}"}


def _digest(tags: str) -> str:
    inline = STUB.findall(tags)[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def _integrity(tags: str) -> str:
    found = re.search(r'integrity="([^"]+)"', tags)
    assert found
    return found[1]


@contextmanager
def serving(waystage: Waystage) -> Iterator[Site]:
    plain, linked = waystage.ask("/v1/snippet"), waystage.ask("/v1/snippet", domains="shop.test,teapots.test")
    pages = Pages(waystage.url, plain["snippet"], plain["pinned"], linked["snippet"])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text, headers = pages(urlsplit(self.path).path, server.server_port)
            page = text.encode()
            self.send_response(200)
            for name, value in ({"Content-Type": "text/html", "Content-Length": str(len(page))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *args: object) -> None:
            """Say nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", server.server_port)
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
