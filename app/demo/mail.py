"""Mail to those whose address is known: delivered, opened, clicked, and what scanners and privacy proxies do with it."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from app.demo.browsing import pick
from app.demo.rows import as_events
from app.demo.seasons import DAY, DAYS, HOUR, MINUTE, SECOND
from app.demo.story import Story, row_of
from app.demo.world import World

SENT_AT = 10 * HOUR
SENDING = 2 * HOUR
WELCOME_AFTER = 20 * HOUR
PROXY = "Mozilla/5.0"
LINKS = 3
"""A scanner follows so many links of a mail at once."""


def mail(visits: pl.DataFrame, people: pl.DataFrame, story: Story) -> pl.DataFrame:
    """The events of mails, as rows.EVENTS."""
    world, sent = story.world, _sent(visits, people, story)
    opens = np.where(sent["welcome"].to_numpy(), world.mail.welcome_opens, world.mail.opens)
    hours = pl.Series((story.days(sent, 3, 1.2) * HOUR).astype(np.int64))
    opened = story.some(sent.with_columns(at=pl.col("at") + hours), opens)
    enough = sent.filter("last").with_columns(at=pl.col("at") + HOUR)
    told = [_told(sent, "Email Delivered"), _told(opened, "Email Opened", agent=_phone(world)), _told(enough, "Unsubscribed")]
    return pl.concat([*told, *_clicks(visits, people, story), *_machines(sent, world)])


def _sent(visits: pl.DataFrame, people: pl.DataFrame, story: Story) -> pl.DataFrame:
    """One row a mail: the person's columns, at, message, welcome, last (whether the person has enough after it)."""
    known = visits.filter(pl.col("known_at").is_not_null()).unique("person", keep="first", maintain_order=True)
    patience = pl.Series(story.rng.geometric(story.world.mail.unsubscribes, known.height))
    known = known.select("person", "known_at", patience=patience)
    regular = (
        known.join(_mailings(story), how="cross").filter(pl.col("sent") > pl.col("known_at")).with_columns(welcome=pl.lit(value=False))
    )
    welcome = known.with_columns(sent=pl.col("known_at") + WELCOME_AFTER, message=pl.lit("welcome"), welcome=pl.lit(value=True))
    mails = pl.concat([regular, welcome]).sort("person", "sent")
    nth = pl.int_range(1, pl.len() + 1).over("person")
    mails = mails.filter(nth <= pl.col("patience")).with_columns(last=nth == pl.col("patience"))
    delay = pl.when("welcome").then(0).otherwise(story.chance(mails) * SENDING).cast(pl.Int64)
    return mails.with_columns(at=pl.col("sent") + delay).join(people, on="person", maintain_order="left")


def _mailings(story: Story) -> pl.DataFrame:
    """The mailings of the year: `sent` in the morning of the shop's clock, and `message`."""
    days = story.world.mail.every_days
    morning = story.year.start // DAY * DAY + story.world.mail.first_day * DAY + SENT_AT - story.year.shift
    return pl.DataFrame({"nth": range(DAYS // days + 1)}).select(sent=morning + pl.col("nth") * (days * DAY), message=_message(story.world))


def _message(world: World) -> pl.Expr:
    names = dict(enumerate(world.mail.names))
    name = (pl.col("nth") % len(names)).replace_strict(names, return_dtype=pl.String)
    return pl.concat_str(name, pl.lit("-"), pl.col("nth"))


def _clicks(visits: pl.DataFrame, people: pl.DataFrame, story: Story) -> Iterator[pl.DataFrame]:
    """What comes before a visit that a mail brought."""
    newsletter, reminder = (row_of(story.world, name) for name in ("newsletter", "cart_reminder"))
    came = (
        visits.filter(pl.col("arrival").is_in([newsletter, reminder]))
        .drop("mobile")
        .join(people.drop("arrival"), on="person", maintain_order="left")
    )
    came = came.with_columns(nth=story.latest_mailing())
    reminded = pl.col("arrival") == reminder
    came = came.with_columns(message=pl.when(reminded).then(pl.lit("cart_reminder")).otherwise(_message(story.world)))
    yield _told(came.filter(reminded).with_columns(at=pl.col("at") - 2 * HOUR), "Email Delivered")
    for event, before in (("Email Opened", 40 * SECOND), ("Email Link Clicked", SECOND)):
        yield _told(came.with_columns(at=pl.col("at") - before), event, agent=_phone(story.world))


def _machines(sent: pl.DataFrame, world: World) -> Iterator[pl.DataFrame]:
    """Privacy proxies open the mail of some phones; scanners before some mailboxes follow every link at once."""
    chance = pl.col("person") * 37 % 100 / 100
    proxied = sent.filter(chance < world.mail.proxied).with_columns(at=pl.col("at") + 7 * MINUTE)
    yield _told(proxied, "Email Opened", agent=pl.lit(PROXY))
    scanned = sent.filter(chance > 1 - world.mail.scanned, pl.col("email").str.ends_with("@example.org"))
    scanners = pl.lit(pick(world.shop.agents.scanners, scanned["person"] % len(world.shop.agents.scanners)))
    for link in range(LINKS):
        yield _told(scanned.with_columns(at=pl.col("at") + 2 * SECOND), "Email Link Clicked", link=f"/sale?item={link}", agent=scanners)


def _told(sent: pl.DataFrame, event: str, link: str = "/sale", agent: pl.Expr | None = None) -> pl.DataFrame:
    clicked = f',"link_url":"https://kettle-and-pan.example{link}"' if event == "Email Link Clicked" else ""
    said = pl.concat_str(pl.lit('"message_id":"'), "message", pl.lit(f'"{clicked}'))
    by = {} if agent is None else {"agent": agent}
    return as_events(sent, event=event, address=pl.col("email"), properties=said, **by)


def _phone(world: World) -> pl.Expr:
    agents = dict(enumerate(world.shop.agents.mobile))
    return (pl.col("person") * 7 % len(agents)).replace_strict(agents, return_dtype=pl.String)
