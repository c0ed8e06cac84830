"""The measure of all rows: a bare aiohttp server that answers with what it has prepared, on the standard loop."""

from __future__ import annotations

import asyncio
import importlib.util
import sys

from aiohttp import web

JSON = importlib.import_module("orjson" if importlib.util.find_spec("orjson") else "json")
BODY = b'{"id":"chatcmpl-1","object":"chat.completion","choices":[{"message":{"content":"%b"}}]}' % (b"x" * 415)
"""500 bytes."""
EVENT = (
    b'data: {"id":"chatcmpl-0123456789abcdef01234567","object":"chat.completion.chunk","created":1767225601,'
    b'"model":"m","choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}\n\n'
)
EVENTS = 100


async def whole(request: web.Request) -> web.Response:
    """Read the bytes of the body, and answer."""
    await request.read()
    return web.Response(body=BODY, headers={"content-type": "application/json"})


async def parsed(request: web.Request) -> web.Response:
    """Read the body as JSON, and answer."""
    JSON.loads(await request.read())
    return web.Response(body=BODY, headers={"content-type": "application/json"})


async def streamed(request: web.Request) -> web.StreamResponse:
    """Write event after event."""
    await request.read()
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for _ in range(EVENTS):
        await response.write(EVENT)
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


async def serve(port: int) -> None:
    """Serve without end."""
    app = web.Application(client_max_size=1 << 30)
    app.add_routes([web.post("/whole", whole), web.post("/parsed", parsed), web.post("/streamed", streamed)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
