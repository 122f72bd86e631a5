//! Who says something, and where: the order of the sources is the order in which they are believed.

use serde::Serialize;

/// A kind of source. Where two disagree, the one that comes first here is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The estate that was imported onto.
    Typed,
    /// An inventory that people keep.
    Netbox,
    /// What a directory says.
    Bloodhound,
    /// Manifests of a cluster.
    Kubernetes,
    /// A scan.
    Nmap,
    /// Observed traffic.
    Flows,
}

impl Source {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Netbox => "netbox",
            Self::Bloodhound => "bloodhound",
            Self::Kubernetes => "kubernetes",
            Self::Nmap => "nmap",
            Self::Flows => "flows",
        }
    }
}

/// The place of a claim: source, file (a number within [`crate::facts::Gathered::files`]), 1-based line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) source: Source,
    pub(crate) file: u32,
    pub(crate) line: u32,
    /// 1-based number of the record where several stand on one line; 0 where the line tells enough.
    pub(crate) record: u32,
}

impl Origin {
    /// `scan.xml:12`, `devices.json:1 #7`; without a line, the file alone.
    pub(crate) fn text(self, files: &[String]) -> String {
        let file = files.get(self.file as usize).map_or("?", String::as_str);
        match (self.line, self.record) {
            (0, _) => file.to_owned(),
            (line, 0) => format!("{file}:{line}"),
            (line, record) => format!("{file}:{line} #{record}"),
        }
    }
}
