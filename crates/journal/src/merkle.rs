//! The Merkle tree of RFC 6962 section 2.1 over the stored bytes: roots, inclusion and consistency proofs.
//!
//! A tree of size n is stored as the hashes of its complete subtrees, addressed (level, index): level 0 are the leaves,
//! node (l, i) covers leaves `i << l` up to `(i + 1) << l`.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The root of the empty tree: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Hash of a leaf: SHA-256(0x00 || data).
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The complete subtrees along the right edge of a growing tree; O(log n) memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Hashes of the complete subtrees, largest first; one per set bit of `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash and returns every node completed by it as (level, index, hash), the leaf first.
    pub fn push(&mut self, leaf: Hash) -> Vec<(u8, u64, Hash)> {
        let mut done = vec![(0, self.size, leaf)];
        let (mut hash, mut index, mut level) = (leaf, self.size, 0);
        while index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            index >>= 1;
            level += 1;
            done.push((level, index, hash));
        }
        self.peaks.push(hash);
        self.size += 1;
        done
    }

    /// The frontier of a stored tree of `size` leaves, read through `node(level, index)`.
    ///
    /// # Errors
    /// Whatever `node` returns.
    pub fn load<E>(size: u64, node: &mut impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Self, E> {
        let mut peaks = Vec::new();
        for level in (0..64).rev().filter(|level| size >> level & 1 == 1) {
            peaks.push(node(level, (size >> level) - 1)?);
        }
        Ok(Self { size, peaks })
    }

    /// The root over all leaves pushed.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// Root of the leaves `from..to`, reading complete subtrees through `node(level, index)`.
///
/// # Errors
/// Whatever `node` returns.
pub fn range_root<E>(
    from: u64,
    to: u64,
    node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    if from >= to {
        return Ok(empty_root());
    }
    let n = to - from;
    if n.is_power_of_two() && from.is_multiple_of(n) {
        let level = n.trailing_zeros();
        return node(level as u8, from >> level);
    }
    let k = split(n);
    let left = range_root(from, from + k, node)?;
    let right = range_root(from + k, to, node)?;
    Ok(node_hash(&left, &right))
}

/// Inclusion proof for leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1); `index < size`.
///
/// # Errors
/// Whatever `node` returns.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            proof.push(range_root(middle, to, node)?);
            to = middle;
        } else {
            proof.push(range_root(from, middle, node)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that `leaf` stands at `index` of the tree with `size` leaves and `root` (RFC 9162 section 2.1.3.2).
pub fn check_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut fnode, mut snode, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if snode == 0 {
            return false;
        }
        if fnode & 1 == 1 || fnode == snode {
            hash = node_hash(sibling, &hash);
            while fnode & 1 == 0 && fnode != 0 {
                fnode >>= 1;
                snode >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        fnode >>= 1;
        snode >>= 1;
    }
    snode == 0 && hash == *root
}

/// Consistency proof between the trees of `old` and `new` leaves (RFC 6962 section 2.1.2); `0 < old <= new`.
///
/// # Errors
/// Whatever `node` returns.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    node: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut from, mut to, mut whole) = (0, new, true);
    let mut proof = Vec::new();
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            proof.push(range_root(middle, to, node)?);
            to = middle;
        } else {
            proof.push(range_root(from, middle, node)?);
            from = middle;
            whole = false;
        }
    }
    if !whole {
        proof.push(range_root(from, to, node)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that the tree (`old`, `old_root`) is a prefix of (`new`, `new_root`) (RFC 9162 section 2.1.4.2).
pub fn check_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old == 0 || old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    let mut path = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut fnode, mut snode) = (old - 1, new - 1);
    while fnode & 1 == 1 {
        fnode >>= 1;
        snode >>= 1;
    }
    let (mut was, mut is) = (*first, *first);
    for sibling in path {
        if snode == 0 {
            return false;
        }
        if fnode & 1 == 1 || fnode == snode {
            was = node_hash(sibling, &was);
            is = node_hash(sibling, &is);
            while fnode & 1 == 0 && fnode != 0 {
                fnode >>= 1;
                snode >>= 1;
            }
        } else {
            is = node_hash(&is, sibling);
        }
        fnode >>= 1;
        snode >>= 1;
    }
    snode == 0 && was == *old_root && is == *new_root
}

/// The largest power of two below `n`, for `n > 1`.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Definition of RFC 6962 section 2.1, to the letter: the slow oracle.
    fn oracle(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => leaf_hash(leaf),
            _ => {
                let mut k = 1;
                while k * 2 < leaves.len() {
                    k *= 2;
                }
                node_hash(&oracle(&leaves[..k]), &oracle(&leaves[k..]))
            }
        }
    }

    fn leaves(n: u64) -> Vec<Vec<u8>> {
        (0..n).map(|i| i.to_be_bytes().to_vec()).collect()
    }

    fn reader(leaves: &[Vec<u8>]) -> impl FnMut(u8, u64) -> Result<Hash, ()> + '_ {
        |level, index| {
            let from = (index << level) as usize;
            Ok(oracle(&leaves[from..from + (1 << level)]))
        }
    }

    // The vectors of the Certificate Transparency reference implementation for RFC 6962.
    const INPUTS: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_of_the_reference_vectors() {
        let mut tree = Frontier::default();
        assert_eq!(hex::encode(tree.root()), ROOTS[0]);
        for (input, root) in INPUTS.iter().zip(&ROOTS[1..]) {
            tree.push(leaf_hash(&hex::decode(input).unwrap()));
            assert_eq!(hex::encode(tree.root()), *root);
        }
    }

    #[test]
    fn inclusion_proof_of_the_reference_vectors() {
        let data: Vec<Vec<u8>> = INPUTS.iter().map(|it| hex::decode(it).unwrap()).collect();
        let proof = inclusion_proof(5, 8, &mut reader(&data)).unwrap();
        assert_eq!(
            proof.iter().map(hex::encode).collect::<Vec<_>>(),
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_and_no_other() {
        for size in 1..=20 {
            let data = leaves(size);
            let root = oracle(&data);
            for index in 0..size {
                let proof = inclusion_proof(index, size, &mut reader(&data)).unwrap();
                let leaf = leaf_hash(&data[index as usize]);
                assert!(check_inclusion(&leaf, index, size, &proof, &root), "{index} of {size}");
                for other in (0..size).filter(|it| *it != index) {
                    assert!(
                        !check_inclusion(&leaf, other, size, &proof, &root),
                        "{index} as {other} of {size}"
                    );
                }
            }
            for old in 1..=size {
                let was = oracle(&data[..old as usize]);
                let proof = consistency_proof(old, size, &mut reader(&data)).unwrap();
                assert!(check_consistency(old, &was, size, &root, &proof), "{old} to {size}");
                assert!(!check_consistency(old, &[7; 32], size, &root, &proof));
                assert!(!check_consistency(old, &was, size, &[7; 32], &proof));
            }
        }
    }

    proptest! {
        #[test]
        fn the_frontier_is_the_definition(data in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..5), 0..70)) {
            let mut tree = Frontier::default();
            for leaf in &data {
                tree.push(leaf_hash(leaf));
            }
            prop_assert_eq!(tree.root(), oracle(&data));
        }
    }
}
