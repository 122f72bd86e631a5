//! Estates from what other tools already know: nmap, Zeek and NetFlow, BloodHound, NetBox, Kubernetes; texts in, a draft
//! estate out.
//!
//! Pure: bytes come in as arguments, nothing is read or written here. The way through, in reading order: [`import`]
//! recognises every file by its content and hands it to its source's module, which notes *claims* (`facts`); `merge`
//! decides which claims speak of one host and which of them counts; `flows`, `identities` and `kubernetes` say what the
//! merged hosts do; `emit` writes the estate with the place every line came from.

#![warn(clippy::disallowed_methods)]

mod facts;
mod import;
mod report;
mod sniff;
mod source;

mod emit;
mod flows;
mod identities;
mod merge;
mod names;
mod open;
mod outside;
mod patch;
mod roles;
mod select;
mod todo;
mod zones;

mod bloodhound;
mod json;
mod kubernetes;
mod netbox;
mod nmap;
mod table;
mod traffic;
mod xml;

pub use import::{Base, Bounds, Imported, Importer, Options, SourceFile, import};
pub use report::{
    AssetReport, Choice, Conflict, Disagreement, FileReport, FlowReport, LeftOut, Outbound, Report, Summary,
};
pub use sniff::Format;
pub use source::Source;
