import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle, notes, proofs

SIGNER = notes.Ed25519Signer("bank.example/log", Ed25519PrivateKey.generate())
TRUSTED = [SIGNER.verifier]
ENTRIES = [f'{{"n":{i}}}'.encode() for i in range(20)]
HASHES = [merkle.leaf_hash(entry) for entry in ENTRIES]
NOTE = notes.sign_note(notes.Checkpoint(SIGNER.name, 20, merkle.root(HASHES)).text, [SIGNER])


def proof_of(index):
    path = merkle.inclusion_proof(index, 20, merkle.nodes_of(HASHES))
    return proofs.Proof(index, tuple(path), NOTE, ENTRIES[index])


def test_the_file_has_the_shape_of_the_specification():
    head, _, checkpoint = str(proof_of(3)).partition("\n\n")
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + base64.b64encode(ENTRIES[3]).decode()
    assert lines[2] == "index 3"
    assert [base64.b64decode(line) for line in lines[3:]] == list(proof_of(3).path)
    assert checkpoint == NOTE


@given(st.integers(0, 19))
def test_a_proof_read_from_its_file_shows_the_entry(index):
    assert proofs.parse(str(proof_of(index))) == proof_of(index)
    proven = proofs.verify(str(proof_of(index)), TRUSTED)
    assert (proven.entry, proven.index, proven.checkpoint.size) == (
        ENTRIES[index],
        index,
        20,
    )
    assert proven.signed_by == (SIGNER.verifier,)


def test_a_file_without_the_entry_proves_an_entry_that_is_given():
    bare = str(proofs.Proof(3, proof_of(3).path, NOTE))
    assert proofs.verify(bare, TRUSTED, ENTRIES[3]).entry == ENTRIES[3]
    for wrong in (None, ENTRIES[4]):
        with pytest.raises(proofs.ProofError):
            proofs.verify(bare, TRUSTED, wrong)


@given(st.integers(0, 19), st.data())
def test_a_file_with_one_character_changed_proves_nothing_else(index, data):
    text = str(proof_of(index))
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("Aa0+/=\n —"))
    changed = text[:at] + letter + text[at + 1 :]
    try:
        proven = proofs.verify(changed, TRUSTED)
    except proofs.ProofError:
        return
    assert (proven.entry, proven.index) == (ENTRIES[index], index)


@pytest.mark.parametrize(
    "text", ["", "hello", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex 01\n\nx",
             "c2sp.org/tlog-proof@v1\nindex 0\n!!\n\nx", "x" * 1_300_000]
)  # fmt: skip
def test_what_is_not_a_proof_is_refused(text):
    with pytest.raises(proofs.ProofError):
        proofs.verify(text, TRUSTED)
