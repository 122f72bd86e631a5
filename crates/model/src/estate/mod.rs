//! The estate: everything an operator declares about itself, as version 1 of the estate file holds it.
//!
//! The types are the file's own shape: serialising them gives the file back, and the JSON Schema is made from them.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{AssetId, FlowId, IdentityId, ZoneId};

mod check;
mod decode;
mod index;
mod place;
mod point;
mod port;
mod procedure;
mod read;
mod read_service;
mod read_work;
mod service;
pub mod vocabulary;
mod work;

pub use check::{check, unknown_word};
pub use index::Index;
pub use place::{Place, Places};
pub use point::{Capability, EnforcementPoint, ManagementChannel, OperatingCosts, PointKind};
pub use port::{Port, PortSet, Protocol};
pub use procedure::{Crew, DurationEstimate, Procedure, Step};
pub use read::{read, read_with_places};
pub use service::{AtLeast, Customers, Degraded, Requirement, Service};
pub use vocabulary::system_family;
pub use work::{Maintenance, Scanner};

/// An estate file, version 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estate {
    /// Version of the format: 1.
    pub version: u32,
    /// Who and where.
    pub estate: EstateInfo,
    /// What the law holds the operator to be.
    #[serde(default)]
    pub legal_profile: LegalProfile,
    /// Network zones.
    #[serde(default)]
    pub zones: Vec<Zone>,
    /// Hosts, devices and appliances.
    #[serde(default)]
    pub assets: Vec<Asset>,
    /// Accounts and their rights.
    #[serde(default)]
    pub identities: Vec<Identity>,
    /// Allowed flows; what no flow declares is not allowed.
    #[serde(default)]
    pub flows: Vec<Flow>,
    /// Services and what they need.
    #[serde(default)]
    pub services: Vec<Service>,
    /// Where isolation can be enforced.
    #[serde(default)]
    pub enforcement_points: Vec<EnforcementPoint>,
    /// The responder's own channels, never cut while their origin is not compromised.
    #[serde(default)]
    pub management: Vec<ManagementChannel>,
    /// Addresses (CIDR) that no action may block.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub protected_addresses: Vec<ipnet::IpNet>,
    /// When work is done on which hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<Maintenance>,
    /// Who probes the network on the operator's behalf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scanners: Vec<Scanner>,
    /// What carrying out one action of each kind costs, in the estate's currency.
    #[serde(default)]
    pub operating_costs: OperatingCosts,
    /// People who carry out recovery steps.
    #[serde(default)]
    pub crews: Vec<Crew>,
    /// How assets are recovered.
    #[serde(default)]
    pub procedures: Vec<Procedure>,
    /// Whom to call.
    #[serde(default)]
    pub contacts: Vec<Contact>,
}

/// Who and where the estate is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EstateInfo {
    /// Short name.
    pub id: String,
    /// Full name.
    pub name: String,
    /// ISO 3166-1 alpha-2 country of establishment.
    #[serde(default = "default_country")]
    pub country: String,
    /// ISO 4217 currency of all values.
    #[serde(default = "default_currency")]
    pub currency: String,
    /// IANA time zone of the operator's clocks.
    #[serde(default = "default_timezone")]
    pub timezone: String,
    /// Whether it was drafted from observations: what was not seen is then taken as open, and service impact is unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drafted: bool,
}

impl EstateInfo {
    /// An estate called `id`, with the defaults of everything else.
    pub fn named(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            country: default_country(),
            currency: default_currency(),
            timezone: default_timezone(),
            drafted: false,
        }
    }
}

impl Estate {
    /// Whether a zone of this id is declared external: outside the operator's control.
    pub fn is_external(&self, zone: &ZoneId) -> bool {
        self.zones.iter().any(|it| it.external && it.id == *zone)
    }

    /// Whether `selector` means `asset`; `any` means nothing in external zones.
    pub fn selects(&self, selector: &Selector, asset: &Asset) -> bool {
        selector.matches(asset) && !(selector.is_any() && self.is_external(&asset.zone))
    }

    /// An estate called `id` that declares nothing.
    pub fn empty(id: &str) -> Self {
        Self {
            version: 1,
            estate: EstateInfo::named(id),
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
        }
    }
}

fn default_country() -> String {
    "FR".to_owned()
}

fn default_currency() -> String {
    "EUR".to_owned()
}

fn default_timezone() -> String {
    "UTC".to_owned()
}

/// What the law holds the operator to be: decides which regimes bind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalProfile {
    /// Kinds of entity, such as `telecom_operator`, `nis2_essential`, `oiv`, `financial_entity`.
    #[serde(default)]
    pub entity: Vec<String>,
    /// Member States in which services are offered (ISO 3166-1 alpha-2).
    #[serde(default)]
    pub member_states: Vec<String>,
    /// Directives the operator's counsel holds to be transposed, such as `NIS2`.
    #[serde(default)]
    pub transposed: Vec<String>,
    /// Markets on which the operator is listed, such as `EU`, `US`.
    #[serde(default)]
    pub listed_in: Vec<String>,
    /// Whether a cyber-insurance policy is in force.
    #[serde(default)]
    pub insured: bool,
    /// Days that are holidays beside the calendar's own.
    #[serde(default)]
    pub extra_holidays: Vec<Date>,
}

