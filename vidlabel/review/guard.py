"""Who may speak to the server of a review: the browser that was given its address, and no page of another site.

Any page on the internet can make a browser send requests to 127.0.0.1, and a name of its own can lead there (DNS
rebinding). So every request needs the random token of the run, the names of this server, and no sign of another origin.
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class Guard:
    """Lets through what the page of a review asks for, and adds the headers that bind the browser.

    Args:
        app: what answers.
        port: of the server.
        token: secret of this run.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app = app
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._token = token
        # Cookies do not know ports: without it two reviews would take each other's.
        self._cookie = f"vidlabel-review-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":  # The start and the end of the server; there are no web sockets.
            await self._app(scope, receive, send)
            return

        async def send_bound(message: Message) -> None:
            """Send with the headers of every answer."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        answer = self._refusal(Headers(scope=scope)) or self._sign_in(Request(scope))
        await (answer or self._app)(scope, receive, send_bound)

    def _refusal(self, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("This server is for its own machine alone.", 421)
        if headers.get("origin", f"http://{host}") != f"http://{host}":
            return PlainTextResponse("Pages of other sites may not ask this.", 403)
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return PlainTextResponse("Pages of other sites may not ask this.", 403)
        return None

    def _sign_in(self, request: Request) -> Response | None:
        """The cookie for who comes with the token; a refusal for who has neither."""
        given = request.query_params.get("token")
        if given is not None and request.url.path == "/" and self._is_token(given):
            answer = RedirectResponse("/", 303)
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            return answer
        if self._is_token(_cookie(request, self._cookie)):
            return None
        return PlainTextResponse("Open the whole address that vidlabel has printed, with its token.", 403)

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self._token.encode())


def _cookie(request: Request, name: str) -> str:
    cookies = SimpleCookie()
    try:
        cookies.load(request.headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""
