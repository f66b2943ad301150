"""The command that listens for pushed posts and for signed links: receive."""

from __future__ import annotations

import ipaddress
import logging
import signal
import threading
from typing import Annotated

import typer

from collectors.interface import FatalError
from collectors.sources.webhook import WebhookSettings
from molva.alert_page import PATH, AlertPages
from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    configure,
    console,
    log_to_stderr,
)
from molva.clock import utc_now
from molva.config import Config, ConfigError
from molva.listener import ReceiverServer
from molva.pipeline.tell import link_secret, reporting_names
from molva.receiver import Receiver
from reports.interface import CauseNames
from reports.words import Words
from sentiment.interface import ModelError

log = logging.getLogger(__name__)


def receive(
    config: ConfigOption = DEFAULT_CONFIG,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0)] = 8787,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every request.")] = False,
) -> None:
    """Listen for posts pushed to the webhook sources and for signed links, until SIGTERM.

    Run it beside molva run, which reads what is received. Links of alerts are answered at
    /alerts/act if the table links is configured: GET shows what a link would do, its button does
    it.
    """
    log_to_stderr(verbose=verbose)
    loaded = configure(config)
    hooks = [
        source
        for source in loaded.sources
        if isinstance(source, WebhookSettings) and source.enabled
    ]
    pages = alert_pages(loaded, alone=not hooks)
    if not hooks and pages is None:
        raise CommandError(
            f'{config} has no [[source]] of type = "webhook" to receive for, and no [links] table '
            "whose links to answer"
        )
    try:
        server = ReceiverServer(Receiver(hooks, utc_now), host, port, pages)
    except FatalError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"cannot listen at {host}:{port}: {error.strerror}") from None
    if pages is not None and loaded.links is not None:
        log.info("links of alerts lead to %s", loaded.links.base_url.rstrip("/") + PATH)
    _serve(server, host)


def alert_pages(config: Config, *, alone: bool) -> AlertPages | None:
    """What answers signed links; None if they are not configured.

    Raises:
        ConfigError: they cannot be answered, and there is nothing else to listen for.
    """
    if config.links is None:
        return None
    try:
        secret, url = link_secret(config), config.store_url
    except ConfigError as error:
        if alone:
            raise
        log.warning("links of alerts are not answered: %s", error)
        return None
    words = Words(config.language, config.timezone)
    return AlertPages(url, secret, words, utc_now, names=_names(config))


def _names(config: Config) -> CauseNames:
    """What causes are called; by a taxonomy that cannot be read nothing that is sent is lost."""
    try:
        return reporting_names(config)
    except ModelError as error:
        log.warning("lists of mentions name causes by their ids: %s", error)
        return {}


def _serve(server: ReceiverServer, host: str) -> None:
    shown = f"[{host}]" if ":" in host else host
    for path in server.paths:
        address = f"listening at http://{shown}:{server.port}{path}"
        console.print(address, soft_wrap=True, markup=False)
    if not _is_loopback(host):
        console.print("what is sent here comes in without TLS: put a web server in front of it")
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
