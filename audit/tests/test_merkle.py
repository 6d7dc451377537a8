"""The tree against vectors made by unrelated programs, and against its own definition."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle
from audit.tests import vectors

REFERENCE = vectors.kept("rfc6962_tree.json")
LEAVES = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in REFERENCE["leaves_hex"]]

# Both answers are right, says SOURCES.md: roots of 0 or 12 bytes. We insist on 32.
DEGENERATE = {
    "inclusion/single-entry/empty-root-and-leaf.json",
    "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json",
    "consistency/additional/sizes-are-equal-zero-and-proof-is-empty.json",
}


def b64(text):
    return base64.b64decode(text or "")


@pytest.mark.parametrize("case", REFERENCE["hashes"], ids=lambda case: case["desc"])
def test_hashes_are_those_of_rfc_6962(case):
    inputs = [bytes.fromhex(value) for value in case["inputs_hex"]]
    made = {
        "empty": lambda: merkle.EMPTY_ROOT,
        "leaf": lambda: merkle.leaf_hash(*inputs),
        "node": lambda: merkle.node_hash(*inputs),
    }[case["op"]]()
    assert made.hex() == case["want_hex"]


def test_the_reference_tree_has_the_published_roots():
    growing = merkle.CompactRange()
    for size, expected in enumerate(REFERENCE["roots_hex_for_size_1_to_8"], start=1):
        growing.append(LEAVES[size - 1])
        assert growing.root().hex() == merkle.root(LEAVES[:size]).hex() == expected


def test_published_inclusion_proofs_are_accepted_and_corrupted_ones_refused():
    wrong = [
        case["id"]
        for case in vectors.shared("inclusion.json")["cases"]
        if case["id"] not in DEGENERATE
        and merkle.verify_inclusion(
            case["leafIdx"],
            case["treeSize"],
            b64(case["leafHash"]),
            [b64(value) for value in case["proof"] or []],
            b64(case["root"]),
        )
        is case["wantErr"]
    ]
    assert wrong == []


def test_published_consistency_proofs_are_accepted_and_corrupted_ones_refused():
    wrong = [
        case["id"]
        for case in vectors.shared("consistency.json")["cases"]
        if case["id"] not in DEGENERATE
        and merkle.verify_consistency(
            case["size1"],
            case["size2"],
            b64(case["root1"]),
            b64(case["root2"]),
            [b64(value) for value in case["proof"] or []],
        )
        is case["wantErr"]
    ]
    assert wrong == []


def test_a_tree_of_70000_leaves_agrees_with_another_implementation():
    tree = vectors.shared("large_tree.json")
    roots = {int(size): b64(root) for size, root in tree["roots_by_size"].items()}
    leaves = [merkle.leaf_hash(str(i).encode()) for i in range(max(roots))]
    node_at = merkle.nodes_of(leaves)
    assert {size: merkle.root_at(size, node_at) for size in roots} == roots
    for case in tree["inclusion"]:
        expected = [b64(value) for value in case["Proof"]]
        assert merkle.inclusion_proof(case["Index"], case["Size"], node_at) == expected
    for case in tree["consistency"]:
        expected = [b64(value) for value in case["Proof"]]
        assert merkle.consistency_proof(case["Size1"], case["Size2"], node_at) == expected


def definition(leaves):
    """MTH as RFC 6962 section 2.1 writes it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return merkle.node_hash(definition(leaves[:k]), definition(leaves[k:]))


MANY = [merkle.leaf_hash(str(i).encode()) for i in range(300)]


@given(st.integers(0, 300))
def test_appending_one_by_one_gives_the_root_of_the_definition(size):
    expected = definition(MANY[:size])
    growing = merkle.CompactRange()
    for value in MANY[:size]:
        growing.append(value)
    assert growing.root() == merkle.CompactRange(size, merkle.peaks(MANY[:size])).root() == expected
    assert merkle.root(MANY[:size]) == expected


@given(st.integers(1, 300), st.data())
def test_every_leaf_can_be_proven_and_only_at_its_own_place(size, data):
    index = data.draw(st.integers(0, size - 1))
    elsewhere = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, merkle.nodes_of(MANY))
    root = merkle.root(MANY[:size])
    assert merkle.verify_inclusion(index, size, MANY[index], proof, root)
    holds = merkle.verify_inclusion(elsewhere, size, MANY[index], proof, root)
    assert holds == (elsewhere == index)


@given(st.integers(0, 300), st.integers(0, 300), st.data())
def test_growth_can_be_proven_and_a_rewritten_past_cannot(one, other, data):
    old, new = sorted((one, other))
    proof = merkle.consistency_proof(old, new, merkle.nodes_of(MANY))
    old_root, new_root = merkle.root(MANY[:old]), merkle.root(MANY[:new])
    assert merkle.verify_consistency(old, new, old_root, new_root, proof)
    if old:
        changed = data.draw(st.integers(0, old - 1))
        rewritten = [
            *MANY[:changed],
            merkle.leaf_hash(b"rewritten"),
            *MANY[changed + 1 : old],
        ]
        assert not merkle.verify_consistency(old, new, merkle.root(rewritten), new_root, proof)


@given(st.integers(1, 300), st.data())
def test_a_proof_with_any_bit_changed_fails(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, merkle.nodes_of(MANY))
    root = merkle.root(MANY[:size])
    values = [MANY[index], root, *proof]
    which = data.draw(st.integers(0, len(values) - 1))
    bit = data.draw(st.integers(0, 255))
    values[which] = (int.from_bytes(values[which]) ^ 1 << bit).to_bytes(32)
    leaf, root, *proof = values
    assert not merkle.verify_inclusion(index, size, leaf, proof, root)


def test_a_proof_for_a_leaf_outside_the_tree_is_not_made():
    for index, size in [(0, 0), (5, 5), (-1, 5)]:
        with pytest.raises(ValueError):
            merkle.inclusion_proof(index, size, merkle.nodes_of(MANY))
    with pytest.raises(ValueError):
        merkle.consistency_proof(6, 5, merkle.nodes_of(MANY))
