"""The grammar of brand queries, read by lark as LALR(1).

`OR` binds loosest, then `AND` (which may be left out: two terms side by side must both be met),
then `NOT`, then `NEAR/n`. Operators are in capitals; small `and`, `or`, `not` are refused, since a
query for these words is nearly always a mistake.

==============================  ================================================================
`Сбербанк`, `coffee`            a word: every case in Russian, possessive in English, any letter
                                case; with a capital it is a name (singular forms only)
`"Кофе Хауз"`, `«Кофе Хауз»`    a phrase: these words side by side, each in any of its forms
`=Apple`, `="Кофе Хауз"`        letter for letter: this case of letters, no other form
`сбер*`, `=Sber*`               words that begin so
`#tag`, `@handle`               a hashtag, also among the post's own tags; a handle in the text
`a NEAR/3 b`                    at most three words between them, in either order
`lang:ru source:rss`            what is known of the post; `source:`, `author:` and `thread:` take
`author:"x" site:example.com`   `prefix*`, `site:` also means its subdomains
`thread:t/42`
==============================  ================================================================
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lark import Lark

_GRAMMAR = r"""
start: either

either: both (_OR both)*
both: condition (_AND? condition)*
?condition: NOT condition                      -> negation
          | near
near: atom (NEAR atom)*
?atom: "(" either ")"
     | term

?term: WORD                                    -> word
     | PHRASE                                  -> phrase
     | EXACT_WORD                              -> exact_word
     | EXACT_PHRASE                            -> exact_phrase
     | TAG                                     -> tag
     | HANDLE                                  -> handle
     | FIELD (WORD | PHRASE | HANDLE)          -> field

_AND.3: /AND(?![^\s()"«“„])/
_OR.3: /OR(?![^\s()"«“„])/
NOT.3: /NOT(?![^\s()"«“„])/
NEAR.3: /NEAR\/\d{1,4}(?![^\s()"«“„])/
FIELD.2: /[^\W\d]\w*:(?!\/\/)/
EXACT_PHRASE.2: /=\s*(?:"[^"]*"|«[^»]*»|[“„][^”“]*[”“])/
EXACT_WORD.2: /=[^\s()"«»“”„=]+/
TAG.2: /#[^\s()"«»“”„#@]*/
HANDLE.2: /@[^\s()"«»“”„]*/
PHRASE: /"[^"]*"|«[^»]*»|[“„][^”“]*[”“]/
WORD: /[^\s()"«»“”„=#@][^\s()"«»“”„]*/

%ignore /[\s\u200b\ufeff]+/
"""


@cache
def query_parser(build: Any) -> Lark:
    """The parser, made once for each builder; `build` is a lark transformer."""
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=build)
