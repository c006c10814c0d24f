"""`make serve`: the function behind a local stand-in for API Gateway, on 127.0.0.1, without AWS and without Docker."""

import argparse
import os
import shlex
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import uvicorn

from scripts.gateway import Gateway, Stage

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "events" / "seven.json"
LOG = ROOT / "build" / "serve.log"


def application() -> Gateway:
    """Made anew in each worker process, which loads and verifies the model first."""
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())  # what CloudWatch would get
    from lambda_fn.handler import handler

    return Gateway(handler, Stage(base=os.environ.get("BASE", ""), api_key=os.environ.get("API_KEY", "")))


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves until interrupted."""
    parser = argparse.ArgumentParser(prog="make serve", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--workers", type=int, default=1, help="processes; each answers one request at a time")
    parser.add_argument("--base", type=_base, default="", help="the stage's path, such as /v1")
    options = parser.parse_args(arguments)
    os.environ["BASE"] = options.base
    application()  # a broken model or setting is told once, here, and not by each worker
    threading.Thread(target=_announce, args=(f"http://127.0.0.1:{options.port}{options.base}",), daemon=True).start()
    uvicorn.run(
        "scripts.serve:application",
        factory=True,
        host="127.0.0.1",
        port=options.port,
        workers=options.workers,
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
    )


def _base(text: str) -> str:
    base = "/" + text.strip("/") if text.strip("/") else ""
    if base.count("/") > 1:
        raise argparse.ArgumentTypeError("a stage's path has one part, such as /v1")
    return base


def _announce(url: str) -> None:
    """Says how to call the service, once it answers."""
    for _ in range(600):
        try:
            httpx.get(f"{url}/health", timeout=1).raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    key = " -H 'x-api-key: '\"$API_KEY\"" if os.environ.get("API_KEY") else ""
    command = f"curl -s {url}/predict/batch{key} -H 'content-type: application/json' -d @{shlex.quote(str(SAMPLE))}"
    print(f"\nServing on {url} (Ctrl+C stops it). Try:\n\n  {command}\n", file=sys.stderr)
    print(f"Log lines and metrics go to {LOG.relative_to(ROOT)}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
