"""One port: pages and API through WSGI in threads, WebSockets through Channels.

Django's own ASGI handler makes a new executor for each request (about 2 ms of CPU); a WSGI
application inside ASGI does not. See docs/decisions/0003-one-port.md.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintrust.settings")
os.environ.setdefault("FINTRUST_DB_POOL", "1")  # request threads share connections; tasks do not

from a2wsgi import WSGIMiddleware
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.wsgi import get_wsgi_application

_wsgi = WSGIMiddleware(get_wsgi_application(), workers=8)  # type: ignore[arg-type]


async def pages(scope: Any, receive: Any, send: Any) -> None:
    """Granian's own `receive` is awaitable but no coroutine, and the middleware needs one to read
    a body from its threads."""

    async def received() -> Any:
        return await receive()

    await _wsgi(scope, received, send)


from fintrust.urls import websocket_urlpatterns  # after Django is set up

application = ProtocolTypeRouter(
    {
        "http": pages,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
