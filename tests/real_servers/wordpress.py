"""WordPress on PHP's own server, with MariaDB behind it; people write through its REST API."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.real_servers.conftest import absent, binary, free_port, running, short_path

PACKAGE = Path("/usr/share/wordpress")
CONFIG = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'wp'); define('DB_PASSWORD', 'wp');
define('DB_HOST', '127.0.0.1:{database}');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_HOME', 'http://127.0.0.1:{port}'); define('WP_SITEURL', WP_HOME);
define('WP_ENVIRONMENT_TYPE', 'local'); // passwords of applications without https
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true); define('WP_DEBUG_DISPLAY', false);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
INSTALL = """<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1:{port}'; $_SERVER['REQUEST_URI'] = '/';
function wp_mail() { return true; }
require __DIR__ . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Coffee blog', 'anna', 'anna@mail.example', true, '', 'a-pass-word');
update_option('posts_per_rss', 4); update_option('comment_moderation', 0);
update_option('comment_previously_approved', 0); update_option('permalink_structure', '');
wp_update_user(array('ID' => 1, 'display_name' => 'Анна К.'));
$made = WP_Application_Passwords::create_new_application_password(1, array('name' => 't'));
fwrite(STDOUT, "PASSWORD $made[0]");
"""
ACCESS = (
    "create database wp character set utf8mb4; "
    "create user wp@'127.0.0.1' identified by 'wp'; grant all on wp.* to wp@'127.0.0.1'; "
    "create user wp@localhost identified by 'wp'; grant all on wp.* to wp@localhost"
)


@dataclass
class WordPress:
    """A blog of four posts to a page of a feed, and the pen of its author."""

    url: str
    password: str

    def publish(self, title: str, content: str, **more: Any) -> int:
        return int(
            self._api("POST", "posts", title=title, content=content, status="publish", **more)["id"]
        )

    def edit(self, post: int, **what: Any) -> None:
        self._api("POST", f"posts/{post}", **what)

    def delete(self, post: int) -> None:
        self._api("DELETE", f"posts/{post}", force=True)

    def comment(self, post: int, content: str) -> int:
        return int(self._api("POST", "comments", post=post, content=content)["id"])

    def _api(self, method: str, path: str, **body: Any) -> Any:
        answer = httpx.request(
            method,
            f"{self.url}/?rest_route=/wp/v2/{path}",
            json=body,
            auth=("anna", self.password),
            timeout=30,
            trust_env=False,
        )
        assert answer.is_success, answer.text
        return answer.json()


@contextmanager
def wordpress_running() -> Iterator[WordPress]:
    """A new blog on a free port, gone at the end of the block."""
    php, server = binary("php"), binary("mariadbd")
    if not PACKAGE.is_dir():
        absent("WordPress")
    with short_path() as folder, _database(server, folder) as database:
        port = free_port()
        site = _site(folder / "site", port, database)
        said = _done([php, str(site / "install.php")])
        password = said.rpartition("PASSWORD ")[2]
        assert password, said
        command = [php, "-d", "display_errors=0", "-S", f"127.0.0.1:{port}", "-t", str(site)]
        with running(command, port, folder / "php.log"):
            yield WordPress(f"http://127.0.0.1:{port}", password)


@contextmanager
def _database(program: str, folder: Path) -> Iterator[int]:
    data, socket, port = folder / "data", folder / "m.sock", free_port()
    owner = "mysql" if os.geteuid() == 0 else ""
    data.mkdir()
    if owner:
        shutil.chown(folder, owner)
        shutil.chown(data, owner)
    user = [f"--user={owner}"] if owner else []
    _done(
        [
            binary("mariadb-install-db"), "--no-defaults", *user, f"--datadir={data}",
            "--auth-root-authentication-method=normal", "--skip-test-db",
        ]
    )  # fmt: skip
    command = [
        program, "--no-defaults", *user, f"--datadir={data}", f"--socket={socket}",
        f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve",
        "--innodb-flush-log-at-trx-commit=0", f"--pid-file={folder}/m.pid",
    ]  # fmt: skip
    with running(command, port, folder / "mariadb.log"):
        _done([binary("mariadb"), "--no-defaults", f"--socket={socket}", "-uroot", "-e", ACCESS])
        yield port


def _site(site: Path, port: int, database: int) -> Path:
    """The package with a configuration of our own: its entry points copied, the rest linked."""
    site.mkdir()
    for part in PACKAGE.iterdir():
        if part.is_dir():
            (site / part.name).symlink_to(part)
        elif part.suffix == ".php" and part.name != "wp-config.php":
            shutil.copy(part, site / part.name)
    (site / "wp-config.php").write_text(
        CONFIG.replace("{port}", str(port)).replace("{database}", str(database))
    )
    (site / "install.php").write_text(INSTALL.replace("{port}", str(port)))
    return site


def _done(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout
