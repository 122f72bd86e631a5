//! The events and rules benchmarks run on: OTRF and SigmaHQ where `../shared/data` is there, generated events elsewhere.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bulkhead_detect::RuleFile;

/// The folder of public data.
pub fn root() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    std::env::var_os("BULKHEAD_DATA").map_or_else(|| Path::new(beside).to_path_buf(), PathBuf::from)
}

/// Every file below `folder` with one of `endings`, sorted.
pub fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|it| path.to_string_lossy().ends_with(it)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Host archives of OTRF; the `*_zeek_logs.zip` ones hold network logs.
pub fn archives() -> Vec<PathBuf> {
    let mut archives = files(&root().join("otrf"), &[".zip"]);
    archives.retain(|it| !it.to_string_lossy().contains("zeek"));
    archives
}

/// Calls `each` with every line of the JSON files in `archive`.
pub fn lines(archive: &Path, mut each: impl FnMut(&[u8])) -> Result<()> {
    let file = std::fs::File::open(archive).with_context(|| archive.display().to_string())?;
    let mut zip = zip::ZipArchive::new(file)?;
    for index in 0..zip.len() {
        let member = zip.by_index(index)?;
        if !member.name()?.ends_with(".json") {
            continue;
        }
        let mut reader = BufReader::with_capacity(1 << 20, member);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let text = line.trim_ascii();
            if !text.is_empty() {
                each(text);
            }
            line.clear();
        }
    }
    Ok(())
}

/// All events, one after the other, and where each begins and ends.
pub struct Events {
    /// The lines without their ends.
    pub text: Vec<u8>,
    /// Start and end of each.
    pub spans: Vec<(usize, usize)>,
    /// What they are.
    pub what: &'static str,
}

impl Events {
    /// The OTRF events, or generated ones.
    pub fn load() -> Result<Self> {
        let mut events = Self { text: Vec::new(), spans: Vec::new(), what: "OTRF host archives" };
        for archive in archives() {
            lines(&archive, |line| events.push(line))?;
        }
        if events.spans.is_empty() {
            events.what = "generated events (no ../shared/data)";
            for number in 0..50_000_u64 {
                events.push(generated(number).as_bytes());
            }
        }
        Ok(events)
    }

    fn push(&mut self, line: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(line);
        self.spans.push((start, self.text.len()));
    }

    /// Every event's bytes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.spans.iter().map(|(start, end)| &self.text[*start..*end])
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.spans.len()
    }
}

/// A Windows event of about the usual size; a fixed recipe, so runs compare.
fn generated(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let id = [1, 3, 7, 10, 10, 10, 11, 12, 13, 5156][(mixed >> 40) as usize % 10];
    let channel = if id == 5156 { "Security" } else { "Microsoft-Windows-Sysmon/Operational" };
    let image = ["svchost", "powershell", "cmd", "chrome", "lsass"][(mixed >> 50) as usize % 5];
    let filler = "Process Create:\\r\\nRuleName: -\\r\\n".repeat(40);
    format!(
        r#"{{"EventID":{id},"Channel":"{channel}","Hostname":"H{}.example","Image":"C:\\Windows\\System32\\{image}.exe","SourceImage":"C:\\Windows\\{image}.exe","TargetImage":"C:\\Windows\\System32\\svchost.exe","CommandLine":"{image}.exe -k {mixed:x}","GrantedAccess":"0x{:x}","TargetObject":"HKLM\\System\\{mixed:x}","Message":"{filler}","ProcessId":"{}","SourceName":"Microsoft-Windows-Sysmon","RecordNumber":{number}}}"#,
        mixed % 50,
        mixed & 0x1FFF,
        mixed % 9000,
    )
}

/// SigmaHQ's three folders of rules.
pub fn rules() -> Result<Vec<RuleFile>> {
    let sigma = root().join("sigma");
    let mut rules = Vec::new();
    for folder in ["rules", "rules-emerging-threats", "rules-threat-hunting"] {
        for path in files(&sigma.join(folder), &[".yml"]) {
            let name = path.strip_prefix(&sigma).unwrap_or(&path).display().to_string();
            rules.push(RuleFile { name, text: std::fs::read_to_string(&path)? });
        }
    }
    Ok(rules)
}
