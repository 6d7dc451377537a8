"""The tree of RFC 6962 section 2: hashes, roots, proofs and how to check them.

Pure: bytes in, bytes out. A *node* is named by its height above the leaves and its place in that
row, so node (0, i) is leaf i and node (3, 1) is the root over leaves 8..15. Whoever asks for a
proof says where nodes are found, which lets the same lines run over a list in memory and over the
tiles in the database.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the complete subtrees that cover these hashes, the largest first."""
    found: list[bytes] = []
    start = 0
    for height in reversed(range(len(hashes).bit_length())):
        if len(hashes) >> height & 1:
            found.append(_complete_root(hashes[start : start + (1 << height)]))
            start += 1 << height
    return found


def _complete_root(row: Sequence[bytes]) -> bytes:
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def fold(roots: Sequence[bytes]) -> bytes:
    """One root from peaks given largest first."""
    if not roots:
        return EMPTY_ROOT
    result = roots[-1]
    for peak in reversed(roots[:-1]):
        result = node_hash(peak, result)
    return result


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    return fold(peaks(leaf_hashes))


class CompactRange:
    """A growing tree that remembers only its peaks: all that is needed to append and to know the
    root."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)

    def append(self, value: bytes) -> None:
        # As many peaks melt together as the size has trailing ones in binary, like a carry.
        size = self.size
        while size & 1:
            value = node_hash(self._peaks.pop(), value)
            size >>= 1
        self._peaks.append(value)
        self.size += 1

    def root(self) -> bytes:
        return fold(self._peaks)


# --- making proofs ------------------------------------------------------------------------------


def nodes_of(leaf_hashes: Sequence[bytes]) -> NodeAt:
    """Where to find nodes when all leaf hashes are in memory."""

    def node_at(height: int, place: int) -> bytes:
        return _complete_root(leaf_hashes[place << height : (place + 1) << height])

    return node_at


def root_at(size: int, node_at: NodeAt) -> bytes:
    """The root the tree had when it held `size` leaves."""
    return _range_root(0, size, node_at) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """PATH(index, D[size]): the siblings from the leaf up to the root."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, node_at))
            end = middle
        else:
            proof.append(_range_root(start, middle, node_at))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node_at: NodeAt) -> list[bytes]:
    """PROOF(old, D[new]): what shows that the first `old` leaves did not change."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not continue one of {old}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_root(middle, end, node_at))
            end = middle
        else:
            proof.append(_range_root(start, middle, node_at))
            start = middle
    if start:  # the verifier knows the old root itself, but not this part of it
        proof.append(_range_root(start, end, node_at))
    return proof[::-1]


def _split(count: int) -> int:
    """The largest power of two smaller than count."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(start: int, end: int, node_at: NodeAt) -> bytes:
    count = end - start
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return node_at(height, start >> height)
    middle = start + _split(count)
    return node_hash(_range_root(start, middle, node_at), _range_root(middle, end, node_at))


# --- checking proofs ----------------------------------------------------------------------------


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The root this proof leads to (RFC 9162 section 2.1.3.2), or None when it is no proof."""
    if not 0 <= index < size or not _hashes(leaf, *proof):
        return None
    place, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            result = node_hash(sibling, result)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        place, last = place >> 1, last >> 1
    return result if last == 0 else None


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    return root_from_inclusion(index, size, leaf, proof) == root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `new` leaves begins with the tree of `old` (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old <= new or not _hashes(old_root, new_root, *proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:  # the old tree is complete, so its root is a node of the new one
        path.insert(0, old_root)
    return bool(path) and _climb(old - 1, new - 1, path) == (old_root, new_root)


def _climb(place: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The old and the new root that this path leads to."""
    while place & 1:
        place, last = place >> 1, last >> 1
    from_old = from_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            from_new = node_hash(from_new, sibling)
        place, last = place >> 1, last >> 1
    return (from_old, from_new) if last == 0 else None


def _hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
