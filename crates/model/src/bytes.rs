//! Searches for bytes in texts that are mostly short.
//!
//! Values of events have a dozen bytes, and lines a thousand: calling a search made for long texts costs more than
//! searching. Sixteen bytes are compared at once with instructions that every machine has.

use wide::u8x16;

/// Bytes compared at once.
const BLOCK: usize = 16;
/// Blocks looked at one by one, before many are looked at together.
const NEAR: usize = 4;
/// Blocks looked at together.
const FAR: usize = 4;

/// Where `byte` first stands in `text`.
#[inline]
pub fn find(byte: u8, text: &[u8]) -> Option<usize> {
    let wanted = u8x16::splat(byte);
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let (near, far) = blocks.split_at(blocks.len().min(NEAR));
    for (number, block) in near.iter().enumerate() {
        let found = u8x16::new(*block).simd_eq(wanted).to_bitmask();
        if found != 0 {
            return Some(number * BLOCK + found.trailing_zeros() as usize);
        }
    }
    let groups = far.as_chunks::<FAR>().0;
    let mut passed = near.len();
    for group in groups {
        let low = u8x16::new(group[0]).simd_eq(wanted) | u8x16::new(group[1]).simd_eq(wanted);
        let high = u8x16::new(group[2]).simd_eq(wanted) | u8x16::new(group[3]).simd_eq(wanted);
        if (low | high).to_bitmask() != 0 {
            break;
        }
        passed += FAR;
    }
    let last = far.get(passed - near.len()..).unwrap_or_default();
    for block in last {
        let found = u8x16::new(*block).simd_eq(wanted).to_bitmask();
        if found != 0 {
            return Some(passed * BLOCK + found.trailing_zeros() as usize);
        }
        passed += 1;
    }
    rest.iter().position(|it| *it == byte).map(|it| passed * BLOCK + it)
}

/// Where one of two bytes first stands in `text`.
#[inline]
pub fn find_either(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    let wanted = [u8x16::splat(one), u8x16::splat(other)];
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (number, block) in blocks.iter().enumerate() {
        let block = u8x16::new(*block);
        let found = (block.simd_eq(wanted[0]) | block.simd_eq(wanted[1])).to_bitmask();
        if found != 0 {
            return Some(number * BLOCK + found.trailing_zeros() as usize);
        }
    }
    let behind = blocks.len() * BLOCK;
    rest.iter().position(|it| *it == one || *it == other).map(|it| behind + it)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            before in prop::collection::vec(prop::sample::select(b"a\"\\!\x00\x80\xff#]".to_vec()), 0..40),
            gap in 0_usize..300,
            after in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            for text in [after.clone(), [before, vec![b'a'; gap], after].concat()] {
                for byte in [b'"', b'\\', b'\n', 0, 0x80] {
                    prop_assert_eq!(find(byte, &text), text.iter().position(|it| *it == byte));
                }
                let either = text.iter().position(|it| matches!(it, b'"' | b'\\'));
                prop_assert_eq!(find_either(b'"', b'\\', &text), either);
            }
        }
    }
}
