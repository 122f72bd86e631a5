//! Names of Linux system calls, which a raw audit log gives as numbers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Architecture as the audit log writes it, number, name.
const TABLE: &str = include_str!("../data/syscalls.txt");

static NAMES: LazyLock<BTreeMap<(&'static str, u32), &'static str>> = LazyLock::new(|| {
    let entries = TABLE.lines().filter(|it| !it.starts_with('#')).filter_map(|it| {
        let mut words = it.split(' ');
        Some(((words.next()?, words.next()?.parse().ok()?), words.next()?))
    });
    entries.collect()
});

/// The name of a system call: `c000003e`, `59` is `execve`.
pub(crate) fn name(arch: &str, number: &str) -> Option<&'static str> {
    let arch = ["c000003e", "c00000b7"].into_iter().find(|it| *it == arch)?;
    NAMES.get(&(arch, number.parse().ok()?)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names_by_architecture() {
        assert_eq!(name("c000003e", "59"), Some("execve"));
        assert_eq!(name("c00000b7", "221"), Some("execve"));
        assert_eq!(name("c000003e", "99999"), None);
        assert_eq!(name("40000003", "11"), None);
        assert_eq!(NAMES.len(), TABLE.lines().count() - 1);
    }
}
