//! A hash for short keys of bounded tables.

/// Hashes short keys eight bytes at a time; the table is bounded, so collisions cost time and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct FastHash;

impl std::hash::BuildHasher for FastHash {
    type Hasher = FastHasher;

    fn build_hasher(&self) -> FastHasher {
        FastHasher(0)
    }
}

/// State of [`FastHash`].
#[derive(Clone, Copy, Debug)]
pub struct FastHasher(u64);

impl std::hash::Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
        let mut word = [0; 8];
        word[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
        self.add(u64::from_le_bytes(word));
    }

    #[inline]
    fn write_u8(&mut self, it: u8) {
        self.add(u64::from(it));
    }

    #[inline]
    fn write_u32(&mut self, it: u32) {
        self.add(u64::from(it));
    }

    #[inline]
    fn write_u64(&mut self, it: u64) {
        self.add(it);
    }

    #[inline]
    fn write_usize(&mut self, it: usize) {
        self.add(it as u64);
    }
}

impl FastHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
}

/// What stands for a text of up to [`SHORT_MAX`] bytes: together with its length nothing else has the same.
#[inline]
pub fn short(bytes: &[u8]) -> Option<[u64; 2]> {
    let half = |at: usize| {
        u64::from(bytes.get(at..at + 4).and_then(|it| it.try_into().ok()).map_or(0, u32::from_le_bytes))
    };
    // Words and halves from both ends, which may lie over one another.
    Some(match bytes.len() {
        0 => [0, 0],
        n @ 1..4 => [u64::from(bytes[0]), u64::from(bytes[n / 2]) << 8 | u64::from(bytes[n - 1])],
        n @ 4..8 => [half(0), half(n - 4)],
        n @ 8..=SHORT_MAX => [word(bytes, 0), word(bytes, n - 8)],
        _ => return None,
    })
}

/// Longest text that two words stand for.
const SHORT_MAX: usize = 16;

const K: u64 = 0x9E37_79B9_7F4A_7C15;

/// A hash of what [`short`] gives.
#[inline]
pub fn of_short(seed: u64, n: usize, words: [u64; 2]) -> u64 {
    let mixed = (seed ^ (n as u64) << 56).wrapping_mul(K) ^ words[0];
    let mixed = (mixed.wrapping_mul(K) ^ words[1].rotate_left(29)).wrapping_mul(K);
    mixed ^ (mixed >> 32)
}

/// A hash of a longer text, two words at a time.
#[inline]
pub fn of_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let (mut even, mut odd) = (seed ^ (bytes.len() as u64) << 56, K);
    let mut add = |low: u64, high: u64| {
        even = (even.rotate_left(29) ^ low).wrapping_mul(K);
        odd = (odd.rotate_left(29) ^ high).wrapping_mul(K);
    };
    for block in bytes.as_chunks::<16>().0 {
        add(word(block, 0), word(block, 8));
    }
    // The last bytes are read together with some before them.
    let n = bytes.len();
    add(word(bytes, n.saturating_sub(16)), word(bytes, n.saturating_sub(8)));
    let mixed = (even ^ odd.rotate_left(32)).wrapping_mul(K);
    mixed ^ (mixed >> 32)
}

/// The eight bytes at `at`; 0 where there are fewer.
#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|it| it.try_into().ok()).map_or(0, u64::from_le_bytes)
}
