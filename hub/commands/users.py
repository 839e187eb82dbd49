"""`smarthub users passwd`: a new password for somebody who lost it, on a hub that is stopped."""

import time
from pathlib import Path
from typing import Annotated

import typer

from hub.access import Access
from hub.case_store import CaseStore
from hub.case_store.database import with_password
from hub.config import load
from hub.installation import Installation
from hub.people import People
from model.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="People who sign in. 用户。")
BY = "command line"


@app.callback()
def users() -> None:
    """People who sign in. 用户。"""


@app.command()
def passwd(
    name: Annotated[str, typer.Argument(help="whose password 用户名")],
    *,
    data: Annotated[Path, typer.Option(help="data folder of `smarthub up` 数据目录")] = Path(
        "data"
    ),
) -> None:
    """Draw a new password for somebody who lost it; the hub must be stopped. 重置密码（须先停机）。"""
    typer.echo(f"new password of {name} 新密码 (shown once 仅显示一次): {drawn(name, data)}")


def drawn(name: str, folder: Path) -> str:
    """Return the new password; raises ConfigError where a hub runs, or there is none."""
    file = folder / "hub.yaml"
    if not file.is_file():
        raise ConfigError(
            f"{folder} is no data folder of `smarthub up`: {file} is missing; give it with --data"
        )
    installation = Installation(folder)  # holds the lock until the end: no hub can start meanwhile
    config = load(file)
    url = config.cases_url or f"sqlite:///{config.data / 'cases.db'}"
    store = CaseStore(with_password(url, config.cases_password()), site=config.site)
    try:
        access = Access(store.accounts, clock=lambda: int(time.time() * 1000))
        return People(access).draw(name, by=BY)
    except LookupError as error:
        known = ", ".join(user.name for user in store.accounts.users()) or "nobody"
        raise ConfigError(f"no user {name!r} in {folder}; there are: {known}") from error
    finally:
        store.close()
        installation.close()
