"""The brand query language and its matcher.

`compile_query` reads a query, `Matcher` finds which of many a document matches, and
`query_from_names` writes one from a brand's names. The language is told in
`collectors.query.grammar` and, for people, in docs/queries.md.
"""

from collectors.query.errors import QueryError
from collectors.query.interface import Document, Match, Query
from collectors.query.match import Matcher
from collectors.query.names import query_from_names
from collectors.query.parse import parse

__all__ = [
    "Document",
    "Match",
    "Matcher",
    "Query",
    "QueryError",
    "compile_query",
    "query_from_names",
]


def compile_query(text: str, *, name: str = "") -> Query:
    """Read a query and work out the forms of its words.

    Args:
        text: the query.
        name: whose it is, shown in errors.

    Raises:
        QueryError: the query is malformed or would match nearly everything; has the position.
    """
    return Query(text, name, parse(text, name=name))
