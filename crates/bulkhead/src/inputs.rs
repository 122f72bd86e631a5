//! What a run rests on beside its command line: the instant, and the texts it reads. Noted while `respond` and `drill`
//! run, so that `case resume` can run them again on the same, whatever became of the files meanwhile.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was read so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// The machine's clock when the run began.
    pub at: Option<Timestamp>,
    /// Files of text, by path as it was named.
    pub texts: BTreeMap<String, String>,
    /// Entries of folders, by path as it was named.
    pub folders: BTreeMap<String, Vec<PathBuf>>,
}

/// Nothing is noted until [`watch`] or [`give_again`] is called.
static NOTED: Mutex<Option<Inputs>> = Mutex::new(None);

/// Notes what is read from here on.
pub fn watch() {
    with(|noted| *noted = Some(noted.take().unwrap_or_default()));
}

/// Gives what was noted to a run that is made again.
pub fn give_again(inputs: Inputs) {
    with(|noted| *noted = Some(inputs));
}

/// Everything noted.
pub fn noted() -> Inputs {
    with(|noted| noted.clone().unwrap_or_default())
}

/// Now, which for one run is always the same instant.
pub fn now() -> Timestamp {
    with(|noted| match noted {
        Some(noted) => *noted.at.get_or_insert_with(Timestamp::now),
        None => Timestamp::now(),
    })
}

/// The bytes of a file that holds text.
///
/// # Errors
/// When it cannot be read.
pub fn text(path: &Path) -> io::Result<Vec<u8>> {
    // Thousands of rules are read where nothing is noted: then nobody asks for the name.
    if !with(|noted| noted.is_some()) {
        return read(path);
    }
    let name = path.display().to_string();
    if let Some(text) = with(|noted| noted.as_ref().and_then(|it| it.texts.get(&name).cloned())) {
        return Ok(text.into_bytes());
    }
    let bytes = read(path)?;
    // What is no text is refused by whoever asked for it.
    if let Ok(text) = std::str::from_utf8(&bytes) {
        with(|noted| noted.as_mut().map(|it| it.texts.insert(name, text.to_owned())));
    }
    Ok(bytes)
}

/// What a device or pipe may hold, in bytes: they have no end of their own.
const ENDLESS_MAX: u64 = 64 << 20;

/// The bytes of a file; of one without an end of its own, such as a device or a pipe, only so many.
///
/// # Errors
/// When it cannot be read, or goes on for longer than that.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut file = std::fs::File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        return whole(&mut file, metadata.len());
    }
    let mut bytes = Vec::new();
    file.by_ref().take(ENDLESS_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > ENDLESS_MAX {
        let what = format!("it is no plain file and holds more than {} MiB", ENDLESS_MAX >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// All of a plain file of `length` bytes. Thousands of rules are small files: one read that comes back short is their end, and
/// nobody is asked again for what is known.
fn whole(file: &mut std::fs::File, length: u64) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; length + 1];
    let mut n = 0;
    while n < bytes.len() {
        match file.read(&mut bytes[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
        if n == length && length > 0 {
            break;
        }
    }
    bytes.truncate(n);
    // It grew meanwhile, or says nothing of its length (`/proc`).
    if n != length || length == 0 {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The entries of a folder in the order of their names; none when it is a file.
///
/// # Errors
/// When it cannot be listed.
pub fn folder(path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    Ok(listing(path)?.map(|entries| entries.into_iter().map(|it| it.path).collect()))
}

/// An entry of a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its path.
    pub path: PathBuf,
    /// Whether the folder itself says that it is a file: thousands of rules need not be asked for one by one.
    pub is_file: bool,
}

/// As [`folder`], with what the folder says of its entries.
///
/// # Errors
/// When it cannot be listed.
pub fn listing(path: &Path) -> io::Result<Option<Vec<Entry>>> {
    let name = path.display().to_string();
    let known = with(|noted| {
        let noted = noted.as_ref()?;
        let file = noted.texts.contains_key(&name).then_some(None);
        let unasked = |it: &PathBuf| Entry { path: it.clone(), is_file: false };
        file.or_else(|| noted.folders.get(&name).map(|it| Some(it.iter().map(unasked).collect())))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(None);
    }
    let entry = |it: io::Result<std::fs::DirEntry>| {
        let it = it?;
        Ok(Entry { path: it.path(), is_file: it.file_type().is_ok_and(|it| it.is_file()) })
    };
    let mut entries = std::fs::read_dir(path)?.map(entry).collect::<io::Result<Vec<_>>>()?;
    // All lie in the same folder, so their paths differ in the names only.
    entries.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    let paths = || entries.iter().map(|it| it.path.clone()).collect();
    with(|noted| noted.as_mut().map(|it| it.folders.insert(name, paths())));
    Ok(Some(entries))
}

/// Whether there is such a file.
pub fn is_file(path: &Path) -> bool {
    let name = path.display().to_string();
    with(|noted| noted.as_ref().is_some_and(|it| it.texts.contains_key(&name))) || path.is_file()
}

fn with<T>(act: impl FnOnce(&mut Option<Inputs>) -> T) -> T {
    act(&mut NOTED.lock().unwrap_or_else(PoisonError::into_inner))
}
