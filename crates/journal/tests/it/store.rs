//! The journal while it runs: appends, one writer, projections, damage.

use bulkhead_journal::{Entry, Error, INLINE_LIMIT, Journal, Projection, SigningKey, merkle};
use rusqlite::Transaction;

use crate::fixture::draft;

/// Counts entries by kind.
pub struct ByKind(pub u32);

impl Projection for ByKind {
    fn name(&self) -> &str {
        "by_kind"
    }

    fn version(&self) -> u32 {
        self.0
    }

    fn reset(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        tx.execute_batch(
            "DROP TABLE IF EXISTS by_kind; CREATE TABLE by_kind (kind TEXT PRIMARY KEY, n INTEGER NOT NULL)",
        )
    }

    fn apply(&self, tx: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()> {
        if entry.kind == "refused" {
            return Err(rusqlite::Error::InvalidQuery);
        }
        tx.execute(
            "INSERT INTO by_kind VALUES (?1, ?2) ON CONFLICT DO UPDATE SET n = n + excluded.n",
            (&entry.kind, self.0),
        )?;
        Ok(())
    }
}

/// How many entries of `kind` the projection counted.
pub fn count(journal: &Journal, kind: &str) -> u32 {
    let sql = "SELECT coalesce(max(n), 0) FROM by_kind WHERE kind = ?1";
    journal.query(|db| db.query_row(sql, [kind], |row| row.get(0))).unwrap()
}

#[test]
fn what_is_appended_is_read_back_to_the_byte() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    let bodies =
        [b"not json \0\n\xff".to_vec(), Vec::new(), vec![7; INLINE_LIMIT], vec![8; INLINE_LIMIT + 1]];
    let mut journal = Journal::open(&path, Vec::new()).unwrap();
    let drafts: Vec<_> = bodies.iter().map(|it| draft("any", 1, it.clone())).collect();
    assert_eq!(journal.append(drafts).unwrap(), 0);
    let root = journal.root();
    drop(journal);
    let journal = Journal::open_read_only(&path).unwrap();
    let read: Vec<Vec<u8>> = journal.entries().unwrap().into_iter().map(|it| it.body).collect();
    assert_eq!(read, bodies);
    assert_eq!(journal.root(), root);
    assert_eq!(journal.entry(4).unwrap(), None);
    assert!(!journal.is_writer());
    journal.check().unwrap();
}

#[test]
fn there_is_one_writer_and_any_number_of_readers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    let mut journal = Journal::open(&path, Vec::new()).unwrap();
    assert!(matches!(Journal::open(&path, Vec::new()), Err(Error::Locked(_))));
    journal.append(vec![draft("a", 1, "1")]).unwrap();
    let mut reader = Journal::open_read_only(&path).unwrap();
    assert_eq!(reader.size(), 1);
    assert!(reader.append(vec![draft("a", 2, "2")]).is_err());
    drop(journal);
    Journal::open(&path, Vec::new()).unwrap();
}

#[test]
fn projections_follow_in_the_same_transaction_and_are_rebuilt_when_their_code_changes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    let mut journal = Journal::open(&path, Vec::new()).unwrap();
    journal.append(vec![draft("a", 1, "1")]).unwrap();
    drop(journal);
    let mut journal = Journal::open(&path, vec![Box::new(ByKind(1))]).unwrap();
    assert_eq!(count(&journal, "a"), 1, "caught up on open");
    journal.append(vec![draft("a", 2, "2"), draft("b", 2, "2")]).unwrap();
    let root = journal.root();
    assert!(journal.append(vec![draft("a", 3, "3"), draft("refused", 3, "3")]).is_err());
    assert_eq!((count(&journal, "a"), count(&journal, "b")), (2, 1), "undone with the append");
    assert_eq!((journal.size(), journal.root()), (3, root));
    journal.check().unwrap();
    drop(journal);
    let journal = Journal::open(&path, vec![Box::new(ByKind(10))]).unwrap();
    assert_eq!((count(&journal, "a"), count(&journal, "b")), (20, 10));
}

#[test]
fn a_cause_lies_in_the_past() {
    let mut journal = Journal::in_memory().unwrap();
    let mut second = draft("b", 1, "2");
    second.cause = Some(0);
    journal.append(vec![draft("a", 1, "1"), second.clone()]).unwrap();
    second.cause = Some(2);
    assert!(matches!(journal.append(vec![second]), Err(Error::Invalid(_))));
    assert_eq!(journal.size(), 2);
}

