//! The C2SP tlog-tiles layout: which files hold a tree of a given size, and how entries are bundled.
//!
//! Source: <https://c2sp.org/tlog-tiles>. A tile holds up to 256 hashes of level 8 x L; an entry bundle up to 256 entries,
//! each behind its length as a big-endian u16. The last of a level may be partial and then carries `.p/W`.

use std::io::{self, Read};

use crate::merkle::{Hash, node_hash};

/// Hashes in a full tile, entries in a full bundle.
pub const WIDTH: u64 = 256;
/// The longest entry a bundle can hold, in bytes.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// `tile/<level>/<index>[.p/<width>]`; `width` 256 means full.
pub fn tile_path(level: u8, index: u64, width: u64) -> String {
    format!("tile/{level}/{}", index_path(index, width))
}

/// `tile/entries/<index>[.p/<width>]`; `width` 256 means full.
pub fn entries_path(index: u64, width: u64) -> String {
    format!("tile/entries/{}", index_path(index, width))
}

/// Three digits per path element, all but the last behind an `x`: 1234067 is `x001/x234/067`.
fn index_path(index: u64, width: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < WIDTH {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

/// The entry bundles of a tree of `size` leaves as (index, width), in order.
pub fn bundles(size: u64) -> impl Iterator<Item = (u64, u64)> {
    let partial = size % WIDTH;
    (0..size / WIDTH).map(|i| (i, WIDTH)).chain((partial > 0).then_some((size / WIDTH, partial)))
}

/// Appends one entry to a bundle. The caller has checked its length against [`MAX_ENTRY`].
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// Reads one entry of a bundle into `entry`; false at a clean end.
///
/// # Errors
/// When the bundle ends within an entry or cannot be read.
pub fn read_entry(bundle: &mut impl Read, entry: &mut Vec<u8>) -> io::Result<bool> {
    let mut length = [0; 2];
    if bundle.read(&mut length[..1])? == 0 {
        return Ok(false);
    }
    bundle.read_exact(&mut length[1..])?;
    entry.resize(usize::from(u16::from_be_bytes(length)), 0);
    bundle.read_exact(entry)?;
    Ok(true)
}

/// Turns leaf hashes, in order, into tiles, in order of completion; holds at most 256 hashes per level.
#[derive(Debug, Default)]
pub struct TileBuilder {
    /// Per tile level: number of tiles completed, and the hashes of the one being filled.
    levels: Vec<(u64, Vec<Hash>)>,
}

/// One finished tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Path below the journal, `tile/...`.
    pub path: String,
    /// Its bytes: hashes one after the other.
    pub bytes: Vec<u8>,
}

impl TileBuilder {
    /// Takes the next leaf hash and returns the tiles it completed.
    pub fn push(&mut self, leaf: Hash) -> Vec<Tile> {
        let mut done = Vec::new();
        let (mut hash, mut level) = (leaf, 0);
        loop {
            if self.levels.len() == level {
                self.levels.push((0, Vec::new()));
            }
            let (full, hashes) = &mut self.levels[level];
            hashes.push(hash);
            if (hashes.len() as u64) < WIDTH {
                return done;
            }
            done.push(Tile { path: tile_path(level as u8, *full, WIDTH), bytes: hashes.concat() });
            hash = subtree_root(hashes);
            hashes.clear();
            *full += 1;
            level += 1;
        }
    }

    /// The partial tiles on the right edge.
    pub fn finish(self) -> Vec<Tile> {
        let levels = self.levels.into_iter().enumerate();
        levels
            .filter(|(_, (_, hashes))| !hashes.is_empty())
            .map(|(level, (full, hashes))| Tile {
                path: tile_path(level as u8, full, hashes.len() as u64),
                bytes: hashes.concat(),
            })
            .collect()
    }
}

/// Root of a full tile.
fn subtree_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{Frontier, leaf_hash};

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(tile_path(0, 1_234_067, WIDTH), "tile/0/x001/x234/067");
        assert_eq!(tile_path(1, 0, 1), "tile/1/000.p/1");
        assert_eq!(entries_path(273, 112), "tile/entries/273.p/112");
    }

    /// The specification's example: a tree of 70,000 leaves has 273 full tiles and one of width 112 at level 0, one full
    /// and one of width 17 at level 1, one of width 1 at level 2.
    #[test]
    fn tiles_of_the_specification_example() {
        let mut builder = TileBuilder::default();
        let mut tree = Frontier::default();
        let mut paths = Vec::new();
        for i in 0_u64..70_000 {
            let leaf = leaf_hash(&i.to_be_bytes());
            tree.push(leaf);
            paths.extend(builder.push(leaf).into_iter().map(|it| it.path));
        }
        let last = builder.finish();
        paths.extend(last.iter().map(|it| it.path.clone()));
        assert_eq!(paths.len(), 274 + 2 + 1);
        let mut partial: Vec<&str> = last.iter().map(|it| it.path.as_str()).collect();
        partial.sort_unstable();
        assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        assert_eq!(tree.size(), 70_000);
    }

    #[test]
    fn a_bundle_reads_back_and_a_torn_one_does_not() {
        let mut bundle = Vec::new();
        push_entry(&mut bundle, b"one");
        push_entry(&mut bundle, b"");
        let (mut entry, mut rest) = (Vec::new(), bundle.as_slice());
        assert!(read_entry(&mut rest, &mut entry).unwrap());
        assert_eq!(entry, b"one");
        assert!(read_entry(&mut rest, &mut entry).unwrap());
        assert!(entry.is_empty());
        assert!(!read_entry(&mut rest, &mut entry).unwrap());
        for end in [1, 2, 3, 4, 6] {
            let mut torn = &bundle[..end];
            assert!(
                std::iter::from_fn(|| Some(read_entry(&mut torn, &mut entry))).take(3).any(|it| it.is_err()),
                "{end}"
            );
        }
    }
}
