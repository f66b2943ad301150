"""The command that listens for pushed posts: receive."""

from __future__ import annotations

import ipaddress
import signal
import threading
from typing import Annotated

import typer

from collectors.interface import FatalError
from collectors.sources.webhook import WebhookSettings
from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    configure,
    console,
    log_to_stderr,
)
from molva.clock import utc_now
from molva.receiver import Receiver, ReceiverServer


def receive(
    config: ConfigOption = DEFAULT_CONFIG,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0)] = 8787,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every request.")] = False,
) -> None:
    """Listen for posts that other programs push to the webhook sources, until SIGTERM.

    Run it beside molva run, which reads what is received.
    """
    log_to_stderr(verbose=verbose)
    loaded = configure(config)
    hooks = [
        source
        for source in loaded.sources
        if isinstance(source, WebhookSettings) and source.enabled
    ]
    if not hooks:
        raise CommandError(f'{config} has no [[source]] of type = "webhook" to receive for')
    try:
        server = ReceiverServer(Receiver(hooks, utc_now), host, port)
    except FatalError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"cannot listen at {host}:{port}: {error.strerror}") from None
    _serve(server, host)


def _serve(server: ReceiverServer, host: str) -> None:
    for path in server.receiver.paths:
        console.print(f"listening at http://{host}:{server.port}{path}", soft_wrap=True)
    if not _is_loopback(host):
        console.print("deliveries come in without TLS here: put a web server in front of it")
    for name in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop below, so it needs a thread of its own.
        signal.signal(name, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        server.serve_forever(poll_interval=0.2)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
