//! Realistic estates of any size from a seed: for measuring, and for whoever wants to try the planner at their scale.
//!
//! A generated operator has flat office sites, customer platforms (web, application, database, batch), shared
//! directories, bastions, backup and a warehouse, with a service per platform: redundant web servers (k of n), a degraded
//! mode, a shared sign-on, and the flows between the tiers. Hosts of a role differ: in how critical they are (three classes
//! of value), in their system, and one in twenty has a known weakness on the port it answers. Addresses are private;
//! names tell zone and role.

use std::net::{IpAddr, Ipv4Addr};

use bulkhead_model::case::Localized;
use bulkhead_model::estate::{
    Asset, AssetKind, AtLeast, Capability, Customers, Degraded, EnforcementPoint, Estate, EstateInfo, Flow,
    Identity, IdentityKind, LegalProfile, ManagementChannel, Movement, OperatingCosts, PointKind, Port,
    Protocol, Requirement, Right, Selector, Service, Zone,
};
use bulkhead_model::id::AssetId;
use bulkhead_model::span::Span;

/// An estate of about `assets` assets (at least 60), the same for the same seed. It declares nothing outside.
pub fn estate(assets: usize, seed: u64) -> Estate {
    of(assets, seed, false)
}

/// As [`estate`], with what lies outside and how it is talked to: the Internet, a partner and remote workers; proxies,
/// reverse proxies, mail gateways and resolvers as relays; batch servers that send to the partner by themselves.
pub fn open_estate(assets: usize, seed: u64) -> Estate {
    of(assets, seed, true)
}

/// `estate` with a value of its own for every asset that is worth anything.
pub fn with_own_values(mut estate: Estate) -> Estate {
    for (at, asset) in estate.assets.iter_mut().enumerate().filter(|it| it.1.value > 0.0) {
        asset.value += at as f64 / 64.0;
    }
    estate
}

fn of(assets: usize, seed: u64, open: bool) -> Estate {
    let mut yard = Yard::new(seed);
    let assets = assets.max(60);
    let n_platforms = (assets / 1_300).clamp(2, 400);
    let n_offices = (assets / 650).clamp(2, 800);
    yard.shared();
    let per_platform = (assets * 35 / 100 / n_platforms).max(10);
    for number in 0..n_platforms {
        yard.platform(number, per_platform);
    }
    let left = assets.saturating_sub(yard.estate.assets.len());
    for number in 0..n_offices {
        let share = left / n_offices + usize::from(number < left % n_offices);
        yard.office(number, share.max(4));
    }
    if open {
        yard.outside();
    }
    yard.points();
    yard.estate
}

struct Yard {
    estate: Estate,
    state: u64,
    next_address: u32,
}

impl Yard {
    fn new(seed: u64) -> Self {
        let info = EstateInfo {
            id: "generated".to_owned(),
            name: "Generated operator".to_owned(),
            country: "FR".to_owned(),
            currency: "EUR".to_owned(),
            timezone: "UTC".to_owned(),
            drafted: false,
        };
        let estate = Estate {
            version: 1,
            estate: info,
            legal_profile: LegalProfile::default(),
            zones: Vec::new(),
            assets: Vec::new(),
            identities: Vec::new(),
            flows: Vec::new(),
            services: Vec::new(),
            enforcement_points: Vec::new(),
            management: Vec::new(),
            protected_addresses: Vec::new(),
            maintenance: Vec::new(),
            scanners: Vec::new(),
            operating_costs: OperatingCosts::default(),
            crews: Vec::new(),
            procedures: Vec::new(),
            contacts: Vec::new(),
        };
        Self { estate, state: seed, next_address: u32::from(Ipv4Addr::new(10, 0, 0, 1)) }
    }

    /// A number below `n` (splitmix64).
    fn below(&mut self, n: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.state;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (it ^ (it >> 31)) % n
    }

    fn zone(&mut self, id: &str, tier: u8, flat: bool) {
        self.estate.zones.push(Zone {
            id: id.into(),
            name: id.to_owned(),
            cidrs: Vec::new(),
            tier,
            flat,
            external: false,
        });
    }

    /// `n` assets of a zone with one role, named `zone-role-1` and so on.
    fn assets(&mut self, zone: &str, role: &str, n: usize, value: f64) {
        for number in 1..=n {
            let address = IpAddr::from(Ipv4Addr::from(self.next_address));
            self.next_address += 1;
            let critical = [0.5, 1.0, 2.0][self.below(3) as usize];
            let system = SYSTEMS[self.below(SYSTEMS.len() as u64) as usize];
            let weak = self.below(20) == 0;
            self.estate.assets.push(Asset {
                id: AssetId::new(format!("{zone}-{role}-{number}")),
                hostname: None,
                addresses: vec![address],
                zone: zone.into(),
                kind: if role == "dc" { AssetKind::IdentityProvider } else { AssetKind::Server },
                os: Some(system.to_owned()),
                roles: vec![role.to_owned(), system.to_owned()],
                value: value * critical,
                crown_jewel: role == "warehouse",
                data: Vec::new(),
                exploitable: answered(role).filter(|_| weak).into_iter().collect(),
                relay: false,
            });
        }
    }

