//! The files of an import: folders walked, zip archives and gzip opened, one member after another, within bounds of size.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use bulkhead_import::{Importer, SourceFile};
use bulkhead_model::diag::Diagnostic;
use flate2::bufread::MultiGzDecoder;

use crate::failure::{Failure, Outcome};

/// Bytes that all members of one archive together may unpack to.
const UNPACKED_MAX: u64 = 2 << 30;

/// Bytes that are looked at to tell text from anything else.
const LOOK: u64 = 64 << 10;

/// Members of one archive that are read.
const MEMBERS_MAX: usize = 20_000;

/// How a zip archive and a gzip stream begin.
const ZIP: &[u8] = b"PK\x03\x04";
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Reads every file named and every file below a folder named, once, in the order of their names.
///
/// # Errors
/// When a path that was named is not there or cannot be read; what lies below a folder and cannot is told and left out.
pub fn read_all(paths: &[PathBuf], file_bytes: usize, importer: &mut Importer) -> Outcome {
    let mut found = Vec::new();
    for path in paths {
        walk(path, &mut found).map_err(|err| Failure::file("read", path, &err))?;
    }
    found.sort();
    found.dedup();
    let mut reader = Reader { importer, file_bytes: file_bytes as u64 };
    for path in &found {
        let name = path.display().to_string();
        match reader.file(&name, path) {
            Ok(()) => {}
            Err(err) if paths.contains(path) => return Err(Failure::file("read", path, &err)),
            Err(err) => reader.skipped(&name, "unreadable-file", format!("cannot be read: {err}")),
        }
    }
    Ok(())
}

/// Symbolic links are followed to files only, so that no loop can arise; what version control keeps is passed over.
fn walk(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        found.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if fs::symlink_metadata(&path)?.is_dir() {
            if path.file_name().is_none_or(|it| it != ".git") {
                walk(&path, found)?;
            }
        } else if fs::metadata(&path).is_ok_and(|it| it.is_file()) {
            found.push(path);
        }
    }
    Ok(())
}

/// Appends all of `input` to `bytes`; of what is no text only the start, which suffices to say that it is none.
fn text_of(mut input: impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    Read::take(&mut input, LOOK).read_to_end(bytes)?;
    if !is_binary(bytes) {
        input.read_to_end(bytes)?;
    }
    Ok(())
}

/// Whether NULs stand where neither UTF-8 nor UTF-16 has them: an image of a disk, a file of zeros, a device.
fn is_binary(start: &[u8]) -> bool {
    let nul_at = |parity: usize| start.iter().skip(parity).step_by(2).any(|it| *it == 0);
    let is_utf16 = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    !is_utf16 && nul_at(0) && nul_at(1)
}

/// Hands files on, one at a time.
struct Reader<'i> {
    importer: &'i mut Importer,
    file_bytes: u64,
}

impl Reader<'_> {
    fn file(&mut self, name: &str, path: &Path) -> io::Result<()> {
        let mut file = BufReader::new(File::open(path)?);
        let mut start = Vec::new();
        Read::take(&mut file, 4).read_to_end(&mut start)?;
        if start == ZIP && file.rewind().is_ok() {
            self.archive(name, file);
            return Ok(());
        }
        let bytes = self.unpacked(name, io::Cursor::new(start).chain(file))?;
        self.importer.add(&SourceFile { name: name.to_owned(), bytes });
        Ok(())
    }

    /// The bytes of a file, out of gzip if it is packed so. One byte more than is taken at most is read, so that the
    /// import can tell that the file is too large.
    fn unpacked(&mut self, name: &str, input: impl Read) -> io::Result<Vec<u8>> {
        let mut input = BufReader::new(input);
        let packed = io::BufRead::fill_buf(&mut input)?.starts_with(GZIP);
        let mut bytes = Vec::new();
        if !packed {
            text_of(input.take(self.file_bytes + 1), &mut bytes)?;
            return Ok(bytes);
        }
        let read = text_of(MultiGzDecoder::new(input).take(self.file_bytes + 1), &mut bytes);
        if let Err(err) = read {
            if bytes.is_empty() {
                return Err(err);
            }
            let why = format!("the packed file ends early ({err}); what came before is read");
            self.importer.told(fault("incomplete-archive", name, why));
        }
        Ok(bytes)
    }

    /// The members of a zip archive, in the order of their names.
    fn archive<R: Read + Seek>(&mut self, name: &str, input: R) {
        let mut archive = match zip::ZipArchive::new(input) {
            Ok(archive) => archive,
            Err(err) => {
                let why = format!("the archive's directory cannot be read: {err}");
                self.skipped(name, "incomplete-archive", why);
                return;
            }
        };
        let mut members: Vec<(String, usize)> = (0..archive.len())
            .filter_map(|n| Some((archive.name_for_index(n)?.ok()?.into_owned(), n)))
            .filter(|it| !it.0.ends_with('/'))
            .collect();
        members.sort();
        if members.is_empty() {
            self.skipped(name, "empty-file", "the archive holds no file".to_owned());
        }
        if members.len() > MEMBERS_MAX {
            let why = format!("{} members, of which the first {MEMBERS_MAX} are read", members.len());
            self.importer.told(fault("archive-too-large", name, why));
        }
        let mut unpacked = 0_u64;
        for (member, n) in members.into_iter().take(MEMBERS_MAX) {
            let full = format!("{name}!{member}");
            if unpacked >= UNPACKED_MAX {
                let why =
                    format!("the archive unpacks to more than {UNPACKED_MAX} bytes; not read from here on");
                self.skipped(&full, "archive-too-large", why);
                return;
            }
            let read = match archive.by_index(n) {
                Ok(input) => self.unpacked(&full, input.take(UNPACKED_MAX - unpacked)),
                Err(err) => Err(io::Error::other(err)),
            };
            match read {
                Ok(bytes) => {
                    unpacked += bytes.len() as u64;
                    self.importer.add(&SourceFile { name: full, bytes });
                }
                Err(err) => self.skipped(&full, "unreadable-member", format!("cannot be read: {err}")),
            }
        }
    }

    fn skipped(&mut self, name: &str, code: &'static str, why: String) {
        self.importer.skipped(name, fault(code, name, why));
    }
}

fn fault(code: &'static str, name: &str, why: String) -> Diagnostic {
    Diagnostic::warning(code, name, None, why)
        .hint("the rest was read; export or unpack it again if it should count")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use bulkhead_import::{Bounds, Options};

    use super::*;

    #[test]
    fn what_unpacks_to_more_than_is_read_is_told_and_not_held() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("bomb.zip");
        let mut zip = zip::ZipWriter::new(File::create(&path).expect("a file"));
        zip.start_file("zeroes.json", zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all(&vec![b'0'; 1 << 20]).expect("a member");
        zip.finish().expect("an archive");
        let bounds = Bounds { file_bytes: 1000, ..Bounds::default() };
        let mut importer = Importer::new(Options { bounds, ..Options::default() });
        read_all(&[path], 1000, &mut importer).expect("a readable archive");
        let imported = importer.finish(None);
        let told: Vec<&str> = imported.diagnostics.iter().map(|it| it.code).collect();
        assert_eq!(told, ["file-too-large"]);
    }
}