/// A network zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Short name.
    pub id: ZoneId,
    /// Full name.
    #[serde(default)]
    pub name: String,
    /// Address ranges.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub cidrs: Vec<ipnet::IpNet>,
    /// 0 is the most trusted tier.
    #[serde(default)]
    pub tier: u8,
    /// Whether every asset of the zone may reach every other on all ports.
    #[serde(default)]
    pub flat: bool,
    /// Whether it lies outside the operator's control (Internet, partners): its assets are never reached, exposed or
    /// isolated, and `any` selects none of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
}

/// What kind of thing an asset is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// A server.
    #[default]
    Server,
    /// A workstation.
    Workstation,
    /// A router, switch or firewall.
    NetworkDevice,
    /// A hypervisor.
    Hypervisor,
    /// An appliance.
    Appliance,
    /// A directory or single sign-on server: must never be reachable for an attacker.
    IdentityProvider,
}

/// A host, device or appliance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Short name.
    pub id: AssetId,
    /// Name in the directory and in logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// IPv4 and IPv6 addresses.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<std::net::IpAddr>,
    /// The zone it stands in.
    pub zone: ZoneId,
    /// What it is.
    #[serde(default)]
    pub kind: AssetKind,
    /// Operating system family: `windows`, `linux`, `network`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Roles that selectors refer to.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What its compromise costs, in the estate's currency.
    #[serde(default)]
    pub value: f64,
    /// Whether the attacker must never reach it.
    #[serde(default)]
    pub crown_jewel: bool,
    /// Classes of data it holds, such as `customer`, `traffic`, `credentials`.
    #[serde(default)]
    pub data: Vec<String>,
    /// Ports known to be exploitable.
    #[serde(default)]
    pub exploitable: Vec<Port>,
    /// Whether it passes traffic on (proxy, mail gateway, resolver, reverse proxy).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relay: bool,
}

/// Which assets are meant: all given keys must hold; `any: true` alone means every asset but those of external zones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// The asset of this id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// Assets of this zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneId>,
    /// Assets that have every one of these roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Every asset.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any: bool,
}

impl Selector {
    /// Whether it is `any: true` alone: every asset but those of external zones.
    pub fn is_any(&self) -> bool {
        self.any && self.asset.is_none() && self.zone.is_none() && self.roles.is_empty()
    }

    /// Whether `asset` is meant, its zone's being external not looked at (see [`Estate::selects`]). An empty selector
    /// means nothing.
    pub fn matches(&self, asset: &Asset) -> bool {
        let empty = self.asset.is_none() && self.zone.is_none() && self.roles.is_empty();
        if empty {
            return self.any;
        }
        self.asset.as_ref().is_none_or(|it| *it == asset.id)
            && self.zone.as_ref().is_none_or(|it| *it == asset.zone)
            && self.roles.iter().all(|role| asset.roles.contains(role))
    }
}

/// Whose an identity is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// A person's account.
    #[default]
    Human,
    /// An account of a program.
    Service,
    /// A computer's account.
    Machine,
}

/// An account, its rights, and where its secrets lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Short name; also the account name in logs unless `accounts` says otherwise.
    pub id: IdentityId,
    /// Whose it is.
    #[serde(default)]
    pub kind: IdentityKind,
    /// Account names in logs, such as `CORP\adm-b2b`.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Whether it administers what it reaches.
    #[serde(default)]
    pub privileged: bool,
    /// What it may log on to, and how.
    #[serde(default)]
    pub rights: Vec<Right>,
    /// Assets on which its secret can be found.
    #[serde(default)]
    pub secrets_on: Vec<Selector>,
    /// What its staying in the attacker's hands costs, in the estate's currency; see [`Identity::foothold_value`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

impl Identity {
    /// What its staying in the attacker's hands costs: as declared, else 10,000 when privileged and 1,000 otherwise.
    pub fn foothold_value(&self) -> f64 {
        self.value.unwrap_or(if self.privileged { 10_000.0 } else { 1_000.0 })
    }
}

/// A right of an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Right {
    /// On which assets.
    pub on: Selector,
    /// Through which protocols: `ssh`, `rdp`, `smb`, `winrm`, `wmi`, `vnc`, `telnet`, `database`, `ipmi`, `http`.
    #[serde(default)]
    pub via: Vec<String>,
}

/// Whether a flow lets an attacker move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Movement {
    /// By its ports.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

/// An allowed flow between two sets of assets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// Short name.
    pub id: FlowId,
    /// Who opens it.
    pub from: Selector,
    /// Who answers.
    pub to: Selector,
    /// On which ports.
    pub ports: Vec<Port>,
    /// Whether it lets an attacker move.
    #[serde(default)]
    pub movement: Movement,
}

impl Flow {
    /// What ids of flows begin with that telemetry showed and nobody declared.
    pub const SEEN: &str = "seen:";

    /// Whether telemetry showed it and nobody declared it.
    pub fn is_seen(&self) -> bool {
        self.id.as_str().starts_with(Self::SEEN)
    }
}

/// Somebody to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What for, such as `incident_commander`, `dpo`, `legal`, `communications`.
    pub role: String,
    /// Who.
    pub name: String,
    /// How, as a URI: `tel:`, `mailto:`, `https:`.
    pub channel: String,
}
