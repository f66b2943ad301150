import pytest

from sentiment.interface import CauseLink, Label, Reasons, Text
from sentiment.labeller import Labeller
from sentiment.whose import of_target

TWO = {
    "en": "Waited 50 minutes at Acme. Brix next door served us at once, and with a smile.",
    "ru": "В Акме прождали час и нахамили. А в Бриксе обслужили за две минуты, и кофе вкусный.",
}
NAMES = {"en": ("Acme", "Brix"), "ru": ("Акме", "Брикс")}


@pytest.fixture(scope="module")
def labeller() -> Labeller:
    return Labeller.load()


def towards(labeller: Labeller, text: str, lang: str, own: str, *others: str) -> Label:
    (found,) = labeller.label([Text("1", text, lang, own, others=others)])
    return found


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_complaint_stays_with_whom_it_is_about_and_so_does_praise(labeller: Labeller, lang: str):
    slow, fast = NAMES[lang]
    bad = towards(labeller, TWO[lang], lang, slow, fast)
    good = towards(labeller, TWO[lang], lang, fast, slow)
    assert "long_wait" in {cause.cause for cause in bad.causes}
    assert "fast_service" in {cause.cause for cause in good.causes}
    assert {cause.polarity for cause in bad.causes} == {"negative"}
    assert {cause.polarity for cause in good.causes} == {"positive"}


def test_leaving_one_brand_is_not_leaving_the_other(labeller: Labeller):
    text = "I am done with Acme, cancelling today. Brix has been lovely so far."
    assert "leaving" in {
        own.intent for own in towards(labeller, text, "en", "Acme", "Brix").intents
    }
    assert not towards(labeller, text, "en", "Brix", "Acme").intents


def test_who_switched_left_one_for_the_other(labeller: Labeller):
    text = "Ушла из «Оттепели» в «Снегирь»: очередь 30 минут надоела. И кофе, кстати, лучше."
    left = towards(labeller, text, "ru", "Оттепель", "Снегирь")
    assert [(own.intent, own.rival) for own in left.intents] == [("switched", "Снегирь")]
    gained = towards(labeller, text, "ru", "Снегирь", "Оттепель")
    assert not gained.intents
    assert "negative" not in {cause.polarity for cause in gained.causes}


def test_a_switch_tells_whose_the_complaint_is():
    wait = CauseLink("long_wait", "negative", 0.9, "an hour", 0, 7)
    good = CauseLink("quality_product", "positive", 0.9, "tasty", 9, 14)
    told, reversed_ = Reasons((wait, good)), [(0.5, 0.3, 0.2)]
    assert of_target(told, (0.3, 0.4, 0.3), reversed_, "away") == Reasons((wait,))
    assert of_target(told, (0.5, 0.3, 0.2), [(0.3, 0.4, 0.3)], "here") == told
    assert of_target(told, (0.4, 0.3, 0.3), [(0.3, 0.4, 0.3)], "here") == Reasons((good,))


def test_what_is_said_of_both_is_told_of_both(labeller: Labeller):
    text = "Both Acme and Brix kept me on hold for an hour"
    for own, other in (("Acme", "Brix"), ("Brix", "Acme")):
        found = towards(labeller, text, "en", own, other)
        assert [cause.cause for cause in found.causes] == ["long_wait"]


def test_others_that_are_not_named_or_are_the_brand_itself_change_nothing(labeller: Labeller):
    text = "Acme Coffee is lovely, but I waited an hour for a latte"
    alone = towards(labeller, text, "en", "Acme Coffee")
    assert towards(labeller, text, "en", "Acme Coffee", "Brix", "Acme") == alone


def test_a_cause_is_kept_if_others_are_felt_for_less_or_the_target_for_surely():
    wait = CauseLink("long_wait", "negative", 0.9, "an hour", 0, 7)
    told = Reasons((wait,))
    assert of_target(told, (0.3, 0.4, 0.3), []) == told
    assert of_target(told, (0.3, 0.4, 0.3), [(0.1, 0.2, 0.7)]) == told
    assert of_target(told, (0.6, 0.2, 0.2), [(0.9, 0.1, 0.0)]) == told
    assert of_target(told, (0.3, 0.4, 0.3), [(0.1, 0.2, 0.7), (0.5, 0.3, 0.2)]) == Reasons()
