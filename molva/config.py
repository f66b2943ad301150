"""`molva.toml`: what to watch, where to look, whom to tell; validated with file, line and field.

Secrets never stand in the file: it names environment variables that hold them.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from collectors.http import HttpSettings
from collectors.interface import SourceSettings
from collectors.query import Query, QueryError, compile_query, query_from_names
from collectors.registry import parse_settings
from molva.config_routes import brand_problems, cause_problems
from molva.facet_config import (
    MOST_FACETS,
    FacetConfig,
    PlaceConfig,
    ProductConfig,
    facet_problems,
)
from molva.toml_lines import line_of
from reports.alerts import AlertSettings
from reports.channels import Channel, FileChannel
from reports.periods import PeriodKind
from reports.quiet import QuietHours
from sentiment.choice import ModelChoice
from sentiment.foreign import TargetUse
from sentiment.interface import ModelError
from sentiment.label_names import SentimentClass
from sentiment.taxonomy import Taxonomy

_CHANNEL_TAGS = ("email", "webhook", "file", "apprise")


class ConfigError(Exception):
    """The configuration is wrong; every problem is a line `file:line: field: what`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _zone(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value not in available_timezones():
        raise ValueError(f"{value!r} is not a time zone; write one like Europe/Moscow or UTC")
    return ZoneInfo(value)


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
EmailAddress = Annotated[str, Field(pattern=r"^[^\s@,;<>]+@[^\s@,;<>]+$")]


class BrandDigest(_Table):
    """What differs for one brand's digest; a field left out is that of `[digest]`."""

    enabled: bool | None = None
    periods: tuple[PeriodKind, ...] | None = None
    hour: int | None = Field(default=None, ge=0, le=23)
    weekday: Weekday | None = None
    timezone: Zone | None = None
    language: Literal["en", "ru"] | None = None
    channels: tuple[str, ...] | None = Field(default=None, description="By name; default: all.")
    recipients: tuple[EmailAddress, ...] | None = None
    mask: bool | None = None


class BrandConfig(_Table):
    """A brand to watch: by its names, or by a query of the brand query language."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Short and unchanging.")
    name: str = Field(min_length=1, max_length=120)
    aliases: tuple[str, ...] = ()
    exclude: tuple[str, ...] = Field(default=(), description="Phrases that mean another thing.")
    query: str | None = Field(default=None, description="Replaces aliases and exclude.")
    rival: bool = Field(default=False, description="A rival: compared with, never alerted on.")
    accounts: tuple[str, ...] = Field(
        default=(),
        description="The brand's own accounts (handle or author id): their posts are replies, no "
        "customer's voice.",
    )
    products: tuple[ProductConfig, ...] = Field(default=(), alias="product", max_length=MOST_FACETS)
    places: tuple[PlaceConfig, ...] = Field(default=(), alias="place", max_length=MOST_FACETS)
    digest: BrandDigest = Field(default_factory=BrandDigest)

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> BrandConfig:
        if self.query is not None and (self.aliases or self.exclude):
            raise ValueError("give either query, or aliases and exclude, not both")
        return self

    @property
    def effective_query(self) -> str:
        """The query as written, or the one made from name, aliases and exclusions."""
        if self.query is not None:
            return self.query
        return query_from_names((self.name, *self.aliases), self.exclude)

    def compiled(self) -> Query:
        """The query, ready to match.

        Raises:
            QueryError: it is not valid; the error says where.
        """
        return compile_query(self.effective_query, name=self.id)

    @property
    def facets(self) -> tuple[FacetConfig, ...]:
        """Its products and places."""
        return (*self.products, *self.places)


class DigestConfig(_Table):
    """When digests are written, of what, and for whom."""

    enabled: bool = True
    periods: tuple[PeriodKind, ...] = Field(
        default=("day",), min_length=1, description="Of what: day, week, month."
    )
    hour: int = Field(default=9, ge=0, le=23, description="Hour of the day in `timezone`.")
    weekday: Weekday = Field(default="monday", description="When that of the last week is due.")
    timezone: Zone | None = Field(default=None, description="Default: that of the whole file.")
    language: Literal["en", "ru"] | None = None
    channels: tuple[str, ...] = Field(default=(), description="By name; default: all.")
    recipients: tuple[EmailAddress, ...] = Field(
        default=(), description="Whom an e-mail goes to; default: the channel's `to`."
    )
    mask: bool = Field(default=False, description="Hide phone numbers, e-mails, handles, names.")
    pages: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Where a file channel's folder is served; e-mails then link each number.",
    )


class LinksConfig(_Table):
    """Signed links in alert messages; none without a base URL."""

    base_url: str = Field(
        pattern=r"^https?://[^\s?#]+$",
        description="Where `molva receive` is reached; links lead to /alerts/act below it.",
    )
    secret_env: str = Field(
        default="MOLVA_LINK_SECRET", min_length=1, description="The variable with the secret."
    )
    valid_days: int = Field(default=7, ge=1, le=90, description="How long a link holds.")


class RetentionConfig(_Table):
    """Days that texts and names are kept, by the terms of their source; 0 is for ever.

    Nothing expires unless it is asked for: what terms demand (follow deletions, refresh what is
    old) re-reading does. What expires becomes a tombstone: its labels stay as numbers, its words
    and author go.
    """

    open: int = Field(default=0, ge=0, description="Sources that set no limit.")
    excerpt: int = Field(default=0, ge=0, description="Sources that allow excerpts: feeds.")
    delete_on_request: int = Field(
        default=0, ge=0, description="Platforms that want deletions followed."
    )
    own: int = Field(default=0, ge=0, description="Your own files and shops.")

    def by_terms(self) -> Mapping[str, int]:
        """Days by terms class as the sources name them."""
        return {
            "open": self.open,
            "excerpt": self.excerpt,
            "delete-on-request": self.delete_on_request,
            "own": self.own,
        }


class SentimentConfig(_Table):
    """Which model and taxonomy label the mentions; both ship with Molva.

    All but `model` and `taxonomy` is about a model that is not Molva's own.
    """

    model: str | None = Field(
        default=None, min_length=1, description="A folder or a hub id (`owner/name`)."
    )
    taxonomy: Path | None = Field(default=None, description="A taxonomy TOML file of your own.")
    revision: str | None = Field(default=None, description="Branch, tag or commit of a hub id.")
    languages: frozenset[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]] = Field(
        default=frozenset(), description="Codes the model knows, e.g. en; else the shipped ones."
    )
    labels: Mapping[str, SentimentClass] = Field(
        default={}, description="What its labels mean, where their names do not tell."
    )
    target: TargetUse = Field(default="ignore", description="pair: give it the brand as well.")
    fallback: Literal["shipped"] | None = Field(
        default=None, description="The model to use while the hub cannot be reached."
    )

    @model_validator(mode="after")
    def _about_a_model(self) -> SentimentConfig:
        about = {"revision", "languages", "labels", "target", "fallback"} & self.model_fields_set
        if self.model is None and about:
            raise ValueError(f"{min(about)} says something about a model: name it with model")
        return self

    def choice(self, folder: Path) -> ModelChoice:
        """The choice of models; a relative folder starts from `folder`."""
        return ModelChoice(
            model=self.model,
            start=folder,
            revision=self.revision,
            languages=self.languages,
            labels=self.labels,
            target=self.target,
            fallback=self.fallback,
        )


class Config(_Table):
    """The whole of `molva.toml`. Paths in it are relative to the file."""

    path: Path
    language: Literal["en", "ru"] = Field(default="en", description="Of alerts and digests.")
    timezone: Zone = Field(default_factory=lambda: ZoneInfo("UTC"))
    store: str = Field(default="sqlite:///molva.db", description="A database URL.")
    store_env: str | None = Field(default=None, description="Variable that holds the URL.")
    brands: tuple[BrandConfig, ...] = Field(min_length=1, alias="brand")
    sources: tuple[SourceSettings, ...] = Field(default=(), alias="source")
    channels: tuple[Channel, ...] = Field(default=(), alias="channel")
    alerts: AlertSettings = AlertSettings()
    quiet_hours: QuietHours | None = None
    links: LinksConfig | None = None
    digest: DigestConfig = DigestConfig()
    retention: RetentionConfig = RetentionConfig()
    sentiment: SentimentConfig = SentimentConfig()
    http: HttpSettings = HttpSettings()

    @property
    def folder(self) -> Path:
        """The folder of the file: what its relative paths start from."""
        return self.path.parent

    @property
    def store_url(self) -> str:
        """The database URL with a relative SQLite path made absolute.

        Raises:
            ConfigError: `store_env` names a variable that is not set.
        """
        url = self.store
        if self.store_env:
            if self.store_env not in os.environ:
                raise ConfigError([f"{self.path}: store_env: {self.store_env} is not set"])
            url = os.environ[self.store_env]
        match = re.fullmatch(r"sqlite:///(?!/)(.+)", url)
        return f"sqlite:///{(self.folder / match[1]).resolve()}" if match else url

    @property
    def channels_by_name(self) -> Mapping[str, Channel]:
        """The channels, with folders resolved."""
        return {channel.name: self._resolved(channel) for channel in self.channels}

    def _resolved(self, channel: Channel) -> Channel:
        if isinstance(channel, FileChannel):
            return channel.model_copy(update={"path": self.resolve(channel.path)})
        return channel

    def resolve(self, path: Path) -> Path:
        """A path of the file, from the file's own folder."""
        return path if path.is_absolute() else self.folder / path


def load_config(path: Path) -> Config:
    """Read and validate a configuration file, sources and queries included.

    Raises:
        ConfigError: with every problem found, each with its file, line and field.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        hint = "make one with: molva init" if not path.exists() else "check the path"
        raise ConfigError([f"{path}: cannot be read: {reason}; {hint}"]) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from error
    return _validated(path, text, data)


def _validated(path: Path, text: str, data: dict[str, Any]) -> Config:
    problems: list[str] = []
    tables = data.get("source", [])
    if not isinstance(tables, list):
        raise ConfigError([f"{path}:{line_of(text, ('source',))}: source: write [[source]]"])
    sources = [_source(path, text, number, table, problems) for number, table in enumerate(tables)]
    fields = {**data, "path": path.resolve(), "source": [source for source in sources if source]}
    try:
        config = Config.model_validate(fields)
    except ValidationError as error:
        problems += _problems(path, text, error, ())
        raise ConfigError(problems) from error
    problems += _query_problems(path, text, config) + _double_names(path, text, config)
    problems += _channel_problems(path, text, config) + _route_problems(path, text, config)
    if problems:
        raise ConfigError(problems)
    return config


def _source(
    path: Path, text: str, number: int, table: Mapping[str, Any], problems: list[str]
) -> SourceSettings | None:
    try:
        return parse_settings(table, folder=path.parent)
    except ValidationError as error:
        problems += _problems(path, text, error, ("source", number))
    except ValueError as error:
        line = line_of(text, ("source", number, "type"))
        problems.append(f"{path}:{line}: source[{number + 1}].type: {error}")
    return None


def _problems(
    path: Path, text: str, error: ValidationError, prefix: tuple[str | int, ...]
) -> list[str]:
    found = []
    for problem in error.errors(include_url=False, include_input=False):
        location = tuple(part for part in problem["loc"] if part not in _CHANNEL_TAGS)
        where = (*prefix, *location)
        message = problem["msg"].removeprefix("Value error, ")
        found.append(f"{path}:{line_of(text, where)}: {_dotted(where)}: {message}")
    return found


def _dotted(where: tuple[str | int, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where]
    return "".join(parts).lstrip(".") or "file"


def _query_problems(path: Path, text: str, config: Config) -> list[str]:
    found = []
    for number, brand in enumerate(config.brands):
        try:
            brand.compiled()
        except QueryError as error:
            line = line_of(text, ("brand", number, "query"))
            found.append(f"{path}:{line}: brand[{number + 1}].query: {error}")
        for kind, facets in (("product", brand.products), ("place", brand.places)):
            where = ("brand", number, kind)
            found += [
                f"{path}:{line_of(text, (*where, *place))}: {_dotted((*where, *place))}: {problem}"
                for place, problem in facet_problems(facets)
            ]
    return found


def _channel_problems(path: Path, text: str, config: Config) -> list[str]:
    """Channels that a digest names and nobody configured."""
    known = {channel.name for channel in config.channels}
    named: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
        (("digest", "channels"), config.digest.channels),
        *(
            (("brand", number, "digest", "channels"), brand.digest.channels or ())
            for number, brand in enumerate(config.brands)
        ),
    ]
    return [
        f"{path}:{line_of(text, where)}: {_dotted(where)}: no channel is called {name!r}"
        for where, names in named
        for name in names
        if name not in known
    ]


def _route_problems(path: Path, text: str, config: Config) -> list[str]:
    """Brands and causes that a channel waits for and nothing has; reads the taxonomy, no model."""
    found = [*brand_problems(config.channels, {b.id: b.rival for b in config.brands})]
    if any(channel.causes for channel in config.channels):
        own = config.sentiment.taxonomy
        facets = [facet.slug for brand in config.brands for facet in brand.facets]
        try:
            taxonomy = Taxonomy.load(config.resolve(own) if own else None)
        except ModelError as error:
            found.append((("sentiment", "taxonomy"), str(error)))
        else:
            found += cause_problems(config.channels, taxonomy, facets)
    return [f"{path}:{line_of(text, where)}: {_dotted(where)}: {what}" for where, what in found]


def _double_names(path: Path, text: str, config: Config) -> list[str]:
    names: dict[str, list[str]] = {
        "brand": [brand.id for brand in config.brands],
        "source": [source.name for source in config.sources],
        "channel": [channel.name for channel in config.channels],
    }
    found = []
    for table, values in names.items():
        for value in (value for value, times in Counter(values).items() if times > 1):
            second = [number for number, name in enumerate(values) if name == value][1]
            field = "id" if table == "brand" else "name"
            line = line_of(text, (table, second, field))
            found.append(f"{path}:{line}: {table}[{second + 1}].{field}: {value!r} is used twice")
    return found
