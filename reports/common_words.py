"""Words that every text holds and that name nothing: no news, however often a wave uses them."""

from __future__ import annotations

from functools import cache
from typing import Final

from store.words import stem, words

_ENGLISH: Final = """
a about above after again against ago all almost alone along already also although always am among
an and another any anybody anyone anything anyway are around as at away back be became because
become been before behind being below between both but by came can cannot could couldn did didn do
does doesn doing don done down during each either else enough ever every everybody everyone
everything few first for from gave get gets getting give given go goes going gone got had hadn has
hasn have haven having he her here hers him his how however i if in instead into is isn it its
itself just keep kept know last later least less let like ll lot made make makes many may maybe me
might mine more most much must my myself need neither never next no nobody none nor not nothing now
of off often on once one ones only or other others our out over own per perhaps please put quite
rather re really said same saw say says see seem seems several shall she should shouldn since so
some somebody someone something soon still such sure take taken than that the their them then there
these they thing things think this those though three through thus till to today together told too
took toward twice two under until up upon us use used using ve very via want wants was wasn way we
well went were weren what whatever when where whether which while who whole whom whose why will
with within without won would wouldn yes yesterday yet you your yours yourself
"""
_RUSSIAN: Final = """
а без более больше будем будет будете будто буду будут бы был была были было быть в вам вами вас
ваш ваша ваше ваши вдруг ведь весь во вообще вот все всегда всего всем всеми всему всех всю вся всё
вы где говорит да давно даже два две для до другая другие другой другом дважды его ее ей ему если
есть еще ещё же за здесь и из или им ими иногда их к каждый как какая какие какой когда кого кое
кому конечно которая которого которое которой котором которую которые который которых кто куда ли
либо лишь лучше между меня мне много мной могу может можете можно мои мой моя мы на над надо наконец
нам нами нас наш наша наше наши не него нее ней нельзя нем нет неужели ни нибудь никогда никто ним
ними них ничего но ну о об один одна одни одно однако около он она они оно опять от очень перед по
под пока после потом потому почему почти при про просто пусть раз разве с сам сама сами само самый
свое своего своей свои свой свою своя себе себя сегодня сейчас снова со совсем так такая такие такое
такой там тебе тебя тем теперь то тобой тогда того тоже той только том тот три ту тут ты у уже хоть
хотя чего чей чем чему через что чтоб чтобы чуть эта эти этим этих это этого этой этом этому этот
эту я
"""


@cache
def common_stems() -> frozenset[str]:
    """The stems of these words."""
    return frozenset(map(stem, words(_ENGLISH + _RUSSIAN)))
