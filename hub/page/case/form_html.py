"""Draws what can be done: large buttons for the next steps, the rest under "more", and each form."""

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.page.words import Lang

from .forms import Deed, Field
from .markup import Markup, Part, icon, joined, tag
from .offers import Offer
from .sending import Problem

Typed = Mapping[str, str]


class Draft(NamedTuple):
    """An open form: what stands in it, what is wrong with it, and under which id it will be sent."""

    deed: Deed
    fields: tuple[Field, ...]
    typed: Typed
    id: str
    tries: int = 0
    problems: Sequence[Problem] = ()


def begun(deed: Deed, fields: tuple[Field, ...], typed: Typed) -> Draft:
    """Return a form that somebody has just opened; its id makes sending it twice harmless."""
    return Draft(deed, fields, typed, f"page-{secrets.token_hex(12)}")


def buttons_html(
    offered: Sequence[Offer], next_keys: Sequence[str], *, once: str, lang: Lang
) -> Markup:
    """Return the buttons; `once` is the same until the case changes, so that two clicks are one."""
    by_key = {offer.deed.key: offer for offer in offered}
    first = [by_key[key] for key in next_keys if key in by_key]
    rest = [o for o in offered if o not in first or (o.deed.at_once and o.deed.fields)]
    blocked = [offer for offer in first if offer.blocked[0]]
    more = "更多操作" if lang is Lang.ZH else "More"
    return joined(
        (
            tag(
                "div",
                *(_button(offer, number, once, lang) for number, offer in enumerate(first)),
                class_="cp-next",
            ),
            *(tag("p", _say(offer.blocked, lang), class_="sh-muted") for offer in blocked),
            tag(
                "details",
                tag("summary", more),
                tag("div", *(_small(offer, lang) for offer in rest), class_="cp-rest"),
                class_="cp-more",
            )
            if rest
            else None,
        )
    )


def _button(offer: Offer, number: int, once: str, lang: Lang) -> Markup:
    deed = offer.deed
    return tag(
        "button",
        icon(deed.icon),
        tag("span", deed.label(lang)),
        type="button",
        class_="cp-deed cp-first" if number == 0 else "cp-deed",
        # Not `disabled`: who uses a keyboard shall reach it and hear why it is not possible.
        data_deed=None if offer.blocked[0] else deed.key,
        data_once=f"page-{once}-{deed.key}" if deed.at_once else None,
        data_keep=f"deed-{deed.key}",
        aria_disabled="true" if offer.blocked[0] else None,
    )


def _small(offer: Offer, lang: Lang) -> Markup:
    """Return a button that opens a form, also of what could be done at once: for somebody else."""
    deed = offer.deed
    label = deed.label(lang)
    if deed.at_once and deed.fields:
        label += "（代他人）" if lang is Lang.ZH else " (for somebody else)"
    reason = _say(offer.blocked, lang)
    return tag(
        "button", icon(deed.icon), tag("span", label),
        tag("small", reason) if reason else None,
        type="button", class_="cp-deed cp-small", data_deed=None if reason else deed.key,
        data_keep=f"more-{deed.key}", aria_disabled="true" if reason else None,
    )  # fmt: skip


def form_html(draft: Draft, *, key: str, lang: Lang) -> Markup:
    """Return a form with what stands in it; `key` names its copy in the browser."""
    deed, zh = draft.deed, lang is Lang.ZH
    beside = {problem.field: problem.text for problem in draft.problems if problem.field}
    return tag(
        "form",
        tag("h2", deed.label(lang), class_="cp-h"),
        tag("p", _say(deed.hint, lang), class_="sh-muted") if deed.hint[0] else None,
        _summary(draft, lang),
        tag("input", type="hidden", name="id", value=draft.id),
        *(
            _field(field, draft.typed.get(field.name, ""), beside.get(field.name, ""), lang)
            for field in draft.fields
        ),
        tag(
            "div",
            tag("button", deed.label(lang), type="submit", class_="cp-deed cp-first"),
            tag("button", "取消" if zh else "Cancel", type="button", class_="cp-deed cp-small",
                data_deed="cancel"),
            class_="cp-next",
        ),
        class_="cp-form", data_form=deed.key, data_draft=key, data_try=draft.tries,
        novalidate=True, aria_label=deed.label(lang),
    )  # fmt: skip


def _summary(draft: Draft, lang: Lang) -> Markup | None:
    """Say first everything that is missing: also what no field of the form can mend."""
    if not draft.problems:
        return None
    title = "还不能执行，缺少：" if lang is Lang.ZH else "Not possible yet, missing:"
    lines = [
        tag("li", tag("a", p.text, href=f"#f-{p.field}") if p.field else p.text)
        for p in draft.problems
    ]
    return tag(
        "div", tag("strong", title), tag("ul", *lines),
        class_="cp-refused", role="alert", tabindex="-1", data_focus=True,
    )  # fmt: skip


def _field(field: Field, value: str, problem: str, lang: Lang) -> Markup:
    ident = f"f-{field.name}"
    hint = _say(field.hint, lang)
    described = " ".join(
        name for name, text in ((f"{ident}-e", problem), (f"{ident}-h", hint)) if text
    )
    control = _control(field, value, ident, lang, described=described, wrong=bool(problem))
    needed = tag("span", " *", class_="cp-star", aria_hidden="true") if field.needed else None
    label = tag("label", field.label(lang), needed, for_=ident)
    parts: tuple[Part, ...] = (label, control)
    if field.kind == "flag":
        parts = (tag("span", control, label, class_="cp-flag"),)
    return tag(
        "div",
        *parts,
        tag("small", hint, id=f"{ident}-h", class_="sh-muted") if hint else None,
        tag("p", problem, id=f"{ident}-e", class_="cp-wrong") if problem else None,
        class_="cp-field",
    )


def _control(
    field: Field, value: str, ident: str, lang: Lang, *, described: str, wrong: bool
) -> Markup:
    common: dict[str, str | bool | int | None] = {
        "id": ident,
        "name": field.name,
        "aria_describedby": described or None,
        "aria_invalid": "true" if wrong else None,
        "aria_required": "true" if field.needed else None,
    }
    match field.kind:
        case "text":
            return tag("textarea", value, rows=3, maxlength=4000, **common)
        case "choice":
            options = [tag("option", "–", value="")]
            options += [
                tag("option", zh if lang is Lang.ZH else en, value=key, selected=key == value)
                for key, zh, en in field.choices
            ]
            return tag("select", *options, **common)
        case "flag":
            return tag("input", type="checkbox", value="yes", checked=bool(value), **common)
        case "time":
            return tag("input", type="datetime-local", value=value, **common)
    choose = "places" if field.kind == "place" else None
    return tag(
        "input",
        type="text",
        value=value,
        maxlength=1000,
        autocomplete="off",
        list_=choose,
        **common,
    )


def _say(both: tuple[str, str], lang: Lang) -> str:
    return both[0] if lang is Lang.ZH else both[1]