    fn flow(&mut self, id: &str, from: Selector, to: Selector, port: Port) {
        self.estate.flows.push(Flow { id: id.into(), from, to, ports: vec![port], movement: Movement::Auto });
    }

    /// What lies outside, relays, and the ways between.
    fn outside(&mut self) {
        for (zone, role) in [("internet", "internet"), ("partner", "partner")] {
            self.zone(zone, 5, false);
            if let Some(zone) = self.estate.zones.last_mut() {
                zone.external = true;
            }
            self.assets(zone, role, 1, 0.0);
        }
        self.assets("dmz", "gateway", 2, 12_000.0);
        self.assets("dmz", "mail", 2, 10_000.0);
        self.assets("dmz", "resolver", 2, 6_000.0);
        self.assets("dmz", "vpn", 2, 14_000.0);
        let passes_on = ["proxy", "gateway", "mail", "resolver", "vpn"];
        for asset in &mut self.estate.assets {
            asset.relay = passes_on.iter().any(|it| asset.roles.first().is_some_and(|role| role == it));
        }
        let (internet, partner) = (|| role("internet"), || role("partner"));
        let names = Port { protocol: Protocol::Udp, first: 53, last: 53 };
        self.flow("proxy-to-internet", role("proxy"), internet(), Port::tcp(443));
        self.flow("mail-to-internet", role("mail"), internet(), Port::tcp(25));
        self.flow("internet-to-mail", internet(), role("mail"), Port::tcp(25));
        self.flow("resolver-to-internet", role("resolver"), internet(), names);
        self.flow("internet-to-gateway", internet(), role("gateway"), Port::tcp(443));
        self.flow("internet-to-vpn", internet(), role("vpn"), Port::tcp(443));
        self.flow("vpn-to-jump", role("vpn"), role("jump"), Port::tcp(3389));
        self.flow("batch-to-partner", role("batch"), partner(), Port::tcp(22));
        self.flow("etl-to-partner", role("etl"), partner(), Port::tcp(443));
        let everybody = || Selector { any: true, ..Selector::default() };
        self.flow("names", everybody(), role("resolver"), names);
        self.flow("gateway-to-web", role("gateway"), role("web"), Port::tcp(443));
        self.flow("workstation-mail", role("workstation"), role("mail"), Port::tcp(993));
        for id in ["names", "gateway-to-web"] {
            let flow = Requirement::Flow { flow: id.into(), from: None, to: None };
            self.service(&format!("{id}-service"), 1_000, 5_000, flow, None);
        }
        self.estate.management.push(ManagementChannel {
            from: everybody(),
            to: role("console"),
            ports: vec![Port::tcp(8444)],
            reply_only: false,
        });
    }

    fn identity(&mut self, id: &str, on: Selector, via: &str, secret: Selector) {
        self.estate.identities.push(Identity {
            id: id.into(),
            kind: IdentityKind::Service,
            accounts: Vec::new(),
            privileged: via == "ssh",
            rights: vec![Right { on, via: vec![via.to_owned()] }],
            secrets_on: vec![secret],
            value: None,
        });
    }

    /// What every site and platform uses.
    fn shared(&mut self) {
        for (zone, tier) in [("identity", 0), ("mgmt", 0), ("soc", 0), ("backup", 0), ("dmz", 3), ("data", 2)]
        {
            self.zone(zone, tier, false);
        }
        self.assets("identity", "dc", 2, 0.0);
        self.assets("identity", "sso", 2, 90_000.0);
        self.assets("mgmt", "bastion", 2, 60_000.0);
        self.assets("mgmt", "jump", 3, 25_000.0);
        self.assets("mgmt", "config", 1, 70_000.0);
        self.assets("mgmt", "firewall", 2, 0.0);
        self.assets("soc", "console", 2, 10_000.0);
        self.assets("backup", "backup", 2, 80_000.0);
        self.assets("dmz", "proxy", 6, 8_000.0);
        self.assets("data", "etl", 2, 45_000.0);
        self.assets("data", "warehouse", 1, 0.0);
        self.flow("jump-to-bastion", role("jump"), role("bastion"), Port::tcp(22));
        self.flow("etl-to-warehouse", role("etl"), role("warehouse"), Port::tcp(5432));
        self.flow("bastion-to-data", role("bastion"), role("etl"), Port::tcp(22));
        self.identity("adm-bastion", role("bastion"), "ssh", role("jump"));
        self.identity("svc-etl", role("warehouse"), "database", role("etl"));
        self.estate.management.push(ManagementChannel {
            from: role("console"),
            to: Selector { any: true, ..Selector::default() },
            ports: vec![Port::tcp(22), Port::tcp(8443)],
            reply_only: true,
        });
        let sso = one_of("identity-sso", 2);
        self.service("sign-on", 4_000_000, 30_000, Requirement::Any { any: sso }, None);
    }

