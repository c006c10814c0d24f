"""`python -m tests.deploy.emulator PORT ADDRESS...`: serves on these addresses until standard input ends.

So it ends with the process that started it, however that one ends; its containers are removed first.
"""

import asyncio
import json
import os
import sys

PORT, ADDRESSES = sys.argv[1], sys.argv[2:]
# The emulator reads these when it is imported. It would also open ports for MQTT and SFTP, on every address.
os.environ |= {"GATEWAY_PORT": PORT, "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app as aws  # noqa: E402

from tests.deploy.emulator import (  # noqa: E402
    codedeploy,
    embedded_metrics,
    functions,
    gateway,
    names,
    registry,
    resources,
    through_api,
)


async def app(scope, receive, send):  # type: ignore[no-untyped-def]
    """Answers for CodeDeploy, takes orders from the tests, and leaves the rest to the emulator."""
    if scope["type"] != "http":
        return await aws(scope, receive, send)
    headers = dict(scope["headers"])
    target = headers.get(b"x-amz-target", b"").decode()
    if target.startswith(codedeploy.TARGET):
        request = json.loads(await _body(receive))
        status, content = codedeploy.answer(target.removeprefix(codedeploy.TARGET), request)
    elif scope["path"] == "/_emulator/fail-once":
        resources.failing.add((await _body(receive)).decode())
        status, content = 200, {}
    elif scope["path"].startswith(gateway.PATH) and int(headers.get(b"content-length", 0)) > gateway.MOST:
        return await gateway.refuse_longest(send, receive)
    else:
        return await aws(scope, receive, send)
    kind = [(b"content-type", b"application/x-amz-json-1.1")]
    await send({"type": "http.response.start", "status": status, "headers": kind})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})
    return None


async def _body(receive) -> bytes:  # type: ignore[no-untyped-def]
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def main() -> None:
    for part in (names, resources, through_api, codedeploy, embedded_metrics, functions, gateway, registry):
        part.install()
    config = Config()
    config.bind = [f"{address}:{PORT}" for address in ADDRESSES]
    config.keep_alive_timeout = 75
    await serve(app, config, shutdown_trigger=lambda: asyncio.to_thread(sys.stdin.read))


if __name__ == "__main__":
    asyncio.run(main())
