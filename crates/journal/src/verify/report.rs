//! What verification found, in values and in words.

use std::fmt;

use bulkhead_model::plain::Plain;
use jiff::Timestamp;
use serde::Serialize;

use crate::manifest::{in_journal, in_vault};
use crate::vault::KeyOrigin;
use crate::witness::WitnessReport;

/// One way in which a case is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Stable short name of the kind of fault, such as `changed`, `missing`, `entry`, `signature`, `rollback`.
    pub code: &'static str,
    /// The file, relative to the case directory.
    pub path: String,
    /// What is wrong, without a full stop.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into() }
    }

    /// Whether nothing was changed, but somebody other than those named has signed or cosigned.
    pub fn is_of_signer(&self) -> bool {
        matches!(self.code, "signer" | "witness")
    }

    /// Whether it is the signed record that is at fault, rather than a file that it binds.
    pub fn is_of_record(&self) -> bool {
        in_journal(&self.path) || self.path == crate::manifest::JOURNAL_DIR
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Plain(&self.path), Plain(&self.message))
    }
}

/// Who signed, and how far that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignerReport {
    /// Verifier key named in the case.
    pub key: String,
    /// Whether the verifier brought the same key from elsewhere.
    pub authenticated: bool,
    /// Whether it is the demonstration key, with which anybody can sign.
    pub demonstration: bool,
}

/// An erasure of the vault, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasureReport {
    /// The entry that records it.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// What was erased.
    pub files: Vec<String>,
}

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every fault; none means that what is here is what was signed.
    pub faults: Vec<Fault>,
    /// Whether the signed record in `journal/` is whole, whatever became of the files that it binds.
    pub record_intact: bool,
    /// Entries in the journal.
    pub entries: u64,
    /// Files checked.
    pub files: u64,
    /// Bytes checked.
    pub bytes: u64,
    /// Files that the record binds and that are not here, where that is no fault: the journal alone was given, or a part was
    /// asked for.
    pub withheld: Vec<String>,
    /// Root of the tree, hexadecimal.
    pub root: String,
    /// When the case was last sealed.
    pub sealed_at: Option<Timestamp>,
    /// Who signed; absent when the case is too broken to tell.
    pub signer: Option<SignerReport>,
    /// Witnesses whose cosignatures stand below the checkpoint.
    pub witnesses: Vec<WitnessReport>,
    /// Entries of the earlier checkpoint that this case was shown to go on from.
    pub since: Option<u64>,
    /// Why the earlier checkpoint is of another record, so that nothing can be said about going on from it.
    pub foreign: Option<String>,
    /// How the key of the pseudonyms came about.
    pub pseudonyms: Option<KeyOrigin>,
    /// Erasures of the vault.
    pub erasures: Vec<ErasureReport>,
}

impl Report {
    /// Whether everything that is here is what was signed.
    pub fn is_ok(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether the signer is known by a key that the verifier brought.
    pub fn is_authenticated(&self) -> bool {
        self.signer.as_ref().is_some_and(|it| it.authenticated)
    }

    /// What the faults come to, in one sentence.
    fn verdict(&self) -> String {
        let count = |wanted: &dyn Fn(&Fault) -> bool| self.faults.iter().filter(|it| wanted(it)).count();
        let total = self.faults.len();
        let faults = if total == 1 { "1 fault".to_owned() } else { format!("{total} faults") };
        if !self.faults.is_empty() && self.faults.iter().all(Fault::is_of_signer) {
            return format!(
                "NOT VERIFIED: record and files are whole and unchanged, but not signed or cosigned by whom you named; {faults}"
            );
        }
        if !self.record_intact {
            let bound = count(&|it| !it.is_of_record());
            let more =
                if bound > 0 { format!(", {bound} of them in files that it binds") } else { String::new() };
            return format!("NOT VERIFIED: the signed record itself is not what was signed; {faults}{more}");
        }
        let missing = count(&|it| it.code == "missing");
        let vault = count(&|it| in_vault(&it.path));
        let mut parts = Vec::new();
        for (number, what) in [(missing, "missing"), (total - missing, "changed, added or put back")] {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        let of_vault = if vault > 0 { format!(" ({vault} of the vault)") } else { String::new() };
        format!(
            "NOT VERIFIED: the signed record is whole, but the working files are not those it binds: {}{of_vault}",
            parts.join(", ")
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            let what = match fault.code {
                _ if fault.is_of_signer() => "not by whom you named",
                _ if fault.is_of_record() => "fault in the record",
                _ => "fault in the file",
            };
            writeln!(f, "{what}: {fault}")?;
        }
        for it in &self.erasures {
            let (files, at, actor, seq) = (it.files.len(), it.at, Plain(&it.actor), it.seq);
            writeln!(
                f,
                "erased: {files} files of the vault at {at} by {actor} (entry {seq}): {}",
                Plain(&it.reason)
            )?;
        }
        for it in &self.witnesses {
            let at = it.at.map_or("an unreadable time".to_owned(), |it| it.to_string());
            let known =
                if it.authenticated { "with the key you gave" } else { "NOT CHECKED: give --witness KEY" };
            writeln!(f, "cosigned by {} at {at}, {known}", Plain(&it.name))?;
        }
        if let Some(why) = &self.foreign {
            writeln!(
                f,
                "THE CHECKPOINT GIVEN IS OF ANOTHER RECORD: {}; nothing was compared with it",
                Plain(why)
            )?;
        }
        if self.pseudonyms == Some(KeyOrigin::Seed) {
            writeln!(
                f,
                "pseudonyms: derived from a seed; whoever knows it can tell who is behind them, after an erasure too"
            )?;
        }
        if !self.is_ok() {
            return f.write_str(&self.verdict());
        }
        if let Some(size) = self.since {
            writeln!(
                f,
                "goes on from the checkpoint given: its {size} entries are the first of these {}",
                self.entries
            )?;
        }
        if !self.withheld.is_empty() {
            let (here, bound) = (self.files, self.files + self.withheld.len() as u64);
            writeln!(
                f,
                "SEEN IN PART: {here} of {bound} files are here; the other {} are bound by the record, but nobody looked at them",
                self.withheld.len()
            )?;
        }
        writeln!(
            f,
            "verified: {} files, {} bytes, {} entries, root {}",
            self.files, self.bytes, self.entries, self.root
        )?;
        f.write_str(&self.signed_by())
    }
}

impl Report {
    /// The last line: who signed, or that nobody knows.
    fn signed_by(&self) -> String {
        match &self.signer {
            Some(it) if it.demonstration => {
                "SIGNER NOT AUTHENTICATED: integrity holds, but the signer is not authenticated; \
                it is signed with the DEMONSTRATION key, which anybody can use"
                    .to_owned()
            }
            Some(it) if it.authenticated => {
                format!("signed by {}, the key you gave: the signer is authenticated", it.key)
            }
            Some(it) => format!(
                "SIGNER NOT AUTHENTICATED: integrity holds, but the signer is not authenticated; the case itself names the \
                 key {}: compare it with one from elsewhere and give that with --key",
                it.key
            ),
            None => String::new(),
        }
    }
}
