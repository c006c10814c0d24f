"""`make serve`: serves the API on 127.0.0.1, without AWS and without Docker."""

import argparse
import os
import re
import shlex
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import uvicorn

from scripts.local.gateway import Gateway, Stage
from scripts.local.workers import RefusedToStart, Workers

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "events" / "seven.json"
LOG = ROOT / "build" / "serve.log"


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(prog="make serve", description=__doc__)
    parser.add_argument("--port", type=_whole(1, 65535), default=8080)
    parser.add_argument(
        "--workers", type=_whole(1, 64), default=1, help="processes with the model; one request at a time in each"
    )
    parser.add_argument("--base", type=_base, default="", help="the stage's path, such as /v1")
    options = parser.parse_args(arguments)
    LOG.parent.mkdir(exist_ok=True)
    try:
        workers = Workers(options.workers, LOG)
    except RefusedToStart as error:
        sys.exit(f"refused to start: {error}")
    stage = Stage(
        base=options.base,
        api_key=os.environ.get("API_KEY", ""),
        preflights=bool(os.environ.get("CORS_ORIGINS")),
        concurrency=options.workers,
    )
    threading.Thread(target=_announce, args=(f"http://127.0.0.1:{options.port}{options.base}",), daemon=True).start()
    try:
        uvicorn.run(
            Gateway(workers, stage),
            host="127.0.0.1",
            port=options.port,
            access_log=False,
            log_level="warning",
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=60,  # with uvicorn's 5 s, a client that paused would use a connection just closed
        )
    finally:
        workers.close()


def _base(text: str) -> str:
    name = text.strip("/")
    if not re.fullmatch(r"\w*", name, re.ASCII):
        raise argparse.ArgumentTypeError("a stage's path is one part of letters, digits and _, such as /v1")
    return f"/{name}" if name else ""


def _whole(low: int, high: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"takes a whole number from {low} to {high}")
        return int(text)

    return whole


def _announce(url: str) -> None:
    """Prints how to call the service, once it answers."""
    for _ in range(600):
        try:
            httpx.get(f"{url}/health", timeout=1).raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    else:
        print(f"Nothing answers on {url} yet; see {LOG.relative_to(ROOT)}", file=sys.stderr, flush=True)
        return
    key = " -H 'x-api-key: '\"$API_KEY\"" if os.environ.get("API_KEY") else ""
    command = f"curl -s {url}/predict/batch{key} -H 'content-type: application/json' -d @{shlex.quote(str(SAMPLE))}"
    first = ", with API_KEY set in that shell too" if key else ""
    print(f"\nServing on {url} (Ctrl+C stops it). Open the console to draw a digit:", file=sys.stderr)
    print(f"\n  {url}/console\n\nor try{first}:\n\n  {command}\n", file=sys.stderr)
    print(f"The API is described on {url}/docs", file=sys.stderr)
    print(f"Log lines and metrics go to {LOG.relative_to(ROOT)}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
