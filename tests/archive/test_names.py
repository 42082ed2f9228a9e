"""Names: hostile input becomes names that every file system takes and that stay in their folder."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtpbackup.archive.names import MAX_BYTES, folded, free_name, numbered, safe_name

#: Any code points at all, lone surrogates included, with a bias to what hurts.
HOSTILE = st.text(st.characters(codec=None)) | st.text(
    st.sampled_from(
        'aZ.. /\\:*?"<>|\0\n\x7f\x85'
        "\u202e\u2066\u200d\ufe0f\u0301\ud83d\ude00\U0001f1e9\U0001f3fdüu\u0308¹ﬁßİnulCOM1"
    ),
    max_size=400,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_20240506_070812.jpg", "IMG_20240506_070812.jpg"),
        ("Grüße 😀.jpg", "Grüße 😀.jpg"),
        ("u\u0308.jpg", "ü.jpg"),
        ("", "_"),
        (".", "_"),
        ("..", "_"),
        ("...", "_"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a/b\\c", "a_b_c"),
        ('<>:"|?*', "_______"),
        ("tab\there\0nul", "tab_here_nul"),
        ("evil\u202egpj.exe", "evil_gpj.exe"),
        ("half\ud83d", "half_"),
        ("nul", "_nul"),
        ("nul .txt", "_nul .txt"),
        ("CON.tar.gz", "_CON.tar.gz"),
        ("COM¹", "_COM¹"),
        ("lpt9", "_lpt9"),
        ("com", "com"),
        ("nullable.txt", "nullable.txt"),
        ("trailing. . ", "trailing"),
        (".nomedia", ".nomedia"),
        (" leading", " leading"),
        # A family is one character of seven code points, and stays whole.
        ("👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
    ],
)
def test_examples(name, expected):
    assert safe_name(name) == expected


@given(HOSTILE)
@example("nul" + "x" + "\u0301" * 300)
@example("\u0301" * 300)
@example("." * 300 + "x")
@example("a" * 235 + ".... .jpg")
def test_safe_whatever_comes(name):
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert safe not in ("", ".", "..")
    assert not set(safe) & set('<>:"/\\|?*\0\n')
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in safe)
    assert len(safe.encode()) <= MAX_BYTES
    assert unicodedata.is_normalized("NFC", safe)
    assert safe[-1] not in " ."


@given(HOSTILE, st.integers(2, 10**6), st.booleans())
def test_numbered_names_are_safe_and_different(name, number, keep):
    safe = safe_name(name)
    other = numbered(safe, number, keep_extension=keep)
    assert safe_name(other) == other
    assert folded(other) != folded(safe)
    assert numbered(safe, number + 1, keep_extension=keep) != other


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=200, max_size=300))
def test_extension_survives_cutting(stem):
    assert safe_name(stem + ".jpg").endswith(".jpg")


@pytest.mark.parametrize("character", ["👍🏽", "👩‍👩‍👧‍👦", "🇩🇪", "e\u0301\u0302", "❤️"])
@pytest.mark.parametrize("shift", range(12))
def test_cut_between_characters(character, shift):
    character = unicodedata.normalize("NFC", character)
    stem = "x" * shift + character * 60
    kept = safe_name(stem + ".jpg").removesuffix(".jpg")[shift:]
    assert kept
    assert kept == character * (len(kept) // len(character))


def test_extension_is_kept_when_numbered():
    assert numbered("IMG_0001.jpg", 2) == "IMG_0001 (2).jpg"
    assert numbered("a.b", 2, keep_extension=False) == "a.b (2)"
    assert numbered(".nomedia", 3) == ".nomedia (3)"
    assert len(numbered("x" * 236 + ".jpg", 12).encode()) == MAX_BYTES


@pytest.mark.parametrize(("one", "other"), [("IMG.JPG", "img.jpg"), ("Straße", "STRASSE"), ("é", "E\u0301")])
def test_names_equal_without_case(one, other):
    assert folded(one) == folded(other)
    assert free_name(safe_name(other), {folded(one)}) == (numbered(safe_name(other), 2), 2)


def test_free_name_counts_on():
    taken = {folded(n) for n in ("a.jpg", "A (2).jpg", "a (3).JPG")}
    assert free_name("A.jpg", taken) == ("A (4).jpg", 4)
    assert free_name("b.jpg", taken) == ("b.jpg", 1)
