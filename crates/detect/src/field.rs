//! Field names to small numbers, with a lookup made for the path every event takes.

/// Number of an interned field name.
pub type FieldId = u32;

/// The field of keyword items: any text of the event.
pub const KEYWORDS: FieldId = u32::MAX;

/// Interned names, found through one hash of length, first and last bytes.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    names: Vec<String>,
    /// Open addressing; 0 is empty, else id + 1. Its length is a power of two.
    slots: Vec<u32>,
}

impl Fields {
    /// The id of `name`, made if there is none.
    pub fn intern(&mut self, name: &str) -> FieldId {
        if let Some(id) = self.find(name) {
            return id;
        }
        self.names.push(name.to_owned());
        if self.slots.len() < self.names.len() * 4 {
            self.grow();
        } else {
            let id = self.names.len() - 1;
            self.insert(id);
        }
        id_of(self.names.len() - 1)
    }

    /// The id of `name`.
    #[inline]
    pub fn find(&self, name: &str) -> Option<FieldId> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash(name) & mask;
        loop {
            match self.slots[slot] {
                0 => return None,
                found if self.names[found as usize - 1] == name => return Some(found - 1),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// The name of `id`; `keywords` for the field of keyword items.
    pub fn name(&self, id: FieldId) -> &str {
        self.names.get(id as usize).map_or("keywords", String::as_str)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.names.len() * 8).next_power_of_two()];
        for id in 0..self.names.len() {
            self.insert(id);
        }
    }

    fn insert(&mut self, id: usize) {
        let mask = self.slots.len() - 1;
        let mut slot = hash(&self.names[id]) & mask;
        while self.slots[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = id_of(id) + 1;
    }
}

fn id_of(index: usize) -> FieldId {
    FieldId::try_from(index).unwrap_or(KEYWORDS - 1)
}

#[inline]
fn hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    let word = |from: usize| {
        let mut word = [0_u8; 8];
        let piece = &bytes[from..bytes.len().min(from + 8)];
        word[..piece.len()].copy_from_slice(piece);
        u64::from_le_bytes(word)
    };
    let head = if bytes.len() >= 8 { u64::from_le_bytes(first8(bytes)) } else { word(0) };
    let tail = if bytes.len() >= 8 { u64::from_le_bytes(first8(&bytes[bytes.len() - 8..])) } else { 0 };
    let mixed =
        (head ^ tail.rotate_left(23) ^ ((bytes.len() as u64) << 56)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize
}

#[inline]
fn first8(bytes: &[u8]) -> [u8; 8] {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[..8]);
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        let mut fields = Fields::default();
        let names: Vec<String> = (0..500).map(|it| format!("{}Field{it}", "x".repeat(it % 20))).collect();
        let ids: Vec<_> = names.iter().map(|it| fields.intern(it)).collect();
        for (name, id) in names.iter().zip(&ids) {
            assert_eq!(fields.find(name), Some(*id));
            assert_eq!(fields.intern(name), *id);
            assert_eq!(fields.name(*id), name);
        }
        assert_eq!(fields.find("absent"), None);
        assert_eq!(Fields::default().find("a"), None);
    }
}
