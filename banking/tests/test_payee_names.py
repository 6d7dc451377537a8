"""The name check as a table: what counts as the same name, as nearly, and as another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banking.payees.names import CLOSE_MIN, MATCH_MIN, Name, Result, compare, score

SAME = [
    ("Ada Byron", "Ada Byron"),
    ("ada byron", "ADA BYRON"),
    ("  Ada   Byron ", "Ada Byron"),
    ("Byron, Ada", "Ada Byron"),
    ("Mrs Ada Byron", "Ada Byron"),
    ("Dr. Ada Byron", "Prof Ada Byron"),
    ("Tomas Vidal", "Tomás Vidal"),
    ("Tomás Vidal", "Toma\u0301s Vidal"),
    ("Jürgen Müller", "Juergen Mueller"),
    ("Jurgen Muller", "Jürgen Müller"),
    ("Soren Kierkegaard", "Søren Kierkegaard"),
    ("Grossmann", "Großmann"),
    ("Siobhan OBrien", "Siobhán O’Brien"),
    ("Anne Marie Duff", "Anne-Marie Duff"),
    ("Ronald Mac Donald", "Ronald MacDonald"),
    ("Ada Byron", "Ada Augusta Byron"),  # a middle name left out
    ("Ada A Byron", "Ada Augusta Byron"),
    ("John Smith", "John Smith Jr"),
    ("Halden Lettings Ltd", "Halden Lettings Limited"),
    ("Halden Lettings", "Halden Lettings Ltd."),
    ("The Copper Kettle & Sons", "Copper Kettle and Sons"),
    ("Brightwell Energy Public Limited Company", "Brightwell Energy plc"),
    ("Мария Петрова", "мария петрова"),
    ("王小明", "王小明"),
    ("Ａｄａ Byron", "Ada Byron"),
]
NEARLY = [
    ("Ada Byrom", "Ada Byron"),  # one slip in four letters or more
    ("Ada Byorn", "Ada Byron"),  # two neighbours swapped
    ("Ada Bryan Lovelace", "Ada Byron Lovelace"),
    ("Northfeild Grocesr", "Northfield Grocers"),
    ("A Byron", "Ada Byron"),
    ("J S Bach", "Johann Sebastian Bach"),
    ("Bob Frost", "Robert Frost"),
    ("Liz Windsor", "Elizabeth Windsor"),
    ("Ada King Byron", "Ada Byron"),  # one word the account does not know
    ("John Smith Snr", "John Smith Jr"),
    ("Halden Lettings Ltd", "Halden Lettings LLP"),
    ("Anna Nowak", "Anne Nowak"),
    ("Katharina Schmidtt", "Katharine Schmidt"),
]
OTHER = [
    ("Ben Okri", "Ada Byron"),
    ("Ida Byron", "Ada Byron"),  # three letters have no room for a slip: a sister
    ("Eva Byron", "Ada Byron"),
    ("Ada", "Ada Byron"),  # half of a name is no name
    ("Byron", "Ada Byron"),
    ("A B", "Ada Byron"),
    ("A", "Ada Byron"),
    ("A B C D", "Ada Beth Cleo Dunn"),
    ("Ada B", "Eve Byron"),
    ("Ada Okri", "Ada Byron"),
    ("Ada King Lee Byron", "Ada Byron"),  # two words: somebody is guessing
    ("James John Robert Ada Eve Byron Smith Okri", "Ada Byron"),
    ("Halden", "Halden Lettings"),
    ("Halden Homes", "Halden Lettings"),
    ("Limited", "Halden Lettings Limited"),
    ("Ada Brn", "Ada Byron"),  # two slips in a short word
    ("Ada Byron", "王小明"),
]
CANNOT = [
    ("", "Ada"),
    ("   ", "Ada"),
    ("…", "Ada"),
    ("%", "Ada"),
    ("Ada", "🙂"),
    ("a" * 121, "Ada"),
]


@pytest.mark.parametrize("typed, real", SAME)
def test_the_same_name_in_another_spelling_matches(typed, real):
    assert compare(typed, real) == Result.MATCH


@pytest.mark.parametrize("typed, real", NEARLY)
def test_a_slip_is_close(typed, real):
    assert compare(typed, real) == Result.CLOSE


@pytest.mark.parametrize("typed, real", OTHER)
def test_another_name_is_none(typed, real):
    assert compare(typed, real) == Result.NONE


@pytest.mark.parametrize("typed, real", CANNOT)
def test_what_is_no_name_cannot_be_checked(typed, real):
    assert compare(typed, real) == Result.CANNOT


@pytest.mark.parametrize(
    "typed, real, close",
    [("Adam Bryon", "Adan Byron", True), ("Adam Brxon", "Adan Byxxn", False)],
)
def test_the_threshold_of_close_has_two_sides(typed, real, close):
    """A slip in each of two words is the last that is close."""
    assert (score(Name.of(typed), Name.of(real)) >= CLOSE_MIN) is close


@pytest.mark.parametrize("words, match", [(4, False), (5, True)])
def test_the_threshold_of_match_has_two_sides(words, match):
    """One slip is weighed against all the rest: it vanishes in a name of five long words."""
    real = [f"word{letter * 4}" for letter in "abcdef"[:words]]
    typed = ["wordaaax", *real[1:]]
    assert (score(Name.of(" ".join(typed)), Name.of(" ".join(real))) >= MATCH_MIN) is match


@pytest.mark.parametrize("length, alike", [(3, False), (4, True), (7, False), (8, True)])
def test_longer_words_forgive_more(length, alike):
    """One slip from four letters on, two from eight on."""
    slips = 1 if length < 7 else 2
    word = "abcdefgh"[:length]
    typed = "xy"[:slips] + word[slips:]
    assert (compare(f"Okri {typed}", f"Okri {word}") == Result.CLOSE) is alike


@pytest.mark.parametrize("count, known", [(12, True), (13, False)])
def test_a_text_is_not_a_name(count, known):
    text = " ".join(f"word{chr(97 + n)}" for n in range(count))
    assert (compare(text, text) == Result.MATCH) is known


names = st.text(max_size=60)


@given(names, names)
def test_anything_may_be_typed_and_scores_between_nothing_and_one(typed, real):
    assert compare(typed, real) in Result
    asked, there = Name.of(typed), Name.of(real)
    if asked.words and there.words:
        assert 0 <= score(asked, there) <= 1


@given(
    st.lists(st.sampled_from(["ada", "byron", "okri", "müller", "john"]), min_size=1, max_size=5)
)
def test_order_and_case_never_matter(words):
    assert compare(" ".join(reversed(words)).upper(), " ".join(words)) == Result.MATCH
