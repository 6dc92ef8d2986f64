"""Pages of a server in a browser."""

from __future__ import annotations

from typing import Any


def opened(browser: Any, address: str, width: int = 1100, **how: Any) -> tuple[Any, list[str]]:
    """A page, and whatever goes wrong in it."""
    page = browser.new_context(viewport={"width": width, "height": 900}, **how).new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("dialog", lambda said: wrong.append("a dialog") or said.dismiss())
    page.goto(address)
    page.wait_for_selector("#about:not(:empty)")
    return page, wrong
