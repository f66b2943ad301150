"""To whom a writer has switched."""

import pytest

from sentiment.rival import rival_in


@pytest.mark.parametrize(
    ("clause", "rival"),
    [
        ("moved everything to Brix last month", "Brix"),
        ("We book with Holm & Sons these days", "Holm & Sons"),
        ("so I joined Pulse Studio instead", "Pulse Studio"),
        ("ушла в «Северный ветер» и не жалею", "Северный ветер"),
        ("перешли на Линкон, там дешевле", "Линкон"),
        ("закрыл счёт и открыл в Ромбанк", "Ромбанк"),
        ("switched to @brixmobile today", "brixmobile"),
        ("Zebra got my business", "Zebra"),
        ("my savings are in plume now", "plume"),
        ("теперь вожу машину в автолюкс", "автолюкс"),
        ("ноготочки теперь делаю в студии #клубника", "клубника"),
        ("switched to another provider", None),
        ("перешли в другой банк", None),
        ("already ordered a sim from someone else", None),
        ("closing it on Monday", None),
        ("Switched to the new 500 Mb plan today", None),
        ("В трейлере открытый мир", None),
        ("going back to my old landline", None),
        ("ухожу к конкурентам", None),
        ("", None),
    ],
)
def test_the_name_after_a_word_of_direction(clause: str, rival: str | None) -> None:
    assert rival_in(clause) == rival
