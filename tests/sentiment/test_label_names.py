import numpy as np
import pytest

from sentiment.interface import ModelError
from sentiment.label_names import class_matrix, class_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NEG", "negative"),
        ("neg", "negative"),
        ("Negative", "negative"),
        ("very_negative", "negative"),
        ("негативный", "negative"),
        ("НЕГАТИВ", "negative"),
        ("neu", "neutral"),
        ("Neutral", "neutral"),
        ("нейтральная", "neutral"),
        ("POS", "positive"),
        ("Very Positive", "positive"),
        ("положительный", "positive"),
        ("1 star", "negative"),
        ("2 stars", "negative"),
        ("3 stars", "neutral"),
        ("4 stars", "positive"),
        ("5 звёзд", "positive"),
        ("LABEL_0", None),
        ("anger", None),
        ("nega", None),
        ("6 stars", None),
        ("", None),
    ],
)
def test_what_a_label_means(name: str, kind: str | None) -> None:
    assert class_of(name) == kind


def test_stars_add_up() -> None:
    names = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]
    shares = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    assert shares @ class_matrix(names, {}, "m") == pytest.approx([0.3, 0.3, 0.4])


def test_labels_without_a_meaning_are_listed_with_what_to_write() -> None:
    with pytest.raises(ModelError) as caught:
        class_matrix(["LABEL_0", "LABEL_1", "so so"], {"LABEL_0": "negative"}, "acme/mood")
    said = str(caught.value)
    assert "acme/mood" in said
    assert "'LABEL_0', 'LABEL_1', 'so so'" in said
    assert 'labels = {LABEL_1 = "…", "so so" = "…"}' in said


def test_what_the_user_says_goes_before_the_name() -> None:
    matrix = class_matrix(["pos", "neg"], {"POS": "negative", "neg": "positive"}, "m")
    assert matrix.tolist() == [[1, 0, 0], [0, 0, 1]]


def test_a_label_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(ModelError, match=r"no label 'LABEL_7'.*'neg', 'pos'"):
        class_matrix(["neg", "pos"], {"LABEL_7": "neutral"}, "m")


def test_a_model_that_cannot_say_negative_is_refused() -> None:
    with pytest.raises(ModelError, match="does not tell negative from positive"):
        class_matrix(["neutral", "positive"], {}, "m")
