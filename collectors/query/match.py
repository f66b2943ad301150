"""Which brands' queries a text matches, by which term, where.

All forms of all queries' terms are in one Aho-Corasick automaton, so a text is read once however
many brands there are. A term that several queries share is one term. Each query is filed under
the terms without which it cannot be true; only queries with such a term in the text are evaluated,
and only their phrases are checked word by word.
"""

from __future__ import annotations

from collections.abc import Mapping

from collectors.query.evaluate import Check, Evidence, check_of
from collectors.query.index import TermIndex
from collectors.query.interface import Document, Match, Query
from collectors.query.reading import Reading


class Matcher:
    """Matches documents against all queries at once; safe to share between threads.

    Args:
        queries: compiled queries by a key of the caller's; matches come in this order.
    """

    def __init__(self, queries: Mapping[str, Query]) -> None:
        self._index = TermIndex()
        self._queries: list[tuple[str, Check]] = []
        self._filed: dict[int, list[int]] = {}
        for key, query in queries.items():
            self._queries.append((key, check_of(query.root, self._index.number)))
        self._index.count_uses(query.root for query in queries.values())
        for number, query in enumerate(queries.values()):
            for index in set(self._index.required(query.root)):
                self._filed.setdefault(index, []).append(number)
        self._index.close()

    def match(self, document: Document) -> list[Match]:
        """Every query the document matches, one match a query, in the order of the queries."""
        reading = self._index.read(document)
        found = []
        for number in self._candidates(reading):
            key, check = self._queries[number]
            evidence = check(reading)
            if evidence is not None:
                found.append(_match(key, evidence, reading))
        return found

    def candidates(self, document: Document) -> list[str]:
        """The queries that have to be evaluated for a document: the cost beside reading it."""
        return [self._queries[number][0] for number in self._candidates(self._index.read(document))]

    def _candidates(self, reading: Reading) -> list[int]:
        filed = self._filed
        return sorted({number for index in reading.hit() for number in filed.get(index, ())})


def _match(key: str, evidence: Evidence, reading: Reading) -> Match:
    in_title = bool(evidence.title) and not evidence.text
    side = reading.title if in_title else reading.text
    spans = evidence.title if in_title else evidence.text
    return Match(key, evidence.written, tuple(side.folded.span(*span) for span in spans), in_title)
