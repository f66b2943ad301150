"""The tables of what a mention speaks of besides its brand: the brand's products and places."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.table_parts import json_column as _json
from store.table_parts import key as _key
from store.tables import core


class Facet(SQLModel, table=True):
    """A product or a place of a brand, as configured."""

    __tablename__ = "facet"
    __table_args__ = (UniqueConstraint("brand_id", "kind", "slug"),)
    id: int | None = _key()
    brand_id: int = Field(foreign_key="brand.id", sa_type=BigInteger)
    kind: str
    """`product` or `place`."""
    slug: str
    name: str
    names: dict[str, Any] = _json()
    """By language, where they differ."""
    active: bool = True
    """Whether it is still in the configuration."""


class FacetLink(SQLModel, table=True):
    """A mention towards a brand speaks of a facet, or its author says to be there."""

    __tablename__ = "facet_link"
    __table_args__ = (
        Index("ix_facet_link_facet", "facet_id", "about", "brand_mention_id"),
        {"sqlite_with_rowid": False},
    )
    brand_mention_id: int = Field(
        sa_column=Column(
            BigInteger,
            ForeignKey("brand_mention.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        )
    )
    facet_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("facet.id"), primary_key=True, autoincrement=False)
    )
    about: bool = Field(sa_column=Column(Boolean, primary_key=True))
    """What the mention speaks of; false: only where its author is."""
    term: str


FACET = core(Facet)
FACET_LINK = core(FacetLink)
