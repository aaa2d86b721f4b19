"""The SDKs for browsers that people already have, on a page of another origin, with another host and key."""

import asyncio
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, Page

from tests.clients.gate import Fault, Gate, before
from tests.clients.packages import installed
from tests.clients.story import FAULTS, Seen, an_hour_ago, assert_arrived, assert_known, assert_ordered
from tests.service import KEYS, Waystage, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
LANDING = "?utm_source=google&utm_medium=cpc&utm_campaign=spring"
SEGMENT = """
<script src="segment.js"></script>
<script>
  window.analytics = AnalyticsNext.AnalyticsBrowser.load({
    writeKey: WRITE_KEY,
    cdnSettings: {
      integrations: { 'Segment.io': { apiKey: WRITE_KEY, apiHost: HOST + '/v1', protocol: PROTOCOL, deliveryStrategy: DELIVERY } },
      metrics: { sampleRate: 0 },
    },
  })
</script>"""
JITSU = """
<script type="module">
  import { jitsuAnalytics } from './jitsu.js'
  window.analytics = jitsuAnalytics({ host: `${PROTOCOL}://${HOST}`, writeKey: `${WRITE_KEY}:-` })
</script>"""
FILES = {"segment.js": "@segment/analytics-next/dist/umd/index.js", "jitsu.js": "@jitsu/js/dist/jitsu.es.js"}
SEGMENT_CALLS = """async ([person, at]) => {
  await analytics.setAnonymousId(`${person}-1`)
  await analytics.identify(person, { email: `${person}@shop.example`, plan: 'gold' })
  await analytics.page('Pricing')
  await analytics.screen('Home')
  await analytics.alias(person, `${person}-2`)
  await analytics.group('g-1', { name: 'Example Ltd' })
  await analytics.track('Order Completed', { revenue: 12.5 }, { timestamp: new Date(at) })
}"""
JITSU_CALLS = """async ([person]) => {
  analytics.setAnonymousId(`${person}-1`)
  await analytics.identify(person, { email: `${person}@shop.example`, plan: 'gold' })
  await analytics.page('Pricing')
  await analytics.group('g-1', { name: 'Example Ltd' })
  await analytics.track('Order Completed', { revenue: 12.5 })
}"""
ONE_DEVICE = [
    Seen("alias", None, "PERSON", "PERSON-1", "PERSON-2"),
    Seen("group", None, "PERSON", "PERSON-1"),
    Seen("identify", None, "PERSON", "PERSON-1"),
    Seen("page", "Page Viewed", "PERSON", "PERSON-1"),
    Seen("screen", "Screen Viewed", "PERSON", "PERSON-1"),
    Seen("track", "Order Completed", "PERSON", "PERSON-1"),
]


@dataclass(frozen=True)
class Shop:
    """A site of somebody else: its origin, and the folder that its pages and the SDKs' files lie in."""

    url: str
    folder: Path

    def paste(self, script: str, gate: Gate, delivery: str) -> None:
        """Make the home page, with a script that knows where to send to."""
        names = f"var WRITE_KEY = '{KEYS.write}', HOST = '{urlsplit(gate.url).netloc}', PROTOCOL = 'http', DELIVERY = {delivery}"
        (self.folder / "index.html").write_text(f"<!doctype html><title>Teapots</title><script>{names}</script>{script}")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop with the SDKs as their packages ship them."""
    for name, path in FILES.items():
        shutil.copy(installed() / path, tmp_path / name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Shop(f"http://127.0.0.1:{server.server_port}", tmp_path)
    server.shutdown()
    thread.join()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing on the terminal."""

    def log_message(self, *_: object) -> None: ...


async def opened(browser: BrowserContext, shop: Shop, script: str, gate: Gate, delivery: str = "{}") -> tuple[Page, set[str]]:
    """The shop's home page with an SDK that sends to the gate, and the origins that it asks."""
    shop.paste(script, gate, delivery)
    page, origins = await browser.new_page(), set[str]()
    browser.on("request", lambda request: origins.add("{0.scheme}://{0.netloc}".format(urlsplit(request.url))))
    await page.goto(f"{shop.url}/{LANDING}")
    await page.wait_for_function("() => window.analytics")
    return page, origins


async def all_taken(gate: Gate, count: int) -> None:
    """Wait until so many events were answered with 200."""

    def taken() -> set[str]:
        return {event["messageId"] for asked in gate.written if asked.status == 200 for event in asked.events}

    await asyncio.to_thread(until, lambda: len(taken()) == count, f"{count} events are taken")


@pytest.mark.parametrize("faults", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize(
    "delivery", ["{}", "{strategy: 'batching', config: {size: 3, timeout: 500, keepalive: true}}"], ids=["one by one", "batching"]
)
async def test_analytics_js(
    shared_waystage: Waystage, browser: BrowserContext, shop: Shop, delivery: str, faults: tuple[Fault, ...]
) -> None:
    person, at = f"ajs-{uuid.uuid4().hex}", an_hour_ago()
    with before(shared_waystage.url, *faults) as gate:
        page, origins = await opened(browser, shop, SEGMENT, gate, delivery)
        await page.evaluate(SEGMENT_CALLS, [person, at.isoformat()])
        await all_taken(gate, len(ONE_DEVICE))
    assert origins == {shop.url, gate.url}
    found = await asyncio.to_thread(assert_arrived, shared_waystage, gate, person, ONE_DEVICE)
    assert_ordered(found, at)
    assert {row["url"] for row in found} == {f"{shop.url}/{LANDING}"}
    await asyncio.to_thread(assert_known, shared_waystage, person, f"{person}-1", f"{person}-2")


async def test_analytics_js_when_its_page_is_left(shared_waystage: Waystage, browser: BrowserContext, shop: Shop) -> None:
    person, delivery = f"ajs-{uuid.uuid4().hex}", "{strategy: 'batching', config: {timeout: 60000, keepalive: true}}"
    with before(shared_waystage.url) as gate:
        page, _ = await opened(browser, shop, SEGMENT, gate, delivery)
        await page.evaluate(SEGMENT_CALLS, [person, an_hour_ago().isoformat()])
        await page.goto("about:blank")
        await all_taken(gate, len(ONE_DEVICE))
    await asyncio.to_thread(assert_arrived, shared_waystage, gate, person, ONE_DEVICE)


async def test_jitsu(shared_waystage: Waystage, browser: BrowserContext, shop: Shop) -> None:
    person, story = f"jitsu-{uuid.uuid4().hex}", [seen for seen in ONE_DEVICE if seen.type not in ("alias", "screen")]
    with before(shared_waystage.url) as gate:
        page, origins = await opened(browser, shop, JITSU, gate)
        await page.evaluate(JITSU_CALLS, [person])
        await all_taken(gate, len(story))
    assert origins == {shop.url, gate.url}
    assert_ordered(await asyncio.to_thread(assert_arrived, shared_waystage, gate, person, story))
    await asyncio.to_thread(assert_known, shared_waystage, person, f"{person}-1")
