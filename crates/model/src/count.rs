//! Counts in words: one thing is, several are.

/// `1 record was`, `3 records were`: the count with the words for one, or for many.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_one() {
        let said = [0, 1, 2].map(|it| counted(it, "record was", "records were"));
        assert_eq!(said, ["0 records were", "1 record was", "2 records were"]);
    }
}
