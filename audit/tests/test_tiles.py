import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle, tiles
from audit.tests import vectors

EXAMPLES = vectors.kept("tlog_tiles.json")["cases"]
LEAVES = [merkle.leaf_hash(str(i).encode()) for i in range(70_000)]


def grown(size):
    edge, full = tiles.Edge(), []
    for leaf in LEAVES[:size]:
        full += edge.append(leaf)
    return edge, full


def test_the_path_is_the_specifications():
    (example,) = [case for case in EXAMPLES if "path" in case]
    assert tiles.path(example["level"], example["index"]) == example["path"]
    assert tiles.parse_path(example["path"]) == (
        example["level"],
        example["index"],
        256,
    )


@pytest.mark.parametrize("case", [case for case in EXAMPLES if "size" in case])
def test_a_tree_has_the_tiles_of_the_specifications_example(case):
    size = case["size"]
    _, full = grown(size)
    for level in range(3):
        if count := case.get(f"level{level}_full"):
            assert [tile.index for tile in full if tile.level == level] == list(range(count))
        if width := case.get(f"level{level}_partial"):
            assert tiles.edge_widths(size)[level] == width
            assert tiles.width_in(size, level, (size >> 8 * level) // 256) == width


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000])
def test_the_edge_knows_the_root_and_tiles_yield_every_node(size):
    edge, full = grown(size)
    assert edge.root() == merkle.root(LEAVES[:size])

    roots = {(tile.level, tile.index): tile.root for tile in full}

    def hashes(level, index):
        places = range(index * 256, index * 256 + tiles.width_in(size, level, index))
        return [LEAVES[i] if level == 0 else roots[level - 1, i] for i in places]

    node_at = tiles.node_at(hashes)
    root = merkle.root(LEAVES[:size])
    for index in {0, size // 2, size - 1}:
        proof = merkle.inclusion_proof(index, size, node_at)
        assert merkle.verify_inclusion(index, size, LEAVES[index], proof, root)
    for old in {1, size // 3, size - 1} - {0}:
        proof = merkle.consistency_proof(old, size, node_at)
        old_root = merkle.root(LEAVES[:old])
        assert merkle.verify_consistency(old, size, old_root, root, proof)


def test_an_edge_read_back_goes_on_where_it_stopped():
    _, full = grown(600)
    again = tiles.Edge(600, [LEAVES[512:600], [tile.root for tile in full if tile.level == 0]])
    assert again.root() == merkle.root(LEAVES[:600])
    again.append(LEAVES[600])
    assert again.root() == merkle.root(LEAVES[:601])


def test_an_edge_with_the_wrong_number_of_hashes_is_refused():
    with pytest.raises(ValueError):
        tiles.Edge(3, [LEAVES[:2]])


@given(
    st.integers(0, 63) | st.just("entries"),
    st.integers(0, 10**15 - 1),
    st.integers(1, 256),
)
def test_a_path_is_read_back_as_written(level, index, width):
    assert tiles.parse_path(tiles.path(level, index, width)) == (level, index, width)


@pytest.mark.parametrize(
    "text",
    ["", "tile/0", "tile/64/000", "tile/00/000", "tile/0/0", "tile/0/x000/000", "tile/0/001/002",
     "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/999", "tile/-1/000",
     "tile/0/000/", "tile/0/٠٠٠", "tile/entries/000\n", "tile/data/000"],
)  # fmt: skip
def test_any_other_path_is_none(text):
    assert tiles.parse_path(text) is None


def test_a_bundle_holds_each_entry_after_its_length():
    assert tiles.bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"
