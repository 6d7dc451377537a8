import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from audit import merkle, notes
from audit.tests import vectors

SIGNER = notes.Ed25519Signer("bank.example/log", Ed25519PrivateKey.generate())
QUANTUM_SAFE = notes.MLDSA44Signer("bank.example/log", MLDSA44PrivateKey.generate())
HEAD = notes.Checkpoint("bank.example/log", 7, merkle.leaf_hash(b"7"))


def test_published_notes_are_judged_as_their_authors_judge_them():
    wrong = []
    for case in vectors.shared("signed_notes.json")["cases"]:
        trusted = [notes.parse_vkey(key) for key in case["vkeys"]]
        try:
            note = notes.open_note(base64.b64decode(case["note_b64"]), trusted)
        except notes.NoteError:
            note = None
        if (note is not None) is not case["valid"]:
            wrong.append(case["desc"])
        if note and "checkpoint" in case:
            head, expected = notes.Checkpoint.parse(note.text), case["checkpoint"]
            assert (head.origin, head.size) == (expected["origin"], expected["size"])
            assert head.root == base64.b64decode(expected["root_b64"])
    assert wrong == []


def test_a_proof_from_another_log_in_production_holds():
    vector = vectors.shared("rekor_v2_proof.json")
    public = load_der_public_key(base64.b64decode(vector["log_public_key_spki_b64"]))
    assert isinstance(public, Ed25519PublicKey)
    head = notes.open_checkpoint(
        vector["checkpoint"], [notes.Ed25519Verifier(vector["origin"], public)]
    )
    leaf = merkle.leaf_hash(base64.b64decode(vector["leaf_b64"]))
    path = [base64.b64decode(value) for value in vector["proof_b64"]]
    assert head.size == vector["size"]
    assert merkle.verify_inclusion(vector["index"], head.size, leaf, path, head.root)
    assert not merkle.verify_inclusion(vector["index"] - 1, head.size, leaf, path, head.root)


@pytest.mark.parametrize(
    "signer, stranger",
    [
        (SIGNER, notes.Ed25519Signer(HEAD.origin, Ed25519PrivateKey.generate())),
        (QUANTUM_SAFE, notes.MLDSA44Signer(HEAD.origin, MLDSA44PrivateKey.generate())),
    ],
    ids=["ed25519", "ml-dsa-44"],
)
def test_a_checkpoint_opens_with_its_own_key_only(signer, stranger):
    note = notes.sign_note(HEAD.text, [signer])
    assert notes.open_checkpoint(note, [signer.verifier]) == HEAD
    with pytest.raises(notes.NoteError):
        notes.open_checkpoint(note, [stranger.verifier])
    with pytest.raises(notes.NoteError):
        notes.open_checkpoint(note.replace("\n7\n", "\n8\n"), [signer.verifier])


def test_both_signatures_stand_on_one_note_and_each_suffices():
    note = notes.sign_note(HEAD.text, [SIGNER, QUANTUM_SAFE])
    both = notes.open_note(note, [SIGNER.verifier, QUANTUM_SAFE.verifier])
    assert both.signed_by == (SIGNER.verifier, QUANTUM_SAFE.verifier)
    assert notes.open_note(note, [QUANTUM_SAFE.verifier]).signed_by == (QUANTUM_SAFE.verifier,)


def test_one_wrong_signature_spoils_a_note_that_another_trusted_key_signed():
    note = notes.sign_note(HEAD.text, [SIGNER])
    other = notes.sign_note(HEAD.text.replace("7", "8", 1), [QUANTUM_SAFE])
    mixed = note + other.rpartition("\n\n")[2]
    assert notes.open_note(mixed, [SIGNER.verifier])
    with pytest.raises(notes.NoteError):
        notes.open_note(mixed, [SIGNER.verifier, QUANTUM_SAFE.verifier])


def test_only_a_checkpoint_takes_the_quantum_safe_signature():
    with pytest.raises(notes.NoteError):
        notes.sign_note("just a text\n", [QUANTUM_SAFE])


@pytest.mark.parametrize("verifier", [SIGNER.verifier, QUANTUM_SAFE.verifier])
def test_a_verifier_key_is_read_back_as_written(verifier):
    assert notes.parse_vkey(verifier.vkey) == verifier
    assert notes.parse_vkeys(f"# the log\n\n{verifier.vkey}\n") == [verifier]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key.replace("bank", "tank"),
        lambda key: key[:-4] + "AAAA",
        lambda key: key.replace("+", "-", 1),
        lambda key: "",
        lambda key: "a+00000000+" + base64.b64encode(b"\x01short").decode(),
        lambda key: "a+00000000+" + base64.b64encode(b"\x09" + bytes(32)).decode(),
        lambda key: key.rpartition("+")[0] + "+not base64",
    ],
)
def test_a_spoilt_verifier_key_is_refused(spoil):
    with pytest.raises(notes.NoteError):
        notes.parse_vkey(spoil(SIGNER.verifier.vkey))


@pytest.mark.parametrize(
    "text",
    ["", "origin\n7\n", "origin\n07\nAAAA\n", "origin\n-1\nAAAA\n", "origin\n٧\nAAAA\n",
     "\n7\nAAAA\n", "origin\n7\nAAAA", "origin\n7\n!\n", "origin\n7\nAAAA\n\nmore\n",
     "origin\n" + "9" * 20 + "\nAAAA\n"],
)  # fmt: skip
def test_what_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(notes.NoteError):
        notes.Checkpoint.parse(text)


def test_text_that_could_hide_a_line_is_not_signed():
    for text in ("no newline", "tab\there\n", "nul\x00\n"):
        with pytest.raises(notes.NoteError):
            notes.sign_note(text, [SIGNER])
