"""A client that calls the app in this process, without a port."""

import asyncio

import httpx
from fastapi import FastAPI

ELSEWHERE = ("10.0.0.9", 5000)


class Client:
    """Sends one request at a time; an error inside the app is an answer, as it is on a port."""

    def __init__(self, app: FastAPI, token: str = "", address: tuple[str, int] = ELSEWHERE) -> None:
        self._app = app
        self._headers = {b"authorization": f"Bearer {token}".encode()} if token else {}
        self._address = address

    def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Return the answer to one request."""
        sent = {**self._headers, **{k.encode(): v.encode() for k, v in (headers or {}).items()}}

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(
                self._app, raise_app_exceptions=False, client=self._address
            )
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
                return await client.request(
                    method, path, json=json, content=content, params=params, headers=sent
                )

        return asyncio.run(ask())

    def get(
        self,
        path: str,
        *,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Ask for something."""
        return self.request("GET", path, params=params, headers=headers)

    def post(self, path: str, *, json: object = None) -> httpx.Response:
        """Send JSON."""
        return self.request("POST", path, json=json)

    def delete(self, path: str) -> httpx.Response:
        """Withdraw something."""
        return self.request("DELETE", path)
