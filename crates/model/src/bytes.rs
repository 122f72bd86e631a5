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
    // Most values end within the first block, where no call is needed.
    match text.split_first_chunk() {
        Some((block, rest)) => {
            either_in(one, other, block).or_else(|| Some(BLOCK + either_further(one, other, rest)?))
        }
        None => text.iter().position(|it| *it == one || *it == other),
    }
}

#[inline]
fn either_in(one: u8, other: u8, block: &[u8; BLOCK]) -> Option<usize> {
    let block = u8x16::new(*block);
    let found = (block.simd_eq(u8x16::splat(one)) | block.simd_eq(u8x16::splat(other))).to_bitmask();
    (found != 0).then(|| found.trailing_zeros() as usize)
}

#[inline(never)]
fn either_further(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (number, block) in blocks.iter().enumerate() {
        if let Some(at) = either_in(one, other, block) {
            return Some(number * BLOCK + at);
        }
    }
    let behind = blocks.len() * BLOCK;
    rest.iter().position(|it| *it == one || *it == other).map(|it| behind + it)
}

/// Appends every place at which `byte` stands in `text`; made for texts in which it is rare.
pub fn places(byte: u8, text: &[u8], out: &mut Vec<usize>) {
    let wanted = u8x16::splat(byte);
    let (groups, rest) = text.as_chunks::<{ FAR * BLOCK }>();
    for (number, group) in groups.iter().enumerate() {
        let blocks = group.as_chunks::<BLOCK>().0;
        let is = |at: usize| u8x16::new(blocks[at]).simd_eq(wanted);
        let found = [is(0), is(1), is(2), is(3)];
        if ((found[0] | found[1]) | (found[2] | found[3])).to_bitmask() == 0 {
            continue;
        }
        for (block, found) in (number * FAR..).zip(found) {
            let mut left = found.to_bitmask();
            while left != 0 {
                out.push(block * BLOCK + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
    let from = text.len() - rest.len();
    out.extend((from..).zip(rest).filter(|it| *it.1 == byte).map(|it| it.0));
}

/// Whether every byte of `text` is within ASCII.
pub fn is_ascii(text: &[u8]) -> bool {
    let (groups, rest) = text.as_chunks::<{ FAR * BLOCK }>();
    for group in groups {
        let blocks = group.as_chunks::<BLOCK>().0;
        let block = |at: usize| u8x16::new(blocks[at]);
        if ((block(0) | block(1)) | (block(2) | block(3))).to_bitmask() != 0 {
            return false;
        }
    }
    rest.is_ascii()
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
                prop_assert_eq!(is_ascii(&text), text.is_ascii());
                let mut found = vec![7];
                places(b'\\', &text, &mut found);
                let all = (0..text.len()).filter(|it| text[*it] == b'\\');
                prop_assert_eq!(found, [7].into_iter().chain(all).collect::<Vec<_>>());
            }
        }
    }
}
