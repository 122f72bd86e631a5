//! What a file is, told by its content and never by its name.

/// A format that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// nmap `-oX`.
    Nmap,
}

impl Format {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nmap => "nmap XML",
        }
    }
}

/// How much of a text is looked at.
const LOOK: usize = 64 * 1024;

/// The format of a text; none when it is none of ours.
pub(crate) fn sniff(text: &str) -> Option<Format> {
    let mut end = text.len().min(LOOK);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let look = text[..end].trim_start();
    if look.starts_with('<') && look.contains("<nmaprun") {
        return Some(Format::Nmap);
    }
    None
}
