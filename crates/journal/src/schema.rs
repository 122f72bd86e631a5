//! The journal's tables, and how an older file is brought up to date.

use std::path::Path;

use rusqlite::Connection;

use crate::error::{Error, Result};

/// Marks a file as a journal of this program: `Bulk` in ASCII.
const APPLICATION_ID: i32 = 0x4275_6c6b;

/// One step per schema version; a step, once released, never changes.
const STEPS: [&str; 1] = ["
CREATE TABLE entry (
  seq    INTEGER PRIMARY KEY,   -- 0, 1, 2, ... without gaps: the leaf index
  kind   TEXT NOT NULL,
  record BLOB NOT NULL,         -- the exact bytes that are hashed
  body   BLOB                   -- the body, where it stands beside the record
);
CREATE TRIGGER entry_keeps BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE INDEX entry_by_kind ON entry (kind, seq);
CREATE TABLE node (             -- hashes of complete subtrees
  level INTEGER NOT NULL,
  idx   INTEGER NOT NULL,
  hash  BLOB NOT NULL,
  PRIMARY KEY (level, idx)
) WITHOUT ROWID;
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE projection (       -- up to which entry each projection has been computed, by which version of its code
  name    TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  size    INTEGER NOT NULL
) WITHOUT ROWID;
"];

/// Brings the file to the newest schema, or says why not.
pub(crate) fn migrate(db: &mut Connection, path: &Path) -> Result<()> {
    let version = check(db, path)?;
    let tx = db.transaction()?;
    for step in &STEPS[version..] {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", STEPS.len() as u32)?;
    Ok(tx.commit()?)
}

/// The schema version found; an error when it is another program's file or a newer one.
pub(crate) fn check(db: &Connection, path: &Path) -> Result<usize> {
    let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(Error::NotAJournal(path.to_owned()));
    }
    let known = STEPS.len() as u32;
    if version > known {
        return Err(Error::TooNew { path: path.to_owned(), found: version, known });
    }
    Ok(version as usize)
}