    fn service(
        &mut self,
        id: &str,
        count: u64,
        value: u64,
        requires: Requirement,
        degraded: Option<Degraded>,
    ) {
        self.estate.services.push(Service {
            id: id.into(),
            name: Localized::Same(id.to_owned()),
            customers: vec![Customers { segment: "consumer".to_owned(), count }],
            value_per_hour: value as f64,
            rto: None,
            mtpd: None,
            requires,
            degraded,
        });
    }

    /// A customer platform: its own zone, tiers and service.
    fn platform(&mut self, number: usize, assets: usize) {
        let zone = format!("p{number:03}");
        self.zone(&zone, 2, false);
        let (n_db, n_batch) = (2 + assets / 40, 1 + assets / 60);
        let n_app = (assets - n_db - n_batch) * 4 / 10;
        let n_web = assets.saturating_sub(n_db + n_batch + n_app).max(3);
        for (tier, n, value) in [
            ("web", n_web, 15_000.0),
            ("app", n_app.max(2), 30_000.0),
            ("db", n_db, 80_000.0),
            ("batch", n_batch, 20_000.0),
        ] {
            self.assets(&zone, tier, n, value);
        }
        let tier = |name: &str| within(&zone, name);
        let name = |what: &str| format!("{zone}-{what}");
        self.flow(&name("proxy-to-web"), role("proxy"), tier("web"), Port::tcp(443));
        self.flow(&name("web-to-app"), tier("web"), tier("app"), Port::tcp(8443));
        self.flow(&name("app-to-db"), tier("app"), tier("db"), Port::tcp(5432));
        self.flow(&name("batch-to-db"), tier("batch"), tier("db"), Port::tcp(5432));
        self.flow(&name("batch-to-etl"), tier("batch"), role("etl"), Port::tcp(22));
        self.flow(&name("to-sso"), all_of(&zone), role("sso"), Port::tcp(443));
        self.flow(&name("bastion"), role("bastion"), all_of(&zone), Port::tcp(22));
        self.flow(&name("config"), role("config"), all_of(&zone), Port::tcp(22));
        self.flow(&name("backup"), role("backup"), tier("db"), Port::tcp(22));
        if number > 0 && self.below(2) == 0 {
            let other = format!("p{:03}", self.below(number as u64));
            self.flow(&name("reads"), tier("app"), within(&other, "db"), Port::tcp(5432));
        }
        self.identity(&name("svc-app"), tier("db"), "database", tier("app"));
        self.identity(&name("svc-batch"), role("etl"), "ssh", tier("batch"));
        self.identity(&name("adm"), all_of(&zone), "ssh", role("bastion"));
        self.platform_service(&zone, number);
    }

    fn platform_service(&mut self, zone: &str, number: usize) {
        let asset = |name: &str| Requirement::Asset { asset: AssetId::new(format!("{zone}-{name}")) };
        let flow = |name: &str| Requirement::Flow {
            flow: format!("{zone}-{name}").as_str().into(),
            from: None,
            to: None,
        };
        let webs = one_of(&format!("{zone}-web"), 3);
        let requires = Requirement::All {
            all: vec![
                asset("db-1"),
                Requirement::AtLeast { at_least: AtLeast { n: 2, of: webs.clone() } },
                Requirement::Any { any: one_of(&format!("{zone}-app"), 2) },
                flow("proxy-to-web"),
                flow("web-to-app"),
                flow("app-to-db"),
                Requirement::Service { service: "sign-on".into() },
            ],
        };
        let weaker = Requirement::All {
            all: vec![asset("db-1"), Requirement::Any { any: webs }, flow("proxy-to-web")],
        };
        let degraded = Degraded { requires: weaker, share: 0.4 };
        let (customers, value) = (1_000 * (1 + self.below(900)), 1_000 * (2 + self.below(60)));
        self.service(&format!("{zone}-service"), customers, value, requires, Some(degraded));
        let exports = Requirement::All { all: vec![flow("batch-to-db"), flow("batch-to-etl")] };
        self.service(&format!("{zone}-reports"), 50, 200 + 10 * number as u64 % 300, exports, None);
    }

