"""The application behind a real socket: streams and the command line need one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn

from tests.api.conftest import City


@asynccontextmanager
async def served(city: City) -> AsyncGenerator[str]:
    """The address of the running application, whose doors are open already."""
    config = uvicorn.Config(city.app, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
