//! nmap's XML (`-oX`): hosts that are up, with their addresses, names, systems and the services they listen on.

use bulkhead_model::diag::Pos;
use bulkhead_model::estate::{AssetKind, Port};

use crate::facts::{Host, Intake};
use crate::names;
use crate::roles;
use crate::xml::{Element, Tag, Tags};

/// How sure nmap must be of an operating system, in percent.
const ACCURACY_MIN: u32 = 85;

/// Reads every `<host>`.
pub(crate) fn read(text: &str, intake: &mut Intake<'_>) {
    let mut tags = Tags::new(text);
    let mut scan: Option<Scanned> = None;
    let mut complete = false;
    while let Some((line, tag)) = tags.next() {
        match tag {
            Tag::Open(it) if it.name == "host" => scan = Some(Scanned::new(Host::new(intake.origin(line)))),
            Tag::Open(it) => {
                if let Some(scan) = &mut scan
                    && let Err(why) = scan.element(&it)
                {
                    intake.malformed(Some(Pos { line, column: 1 }), why);
                }
            }
            Tag::Close(name) if name == "host" => {
                if let Some(scan) = scan.take() {
                    intake.report.records += 1;
                    scan.finish(intake);
                }
            }
            Tag::Close(name) => {
                complete |= name == "nmaprun";
                if let Some(scan) = &mut scan {
                    scan.closed(&name);
                }
            }
            Tag::Fault(why) => intake.malformed(Some(Pos { line, column: 1 }), why),
            Tag::Cut => intake.malformed(Some(Pos { line, column: 1 }), "the file ends within a tag"),
        }
    }
    if let Some(scan) = scan {
        let pos = Pos { line: scan.host.origin.line, column: 1 };
        intake.report.records += 1;
        intake.malformed(Some(pos), "the file ends within this host");
    }
    if !complete {
        // nmap writes its last tag when the scan ends; hosts finished by then are sound.
        intake.left_out("the scan was broken off: what it had not reached is not known");
    }
}

/// A host under way.
struct Scanned {
    host: Host,
    /// As its status says; scanners that tell of hosts with open ports alone write none.
    up: Option<bool>,
    /// Whether it was scanned by an address that is no host's own.
    nowhere: bool,
    /// The port whose state and service come next.
    port: Option<Port>,
    open: bool,
    service: Option<String>,
    /// The best guess of the operating system so far: accuracy, family, kind.
    os: Option<(u32, Option<&'static str>, Option<AssetKind>)>,
}

impl Scanned {
    fn new(host: Host) -> Self {
        Self { host, up: None, nowhere: false, port: None, open: false, service: None, os: None }
    }

    fn element(&mut self, it: &Element) -> Result<(), String> {
        let get = |name: &str| it.get(name).unwrap_or_default();
        match it.name.as_str() {
            "status" => self.up = Some(get("state") == "up"),
            "address" if get("addrtype") == "mac" => self.host.macs.extend(names::mac(get("addr"))),
            "address" => {
                let address =
                    names::address(get("addr")).ok_or_else(|| format!("`{}` is no address", get("addr")))?;
                self.nowhere |= !names::is_host_address(address);
                self.host.addresses.extend(Some(address).filter(|it| names::is_host_address(*it)));
            }
            "hostname" => self.host.names.extend(names::hostname(get("name"))),
            "port" => {
                let text = format!("{}/{}", get("protocol"), get("portid"));
                // SCTP and IP protocol scans say nothing that the estate can hold.
                let known = matches!(get("protocol"), "tcp" | "udp");
                self.port = match text.parse() {
                    Ok(port) => Some(port),
                    Err(_) if !known => None,
                    Err(fault) => return Err(format!("{fault}")),
                };
                (self.open, self.service) = (false, None);
            }
            "state" => self.open = get("state") == "open",
            "service" => {
                let tunnelled = it.get("tunnel") == Some("ssl") && get("name") == "http";
                self.service = Some(if tunnelled { "https" } else { get("name") }.to_owned());
                if self.open && self.os.is_none() && !get("ostype").is_empty() {
                    self.guess(0, get("ostype"), None);
                }
            }
            "osmatch" | "osclass" => {
                let accuracy = get("accuracy").parse().unwrap_or(0);
                if accuracy >= ACCURACY_MIN {
                    let name = [get("name"), get("osfamily"), get("osgen")].join(" ");
                    self.guess(accuracy, &name, kind_of(get("type"), &name));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Keeps the surer guess; of equally sure ones the first, and what it leaves open from the next.
    fn guess(&mut self, accuracy: u32, name: &str, kind: Option<AssetKind>) {
        let family = names::os_family(name);
        self.os = Some(match self.os {
            Some((sure, old, old_kind)) if sure >= accuracy => (sure, old.or(family), old_kind.or(kind)),
            _ => (accuracy, family, kind),
        });
    }

    fn closed(&mut self, name: &str) {
        if name != "port" {
            return;
        }
        if let (Some(port), true) = (self.port.take(), self.open) {
            self.host.listening.insert(port);
            self.host.roles.extend(roles::of_port(self.service.as_deref(), port).map(str::to_owned));
        }
        self.open = false;
    }

    fn finish(mut self, intake: &mut Intake<'_>) {
        if !self.up.unwrap_or(!self.host.listening.is_empty()) {
            intake.left_out("hosts that did not answer the scan");
            return;
        }
        if self.host.addresses.is_empty() && self.nowhere {
            intake.left_out(
                "hosts scanned by a loopback or link-local address, which does not tell who they are",
            );
            return;
        }
        if self.host.addresses.is_empty() {
            let line = self.host.origin.line;
            intake.malformed(Some(Pos { line, column: 1 }), "the host has no address");
            return;
        }
        if let Some((_, family, kind)) = self.os {
            self.host.os = family.map(str::to_owned);
            self.host.kind = kind;
        }
        let listens = |port: u16| self.host.listening.contains(&Port::tcp(port));
        if listens(88) && (listens(389) || listens(636)) {
            self.host.kind = Some(AssetKind::IdentityProvider);
        }
        intake.host(self.host);
    }
}

/// What a device type of nmap's database (`nmap-os-db`) and the system's name say of the kind.
fn kind_of(device: &str, name: &str) -> Option<AssetKind> {
    let name = name.to_lowercase();
    let old = ["windows 7", "windows 8", "windows 10", "windows 11", "windows xp", "windows vista"];
    match device {
        "router" | "switch" | "firewall" | "WAP" | "broadband router" | "bridge" | "hub"
        | "load balancer" => Some(AssetKind::NetworkDevice),
        "hypervisor" => Some(AssetKind::Hypervisor),
        "printer" | "print server" | "storage-misc" | "power-device" | "VoIP phone" | "VoIP adapter"
        | "webcam" | "media device" | "remote management" | "security-misc" | "specialized" => {
            Some(AssetKind::Appliance)
        }
        _ if name.contains("server") => Some(AssetKind::Server),
        _ if old.iter().any(|it| name.contains(it)) => Some(AssetKind::Workstation),
        _ => None,
    }
}