    /// An office site: flat, with workstations, a few administrators and a file server.
    fn office(&mut self, number: usize, assets: usize) {
        let zone = format!("o{number:03}");
        self.zone(&zone, 4, true);
        let admins = 1 + assets / 150;
        self.assets(&zone, "admin", admins, 12_000.0);
        self.assets(&zone, "files", 1, 18_000.0);
        self.assets(&zone, "workstation", assets.saturating_sub(admins + 1).max(2), 2_000.0);
        let name = |what: &str| format!("{zone}-{what}");
        self.flow(&name("to-proxy"), all_of(&zone), role("proxy"), Port::tcp(3128));
        self.flow(&name("to-dc"), all_of(&zone), role("dc"), Port::tcp(389));
        self.flow(&name("to-sso"), all_of(&zone), role("sso"), Port::tcp(443));
        self.flow(&name("admin-to-jump"), within(&zone, "admin"), role("jump"), Port::tcp(3389));
        self.identity(&name("adm"), role("jump"), "rdp", within(&zone, "admin"));
        let files = Requirement::Asset { asset: AssetId::new(format!("{zone}-files-1")) };
        self.service(&format!("{zone}-files"), assets as u64, 40, files, None);
    }

    /// One firewall between all zones, agents on every server and workstation, the directory.
    fn points(&mut self) {
        let zones: Vec<_> = self.estate.zones.iter().map(|it| it.id.clone()).collect();
        let outside = self.estate.zones.iter().filter(|it| it.external).map(|it| it.id.clone());
        let shared: Vec<_> = zones[..6].iter().cloned().chain(outside).collect();
        let mut covers = Vec::new();
        for zone in &zones {
            for other in &shared {
                covers.push((zone.clone(), other.clone()));
                covers.push((other.clone(), zone.clone()));
            }
        }
        covers.extend(zones[6..].iter().filter(|it| it.as_str().starts_with('p')).flat_map(|from| {
            let to = zones[6..].iter().filter(|it| it.as_str().starts_with('p'));
            to.map(move |to| (from.clone(), to.clone()))
        }));
        covers.sort();
        covers.dedup();
        let block = vec![Capability::BlockFlow, Capability::Segment];
        self.point("fw-core", Some("mgmt-firewall-1"), covers, None, block, 2);
        let inside: Vec<_> =
            self.estate.zones.iter().filter(|it| !it.external).map(|it| it.id.clone()).collect();
        for zone in inside {
            let id = format!("agents-{zone}");
            self.point(&id, None, Vec::new(), Some(all_of(zone.as_str())), vec![Capability::Isolate], 5);
        }
        self.point("directory", None, Vec::new(), None, vec![Capability::DisableIdentity], 30);
    }

    fn point(
        &mut self,
        id: &str,
        asset: Option<&str>,
        covers: Vec<(bulkhead_model::id::ZoneId, bulkhead_model::id::ZoneId)>,
        hosts: Option<Selector>,
        can: Vec<Capability>,
        seconds: u64,
    ) {
        self.estate.enforcement_points.push(EnforcementPoint {
            id: id.into(),
            kind: PointKind::Simulated,
            product: None,
            asset: asset.map(Into::into),
            covers,
            hosts,
            can,
            time_to_effect: Span::from_secs(seconds),
        });
    }
}

/// Systems that hosts run.
const SYSTEMS: [&str; 5] = ["debian-12", "rhel-9", "windows-2022", "windows-11", "ubuntu-24.04"];

/// The port that hosts of a role answer.
fn answered(role: &str) -> Option<Port> {
    let port = match role {
        "web" | "sso" => 443,
        "app" => 8443,
        "db" | "warehouse" => 5432,
        "etl" | "bastion" => 22,
        "proxy" => 3128,
        "files" | "workstation" => 445,
        "jump" => 3389,
        _ => return None,
    };
    Some(Port::tcp(port))
}

fn role(name: &str) -> Selector {
    Selector { roles: vec![name.to_owned()], ..Selector::default() }
}

fn all_of(zone: &str) -> Selector {
    Selector { zone: Some(zone.into()), ..Selector::default() }
}

fn within(zone: &str, name: &str) -> Selector {
    Selector { roles: vec![name.to_owned()], ..all_of(zone) }
}

/// The first `n` assets of a name, as needs.
fn one_of(prefix: &str, n: usize) -> Vec<Requirement> {
    (1..=n).map(|it| Requirement::Asset { asset: AssetId::new(format!("{prefix}-{it}")) }).collect()
}
