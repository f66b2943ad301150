"""Stories: which mentions tell the same one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from store.decide import group
from store.engine import insert_new
from store.tables import BRAND_MENTION, CLUSTER, CLUSTER_KEY, MENTION

_KNOWN = select(CLUSTER_KEY.c.key, CLUSTER_KEY.c.cluster_id).where(
    CLUSTER_KEY.c.key.in_(bindparam("keys", expanding=True))
)
_NEW = insert(CLUSTER).returning(CLUSTER.c.id)


def assign(conn: Connection, keys_of_each: Sequence[Sequence[str]], now: datetime) -> list[int]:
    """The cluster of each new mention, by its story keys; makes and joins clusters as needed.

    A mention whose keys belong to two clusters shows that they are one story: the younger joins
    the older. So the clusters do not depend on the order in which mentions arrive.
    """
    known = _known(conn, set(chain.from_iterable(keys_of_each)))
    groups = group(keys_of_each)
    clusters: list[int | None] = []
    for members in groups:
        owners = {known[key] for i in members for key in keys_of_each[i] if key in known}
        target = min(owners, default=None)
        if target is not None and len(owners) > 1:
            known = _join(conn, owners - {target}, target, known)
        clusters.append(target)
    found = _fill(conn, clusters, now)
    fresh = {
        key: cluster
        for members, cluster in zip(groups, found, strict=True)
        for i in members
        for key in keys_of_each[i]
        if key not in known
    }
    if fresh:
        rows = [{"key": key, "cluster_id": cluster} for key, cluster in fresh.items()]
        conn.execute(insert_new(conn, CLUSTER_KEY), rows)
    result = [0] * len(keys_of_each)
    for members, cluster in zip(groups, found, strict=True):
        for i in members:
            result[i] = cluster
    return result


def first_of(conn: Connection, brand_id: int, cluster_id: int) -> int | None:
    """The mention that told a brand's story first; its own accounts and what is gone left out."""
    row = BRAND_MENTION.c
    asked = (
        select(row.mention_id)
        .where(row.brand_id == brand_id, row.cluster_id == cluster_id)
        .where(row.deleted.is_(False), row.own.is_(False))
        .order_by(row.published_at, row.mention_id)
        .limit(1)
    )
    return conn.execute(asked).scalar_one_or_none()


def _known(conn: Connection, keys: set[str]) -> dict[str, int]:
    return {key: int(cluster) for key, cluster in conn.execute(_KNOWN, {"keys": list(keys)})}


def _fill(conn: Connection, clusters: Sequence[int | None], now: datetime) -> list[int]:
    """New clusters in the place of the missing ones."""
    missing = sum(cluster is None for cluster in clusters)
    if not missing:
        return [cluster for cluster in clusters if cluster is not None]
    rows = [{"created_at": now}] * missing
    ids: Iterable[int] = conn.execute(_NEW, rows).scalars()
    fresh = iter(sorted(ids))
    return [next(fresh) if cluster is None else cluster for cluster in clusters]


def _join(conn: Connection, younger: set[int], older: int, known: dict[str, int]) -> dict[str, int]:
    theirs = select(MENTION.c.id).where(MENTION.c.cluster_id.in_(younger))
    conn.execute(
        update(BRAND_MENTION).where(BRAND_MENTION.c.mention_id.in_(theirs)).values(cluster_id=older)
    )
    for table in (MENTION, CLUSTER_KEY):
        conn.execute(update(table).where(table.c.cluster_id.in_(younger)).values(cluster_id=older))
    conn.execute(delete(CLUSTER).where(CLUSTER.c.id.in_(younger)))
    return {key: older if cluster in younger else cluster for key, cluster in known.items()}
