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
}

impl FastHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
}

/// A hash of a text, four words at a time.
#[inline]
pub fn of_bytes(seed: u64, bytes: &[u8]) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut lanes = [seed, bytes.len() as u64, K, !K];
    let mut chunks = bytes.chunks_exact(32);
    for chunk in &mut chunks {
        for (lane, at) in lanes.iter_mut().zip([0, 8, 16, 24]) {
            *lane = (lane.rotate_left(29) ^ word(chunk, at)).wrapping_mul(K);
        }
    }
    let rest = chunks.remainder();
    for (lane, at) in lanes.iter_mut().zip((0..rest.len() / 8).map(|it| it * 8)) {
        *lane = (lane.rotate_left(29) ^ word(rest, at)).wrapping_mul(K);
    }
    // The last bytes are read together with some before them.
    let last = match bytes.len() {
        8.. => word(bytes, bytes.len() - 8),
        _ => bytes.iter().fold(0, |word, it| word << 8 | u64::from(*it)),
    };
    let mixed = lanes.into_iter().fold(last, |hash, lane| (hash.rotate_left(23) ^ lane).wrapping_mul(K));
    mixed ^ (mixed >> 32)
}

/// The eight bytes at `at`; 0 where there are fewer.
#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|it| it.try_into().ok()).map_or(0, u64::from_le_bytes)
}
