//! Walking, hashing and writing the files of a case directory without trusting any name in it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::verify::Fault;

/// Everything below a directory, paths relative to it with `/` between names, sorted.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub files: Vec<String>,
    pub dirs: Vec<String>,
    /// What is neither a plain file nor a plain directory, or has a name nobody may use.
    pub faults: Vec<Fault>,
}

/// Lists `root` without following any link below it.
pub(crate) fn walk(root: &Path) -> Result<Walk> {
    let mut found = Walk::default();
    let mut pending = vec![String::new()];
    while let Some(dir) = pending.pop() {
        let path = root.join(&dir);
        for item in fs::read_dir(&path).map_err(Error::io("list", &path))? {
            let item = item.map_err(Error::io("list", &path))?;
            let kind = item.file_type().map_err(Error::io("inspect", &item.path()))?;
            let Some(name) = item.file_name().to_str().filter(|it| plain_name(it)).map(str::to_owned) else {
                let shown = item.path().display().to_string();
                found.faults.push(Fault::new("name", shown, "its name is not one a case may hold"));
                continue;
            };
            let name = if dir.is_empty() { name } else { format!("{dir}/{name}") };
            if kind.is_dir() {
                pending.push(name.clone());
                found.dirs.push(name);
            } else if kind.is_file() {
                found.files.push(name);
            } else if kind.is_symlink() {
                found.faults.push(Fault::new("link", name, "a symbolic link; a case holds plain files only"));
            } else {
                found.faults.push(Fault::new("special", name, "not a plain file"));
            }
        }
    }
    found.files.sort();
    found.dirs.sort();
    Ok(found)
}

/// Whether `path` is relative, with `/` between plain names: cannot lead out of the directory.
pub(crate) fn plain_path(path: &str) -> bool {
    path.split('/').all(plain_name)
}

fn plain_name(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control())
}

/// SHA-256 and length of a file, read in pieces.
pub(crate) fn digest(path: &Path) -> Result<(String, u64)> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut sink = HashingWriter { inner: io::sink(), hash: Sha256::new(), bytes: 0 };
    copy(file, &mut sink).map_err(Error::io("read", path))?;
    let (_, sha256, bytes) = sink.finish();
    Ok((sha256, bytes))
}

/// Copies all of `from`, 64 KiB at a time.
pub(crate) fn copy(mut from: impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => to.write_all(&buffer[..n])?,
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault),
        }
    }
}

/// Hashes what passes through it.
pub(crate) struct HashingWriter<W> {
    pub inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W> HashingWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    /// What was written to, digest in hexadecimal, and number of bytes.
    pub(crate) fn finish(self) -> (W, String, u64) {
        (self.inner, hex::encode(self.hash.finalize()), self.bytes)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes a file and its directories, to the disk.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    bulkhead_files::tree::put(path, bytes)?;
    Ok(bulkhead_files::tree::sync(path)?)
}

/// Makes the directory's own entries durable.
pub(crate) fn sync_dir(path: &Path) -> Result<()> {
    Ok(bulkhead_files::tree::sync(path)?)
}

/// A file's bytes, or an error when it is longer than `limit`.
pub(crate) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(Error::damaged(format!("{}: longer than {limit} bytes", path.display())));
    }
    Ok(bytes)
}

/// `root` with a checked relative path below it.
pub(crate) fn under(root: &Path, path: &str) -> PathBuf {
    debug_assert!(plain_path(path));
    root.join(path)
}