#[test]
fn proofs_of_the_store_hold() {
    let mut journal = Journal::in_memory().unwrap();
    let mut roots = vec![journal.root()];
    for n in 0..30 {
        journal.append(vec![draft("a", n, n.to_string())]).unwrap();
        roots.push(journal.root());
    }
    for size in 1..=30 {
        let old = journal.consistency_proof(size, 30).unwrap();
        assert!(merkle::check_consistency(size, &roots[size as usize], 30, &roots[30], &old));
        let last = journal.inclusion_proof(size - 1, size).unwrap();
        let leaf = merkle::leaf_hash(&journal.record(size - 1).unwrap());
        assert!(merkle::check_inclusion(&leaf, size - 1, size, &last, &roots[size as usize]));
    }
    assert!(journal.inclusion_proof(30, 30).is_err());
    assert!(journal.inclusion_proof(0, 31).is_err());
}

#[test]
fn damage_to_the_file_is_seen() {
    for (what, sql) in [
        (
            "a changed byte",
            "DROP TRIGGER entry_keeps; UPDATE entry SET record = CAST(replace(CAST(record AS TEXT), 'two', 'TWO') AS BLOB) WHERE seq = 1",
        ),
        ("a removed entry", "DROP TRIGGER entry_stays; DELETE FROM entry WHERE seq = 1"),
        (
            "a truncated tail",
            "DROP TRIGGER entry_stays; DELETE FROM entry WHERE seq = 2; DELETE FROM node WHERE level = 0 AND idx = 2",
        ),
        ("a changed node", "UPDATE node SET hash = zeroblob(32) WHERE level = 0 AND idx = 0"),
        ("an added node", "INSERT INTO node VALUES (5, 0, zeroblob(32))"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let mut journal = Journal::open(&path, Vec::new()).unwrap();
        journal.append(["one", "two", "three"].map(|it| draft("a", 1, it)).to_vec()).unwrap();
        journal.checkpoint(&SigningKey::demonstration()).unwrap();
        drop(journal);
        let db = rusqlite::Connection::open(&path).unwrap();
        assert!(db.execute_batch("UPDATE entry SET kind = 'x'").is_err(), "append-only");
        assert!(db.execute_batch("DELETE FROM entry").is_err(), "append-only");
        db.execute_batch(sql).unwrap();
        drop(db);
        let seen = Journal::open(&path, Vec::new()).and_then(|it| it.check());
        assert!(matches!(seen, Err(Error::Damaged(_))), "{what}: {seen:?}");
    }
}

#[test]
fn a_file_of_another_program_or_a_newer_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(Journal::open(&other, Vec::new()), Err(Error::NotAJournal(_))));
    let newer = dir.path().join("newer.db");
    drop(Journal::open(&newer, Vec::new()).unwrap());
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Journal::open(&newer, Vec::new()), Err(Error::TooNew { found: 99, .. })));
}

#[test]
fn a_history_is_written_again_as_it_was_and_then_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    let batches = [vec![draft("a", 1, "1"), draft("a", 2, "2")], vec![draft("b", 3, "x".repeat(70_000))]];
    let write = |journal: &mut Journal, batches: &[Vec<_>]| -> Vec<u64> {
        batches.iter().map(|it| journal.append(it.clone()).unwrap()).collect()
    };
    let (first, root) = {
        let mut journal = Journal::open(&path, Vec::new()).unwrap();
        (write(&mut journal, &batches), journal.root())
    };
    let mut journal = Journal::open_again(&path, Vec::new()).unwrap();
    assert_eq!(journal.ahead(), 3);
    assert_eq!(write(&mut journal, &batches[..1]), first[..1]);
    assert_eq!((journal.ahead(), journal.size()), (1, 3));
    assert_eq!(write(&mut journal, &batches[1..]), first[1..]);
    assert_eq!((journal.ahead(), journal.root()), (0, root), "nothing was added");
    assert_eq!(journal.append(vec![draft("c", 4, "4")]).unwrap(), 3, "now it goes on");
    drop(journal);

    // A batch that is there in part is completed; one that is another is refused, and nothing is added.
    let mut journal = Journal::open_again(&path, Vec::new()).unwrap();
    let more = vec![draft("c", 4, "4"), draft("d", 5, "5")];
    write(&mut journal, &[batches[0].clone(), batches[1].clone(), more]);
    assert_eq!(journal.size(), 5);
    drop(journal);
    let mut journal = Journal::open_again(&path, Vec::new()).unwrap();
    let other = journal.append(vec![draft("a", 1, "1"), draft("a", 2, "another")]);
    assert!(matches!(other, Err(Error::Diverged { at: 1, .. })), "{other:?}");
    assert_eq!(journal.size(), 5);
    journal.check().unwrap();
}
