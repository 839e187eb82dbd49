"""Lets a visitor plant an incident and watch what becomes of it; there only while all is simulated."""

from functools import partial

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from hub.access import Role
from hub.simulation.stories import CUT, GATEWAY_CUT, STORIES, Story
from model.errors import HubError

from .site import Site, Title, Visit
from .words import Lang


def register(site: Site) -> None:
    """Serve the panel of incidents."""
    site.page("/demo", Title("演示：制造事件", "Demo: plant an incident"), build)


async def build(visit: Visit) -> None:
    """Draw one card for each incident."""
    ui.label(
        visit.say(
            "点击后，模拟设备通过真实协议发出相应报文；约几秒后在“态势”页看到案件。",
            "The simulated devices then say so over their real protocols; the case is on the wall within seconds.",
        )
    ).classes("sh-muted")
    with ui.element("div").classes("sh-stories"):
        for name, story in (*STORIES.items(), (GATEWAY_CUT, CUT)):
            _card(visit, name, story)


def _card(visit: Visit, name: str, story: Story) -> None:
    zh = visit.lang is Lang.ZH
    with ui.element("section").classes("sh-card sh-story"):
        ui.label(story.zh if zh else story.en).classes("sh-h2").props(
            'role="heading" aria-level="2"'
        )
        ui.label(story.course_zh if zh else story.course_en)
        title = story.zh if zh else story.en
        button = ui.element("button").classes("sh-button").props(f'type="button" id="plant-{name}"')
        button.props["aria-label"] = visit.say(f"制造：{title}", f"Plant: {title}")
        with button:
            ui.label(visit.say("制造", "Plant"))
        button.on("click", partial(_plant, visit, name))


async def _plant(visit: Visit, name: str) -> None:
    orders = visit.site.orders
    if orders is None or not await visit.still(Role.DISPATCH):
        return
    try:
        await run_in_threadpool(orders.give, name)
    except (HubError, OSError) as error:
        ui.notify(str(error), type="negative")
        return
    ui.notify(
        visit.say("已下达，几秒后发生", "Ordered; it happens within seconds"), type="positive"
    )
