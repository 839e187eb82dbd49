"""Asks a running hub over its API, for the commands that show things."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

from model.errors import HubError


def ask(url: str, path: str, **query: str | int | None) -> dict[str, object]:
    """Return the JSON of `GET path`; raises HubError with a remedy.

    The token comes from SMARTHUB_TOKEN.
    """
    if not url.startswith(("http://", "https://")):
        raise HubError(f"{url} is not an http(s) address")
    given = {key: value for key, value in query.items() if value not in (None, "")}
    full = f"{url.rstrip('/')}{path}" + (f"?{urllib.parse.urlencode(given)}" if given else "")
    request = urllib.request.Request(full)  # noqa: S310 - the scheme is checked above
    token = os.environ.get("SMARTHUB_TOKEN", "")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - checked above
            found: dict[str, object] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        if error.code == 401:  # noqa: PLR2004 - HTTP's own number
            raise HubError("the hub wants a token: set SMARTHUB_TOKEN") from error
        detail = error.read().decode("utf-8", "replace")[:300]
        raise HubError(f"the hub answered {error.code}: {detail}") from error
    except (OSError, ValueError) as error:
        raise HubError(f"no hub answers at {url} ({error}); is it running?") from error
