//! The journal while it runs: SQLite, one writer, append and projections in one transaction.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, params};

use crate::error::{Error, Result};
use crate::merkle::{self, Frontier, Hash};
use crate::note::{Checkpoint, SigningKey};
use crate::record::{self, Draft, Encoded, Entry};
use crate::schema;

/// A table computed from the entries, kept in the same file and in the same transaction as they are.
pub trait Projection: Send {
    /// Name, unique in the file.
    fn name(&self) -> &str;

    /// Version of its code; when it differs from the stored one, the projection is computed anew.
    fn version(&self) -> u32;

    /// Drops what there is and makes its tables empty.
    ///
    /// # Errors
    /// When the database refuses.
    fn reset(&self, tx: &Transaction<'_>) -> rusqlite::Result<()>;

    /// Takes one entry in.
    ///
    /// # Errors
    /// When the database refuses; the append is then undone with it.
    fn apply(&self, tx: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()>;
}

/// Called before each write, with its name; the crash test ends the process there.
pub(crate) type BeforeWrite = Box<dyn FnMut(&'static str) + Send>;

/// The journal. Appends are durable when [`Journal::append`] returns.
pub struct Journal {
    db: Connection,
    path: PathBuf,
    tree: Frontier,
    projections: Vec<Box<dyn Projection>>,
    /// Held while writing; the operating system lets go of it when the process ends, however it ends.
    lock: Option<File>,
    /// While a history is written again: the position of the next entry, which must be the one that is there.
    again: Option<u64>,
    before_write: Option<BeforeWrite>,
}

impl Journal {
    /// Opens the journal file at `path` for writing, made when absent; `<path>.lock` beside it keeps other writers out.
    ///
    /// # Errors
    /// When another process writes it, a newer program wrote it, it is no journal, or it is damaged.
    pub fn open(path: &Path, projections: Vec<Box<dyn Projection>>) -> Result<Self> {
        let lock = take_lock(path)?;
        let db = Connection::open(path)?;
        // A decision must be on the disk before anything acts on it.
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        Self::with(db, path, projections, Some(lock))
    }

    /// Opens the journal file at `path` for its history to be written again from the first entry: every entry appended
    /// must be the one that is there, until all are; then it goes on as ever. So a computation that was interrupted is
    /// carried on by being made again, and what is recorded twice is proven to be the same.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_again(path: &Path, projections: Vec<Box<dyn Projection>>) -> Result<Self> {
        let mut journal = Self::open(path, projections)?;
        journal.again = (journal.size() > 0).then_some(0);
        Ok(journal)
    }

    /// Entries that are there and were not written again yet.
    pub fn ahead(&self) -> u64 {
        self.again.map_or(0, |it| self.size() - it)
    }

    /// A journal that lives in memory only.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn in_memory() -> Result<Self> {
        Self::with(Connection::open_in_memory()?, Path::new(":memory:"), Vec::new(), None)
    }

    /// Opens the journal file at `path` for reading, beside a writer if there is one. Appends fail.
    ///
    /// # Errors
    /// As [`Journal::open`], save the lock.
    pub fn open_read_only(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        schema::check(&db, path)?;
        let tree = load_tree(&db)?;
        Ok(Self {
            db,
            path: path.to_owned(),
            tree,
            projections: Vec::new(),
            lock: None,
            again: None,
            before_write: None,
        })
    }

    fn with(
        mut db: Connection,
        path: &Path,
        projections: Vec<Box<dyn Projection>>,
        lock: Option<File>,
    ) -> Result<Self> {
        schema::migrate(&mut db, path)?;
        let tree = load_tree(&db)?;
        let mut journal =
            Self { db, path: path.to_owned(), tree, projections, lock, again: None, before_write: None };
        journal.catch_up()?;
        Ok(journal)
    }

    /// Ends up in the crash test only.
    #[doc(hidden)]
    pub fn set_before_write(&mut self, hook: impl FnMut(&'static str) + Send + 'static) {
        self.before_write = Some(Box::new(hook));
    }

    /// Tells the crash test that the named write comes next.
    pub(crate) fn reached(&mut self, name: &'static str) {
        if let Some(hook) = &mut self.before_write {
            hook(name);
        }
    }

    pub(crate) fn take_hook(&mut self) -> Option<BeforeWrite> {
        self.before_write.take()
    }

    pub(crate) fn give_hook(&mut self, hook: Option<BeforeWrite>) {
        self.before_write = hook;
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Root of the tree over all entries.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Appends `drafts` in order, all or none, with the projections; returns the position of the first.
    ///
    /// # Errors
    /// When the database refuses, a cause lies in the future, or the journal is open for reading only.
    pub fn append(&mut self, drafts: Vec<Draft>) -> Result<u64> {
        let first = self.again.unwrap_or(self.size());
        let drafts = self.compare(drafts)?;
        if drafts.is_empty() {
            return Ok(first);
        }
        let mut tree = self.tree.clone();
        let mut hook = self.before_write.take();
        let done = self.write(drafts, &mut tree, &mut |name| {
            if let Some(hook) = &mut hook {
                hook(name);
            }
        });
        self.before_write = hook;
        done?;
        self.tree = tree;
        Ok(first)
    }

    /// Those of `drafts` that are not in the journal yet, where a history is written again.
    fn compare(&mut self, drafts: Vec<Draft>) -> Result<Vec<Draft>> {
        let Some(mut at) = self.again else { return Ok(drafts) };
        let mut drafts = drafts.into_iter();
        while at < self.size() {
            let Some(draft) = drafts.next() else {
                self.again = Some(at);
                return Ok(Vec::new());
            };
            let kind = draft.kind.clone();
            let was = self.entry(at)?;
            if self.record(at)? != draft.encode(at)?.record {
                let was = was.map(|it| it.kind).unwrap_or_default();
                return Err(Error::Diverged { at, was, is: kind });
            }
            at += 1;
        }
        self.again = None;
        Ok(drafts.collect())
    }

    fn write(
        &mut self,
        drafts: Vec<Draft>,
        tree: &mut Frontier,
        before: &mut dyn FnMut(&'static str),
    ) -> Result<()> {
        before("begin");
        let tx = self.db.transaction()?;
        for draft in drafts {
            let seq = tree.size();
            let kind = draft.kind.clone();
            let Encoded { record, detached: body } = draft.encode(seq)?;
            before("entry");
            tx.prepare_cached("INSERT INTO entry (seq, kind, record, body) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![seq, kind, record, body])?;
            for (level, index, hash) in tree.push(merkle::leaf_hash(&record)) {
                before("node");
                tx.prepare_cached("INSERT INTO node (level, idx, hash) VALUES (?1, ?2, ?3)")?
                    .execute(params![level, index, hash])?;
            }
            let entry = record::decode(&record, body)?;
            for projection in &self.projections {
                before("projection");
                projection.apply(&tx, &entry)?;
            }
        }
        for projection in &self.projections {
            before("projection position");
            set_position(&tx, projection.as_ref(), tree.size())?;
        }
        before("commit");
        tx.commit()?;
        before("committed");
        Ok(())
    }

    /// Appends entries that were encoded before, as they are: (kind, record, body beside it).
    pub(crate) fn append_raw(&mut self, entries: Vec<(String, Vec<u8>, Option<Vec<u8>>)>) -> Result<()> {
        let tx = self.db.transaction()?;
        for (kind, record, body) in entries {
            let seq = self.tree.size();
            tx.prepare_cached("INSERT INTO entry (seq, kind, record, body) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![seq, kind, record, body])?;
            for (level, index, hash) in self.tree.push(merkle::leaf_hash(&record)) {
                tx.prepare_cached("INSERT INTO node (level, idx, hash) VALUES (?1, ?2, ?3)")?
                    .execute(params![level, index, hash])?;
            }
        }
        Ok(tx.commit()?)
    }

    /// The entry at `seq`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn entry(&self, seq: u64) -> Result<Option<Entry>> {
        let row = self
            .db
            .prepare_cached("SELECT record, body FROM entry WHERE seq = ?1")?
            .query_row([seq], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(record, body)| record::decode(&record, body)).transpose()
    }

    /// The stored bytes of the entry at `seq`: what its leaf is the hash of.
    ///
    /// # Errors
    /// When there is no such entry.
    pub fn record(&self, seq: u64) -> Result<Vec<u8>> {
        Ok(self.db.query_row("SELECT record FROM entry WHERE seq = ?1", [seq], |row| row.get(0))?)
    }

    /// Calls `each` with every entry from `seq` on, in order; one entry is in memory at a time.
    ///
    /// # Errors
    /// When an entry cannot be read, or whatever `each` returns.
    pub fn for_each_from(&self, seq: u64, mut each: impl FnMut(Entry) -> Result<()>) -> Result<()> {
        self.records_from(seq, |record, body| each(record::decode(record, body)?))
    }

    /// Every entry, in order.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let mut all = Vec::new();
        self.for_each_from(0, |entry| {
            all.push(entry);
            Ok(())
        })?;
        Ok(all)
    }

    pub(crate) fn records_from(
        &self,
        seq: u64,
        mut each: impl FnMut(&[u8], Option<Vec<u8>>) -> Result<()>,
    ) -> Result<()> {
        let mut query =
            self.db.prepare_cached("SELECT record, body FROM entry WHERE seq >= ?1 ORDER BY seq")?;
        let mut rows = query.query([seq])?;
        while let Some(row) = rows.next()? {
            each(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?, row.get(1)?)?;
        }
        Ok(())
    }

    /// Inclusion proof of the entry at `seq` in the tree of the first `size` entries.
    ///
    /// # Errors
    /// When there are no such entries.
    pub fn inclusion_proof(&self, seq: u64, size: u64) -> Result<Vec<Hash>> {
        if seq >= size || size > self.size() {
            return Err(Error::Invalid(format!(
                "there is no entry {seq} among the first {size} of {}",
                self.size()
            )));
        }
        merkle::inclusion_proof(seq, size, &mut |level, index| node(&self.db, level, index))
    }

    /// Consistency proof between the trees of the first `old` and the first `new` entries.
    ///
    /// # Errors
    /// When there are no such entries.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>> {
        if old == 0 || old > new || new > self.size() {
            return Err(Error::Invalid(format!(
                "no consistency from {old} to {new} among {} entries",
                self.size()
            )));
        }
        merkle::consistency_proof(old, new, &mut |level, index| node(&self.db, level, index))
    }

    /// Signs the tree as it stands and keeps the note; hand it to somebody outside, or the tail can be rewritten.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn checkpoint(&mut self, key: &SigningKey) -> Result<String> {
        let note = sign_head(key, self, None)?;
        self.db.execute(
            "INSERT OR REPLACE INTO checkpoint (size, note) VALUES (?1, ?2)",
            params![self.size(), note],
        )?;
        Ok(note)
    }

    /// Recomputes every hash from the stored bytes and compares it with the stored tree.
    ///
    /// # Errors
    /// When they differ, an entry is missing, or a kept checkpoint is not of this tree.
    pub fn check(&self) -> Result<()> {
        let mut tree = Frontier::default();
        let mut nodes = 0_u64;
        self.records_from(0, |record, body| {
            let entry = record::decode(record, body)?;
            if entry.seq != tree.size() {
                return Err(Error::damaged(format!(
                    "entry {} stands at position {}",
                    entry.seq,
                    tree.size()
                )));
            }
            for (level, index, hash) in tree.push(merkle::leaf_hash(record)) {
                nodes += 1;
                if node(&self.db, level, index)? != hash {
                    return Err(Error::damaged(format!(
                        "entry {} is not the one that was recorded",
                        entry.seq
                    )));
                }
            }
            Ok(())
        })?;
        let stored: u64 = self.db.query_row("SELECT count(*) FROM node", [], |row| row.get(0))?;
        if stored != nodes || tree != self.tree {
            return Err(Error::damaged(format!("{} entries do not make the stored tree", tree.size())));
        }
        self.check_kept()
    }

    fn check_kept(&self) -> Result<()> {
        let mut query = self.db.prepare("SELECT size, note FROM checkpoint ORDER BY size")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (size, note): (u64, String) = (row.get(0)?, row.get(1)?);
            let text = note.rfind("\n\n").map_or("", |at| &note[..=at]);
            let root = merkle::range_root(0, size, &mut |level, index| node(&self.db, level, index))?;
            if Checkpoint::parse(text)?.root != root {
                return Err(Error::damaged(format!(
                    "the checkpoint kept at {size} entries is of another tree"
                )));
            }
        }
        Ok(())
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `read` on the database, for projections' own queries.
    ///
    /// # Errors
    /// Whatever `read` returns.
    pub fn query<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        Ok(read(&self.db)?)
    }

    /// Whether appends are possible from here.
    pub fn is_writer(&self) -> bool {
        self.lock.is_some() || self.path.as_os_str() == ":memory:"
    }

    /// Brings projections up to the last entry; one whose code changed is computed anew.
    fn catch_up(&mut self) -> Result<()> {
        let size = self.tree.size();
        for projection in &self.projections {
            let stored: Option<(u32, u64)> = self
                .db
                .query_row(
                    "SELECT version, size FROM projection WHERE name = ?1",
                    [projection.name()],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            if stored == Some((projection.version(), size)) {
                continue;
            }
            let tx = self.db.unchecked_transaction()?;
            projection.reset(&tx)?;
            self.for_each_from(0, |entry| Ok(projection.apply(&tx, &entry)?))?;
            set_position(&tx, projection.as_ref(), size)?;
            tx.commit()?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("path", &self.path)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

/// A signed tree head.
pub(crate) fn sign_head(key: &SigningKey, of: &Journal, manifest: Option<Hash>) -> Result<String> {
    let origin = key.public().name().to_owned();
    let (size, root) = (of.size(), of.root());
    let first = if size > 0 { Some(node(&of.db, 0, 0)?) } else { None };
    Ok(key.sign(&Checkpoint { origin, size, root, manifest, first }.to_string()))
}

fn take_lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    bulkhead_files::lock(&name).map_err(|err| match err {
        bulkhead_files::Error::Busy(_) => Error::Locked(path.to_owned()),
        other => Error::File(other),
    })
}

/// The right edge of the stored tree, checked against the number of entries.
fn load_tree(db: &Connection) -> Result<Frontier> {
    let (entries, last): (u64, Option<u64>) =
        db.query_row("SELECT count(*), max(seq) FROM entry", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let leaves: u64 = db.query_row("SELECT count(*) FROM node WHERE level = 0", [], |row| row.get(0))?;
    if last.map_or(0, |it| it + 1) != entries || leaves != entries {
        return Err(Error::damaged(format!("{entries} entries with {leaves} leaves, the last at {last:?}")));
    }
    Frontier::load(entries, &mut |level, index| node(db, level, index))
}

fn node(db: &Connection, level: u8, index: u64) -> Result<Hash> {
    let hash = db
        .prepare_cached("SELECT hash FROM node WHERE level = ?1 AND idx = ?2")?
        .query_row(params![level, index], |row| row.get(0))
        .optional()?;
    hash.ok_or_else(|| Error::damaged(format!("the tree has no node {index} at level {level}")))
}

fn set_position(tx: &Transaction<'_>, projection: &dyn Projection, size: u64) -> rusqlite::Result<usize> {
    tx.execute(
        "INSERT OR REPLACE INTO projection (name, version, size) VALUES (?1, ?2, ?3)",
        params![projection.name(), projection.version(), size],
    )
}
