//! From the estate file's text to an [`Estate`]: every fault at once, each with its place.

use ipnet::IpNet;

use super::decode::{Decoder, amount, choice, count, id, parsed, text, truth};
use super::place::Places;
use super::read_service::service;
use super::read_work::{maintenance, scanner};
use super::{
    Asset, AssetKind, Capability, Contact, Crew, DurationEstimate, EnforcementPoint, Estate, EstateInfo,
    Flow, Identity, IdentityKind, LegalProfile, ManagementChannel, Movement, OperatingCosts, PointKind,
    Procedure, Right, Selector, Step, Zone, check,
};
use crate::diag::Diagnostic;
use crate::id::ZoneId;
use crate::span::Span;
use crate::yaml::{self, Node};

/// The version of the estate file this reader knows.
const VERSION: u32 = 1;

/// Reads and checks an estate file. The estate is there if and only if no diagnostic is an error.
pub fn read(file: &str, text: &str) -> (Option<Estate>, Vec<Diagnostic>) {
    let (found, diagnostics) = read_with_places(file, text);
    (found.map(|(estate, _)| estate), diagnostics)
}

/// As [`read`], with the places of everything declared, for checks made later.
pub fn read_with_places(file: &str, text: &str) -> (Option<(Estate, Places)>, Vec<Diagnostic>) {
    let (documents, diagnostics) = yaml::parse(file, text);
    let mut decoder = Decoder::new(file, diagnostics);
    let mut documents = documents.into_iter();
    let Some(root) = documents.next() else {
        if decoder.diagnostics.is_empty() {
            let fault = Diagnostic::error("empty", file, None, "the file holds no estate");
            decoder.diagnostics.push(fault.hint("`bulkhead init DIR` writes a commented template"));
        }
        return (None, decoder.diagnostics);
    };
    if let Some(second) = documents.next() {
        let message = "a second document; an estate is one document, the rest is ignored";
        decoder.warn("second-document", second.pos, message, "remove the line `---`");
    }
    let mut places = Places::new(file);
    let estate = estate(&mut decoder, &root, &mut places);
    places.root = Some(root);
    let mut diagnostics = decoder.diagnostics;
    let Some(estate) = estate else { return (None, diagnostics) };
    diagnostics.extend(check(&estate, &places));
    diagnostics.sort_by_key(|it| it.pos);
    // A fault within an anchor is found again at each of its aliases.
    diagnostics.dedup();
    let sound = !diagnostics.iter().any(Diagnostic::is_error);
    (sound.then_some((estate, places)), diagnostics)
}

fn estate(decoder: &mut Decoder, node: &Node, places: &mut Places) -> Option<Estate> {
    const KEYS: &[&str] = &[
        "version",
        "estate",
        "legal_profile",
        "zones",
        "assets",
        "identities",
        "flows",
        "services",
        "enforcement_points",
        "management",
        "protected_addresses",
        "maintenance",
        "scanners",
        "operating_costs",
        "crews",
        "procedures",
        "contacts",
    ];
    let mut it = decoder.open(node, "the estate file", KEYS)?;
    let version = it.required("version", version);
    let info = it.required("estate", info);
    if let Some(info) = &info {
        it.decoder.timezone.clone_from(&info.timezone);
    }
    let legal_profile = it.or_default("legal_profile", legal_profile);
    macro_rules! section {
        ($key:literal, $read:expr) => {{
            let (order, items) = it.indexed($key, $read).into_iter().unzip();
            places.order.insert($key, order);
            items
        }};
    }
    let zones = section!("zones", zone);
    let assets = section!("assets", asset);
    let identities = section!("identities", identity);
    let flows = section!("flows", flow);
    let services = section!("services", service);
    let enforcement_points = section!("enforcement_points", point);
    let management = section!("management", management);
    let protected_addresses = section!("protected_addresses", network);
    let maintenance = section!("maintenance", maintenance);
    let scanners = section!("scanners", scanner);
    let operating_costs = it.or_default("operating_costs", operating_costs);
    let crews = section!("crews", crew);
    let procedures = section!("procedures", procedure);
    let contacts = section!("contacts", contact);
    // A missing head is noted; the body is checked all the same so that all faults come at once.
    let info = info.unwrap_or_else(|| EstateInfo::named(""));
    Some(Estate {
        version: version.unwrap_or(VERSION),
        estate: info,
        legal_profile,
        zones,
        assets,
        identities,
        flows,
        services,
        enforcement_points,
        management,
        protected_addresses,
        maintenance,
        scanners,
        operating_costs,
        crews,
        procedures,
        contacts,
    })
}

fn version(decoder: &mut Decoder, node: &Node) -> Option<u32> {
    let version = count(decoder, node)?;
    if version != VERSION {
        let message = format!("version {version} of the estate file is not known");
        decoder.error("bad-version", node.pos, message, "this program reads version 1");
        return None;
    }
    Some(version)
}

fn info(decoder: &mut Decoder, node: &Node) -> Option<EstateInfo> {
    let mut it =
        decoder.open(node, "estate", &["id", "name", "country", "currency", "timezone", "drafted"])?;
    let id: String = it.required("id", id)?;
    let mut info = EstateInfo::named(&id);
    info.name = it.optional("name", text).unwrap_or(id);
    info.country = it.optional("country", text).unwrap_or(info.country);
    info.currency = it.optional("currency", text).unwrap_or(info.currency);
    info.timezone = it.optional("timezone", text).unwrap_or(info.timezone);
    info.drafted = it.or_default("drafted", truth);
    Some(info)
}

fn legal_profile(decoder: &mut Decoder, node: &Node) -> Option<LegalProfile> {
    const KEYS: &[&str] =
        &["entity", "member_states", "transposed", "listed_in", "insured", "extra_holidays"];
    let mut it = decoder.open(node, "legal_profile", KEYS)?;
    Some(LegalProfile {
        entity: it.list("entity", text),
        member_states: it.list("member_states", text),
        transposed: it.list("transposed", text),
        listed_in: it.list("listed_in", text),
        insured: it.or_default("insured", truth),
        extra_holidays: it.list("extra_holidays", parsed),
    })
}

fn zone(decoder: &mut Decoder, node: &Node) -> Option<Zone> {
    let mut it = decoder.open(node, "a zone", &["id", "name", "cidrs", "tier", "flat", "external"])?;
    let id: Option<ZoneId> = it.required("id", id);
    let zone = Zone {
        name: it.or_default("name", text),
        cidrs: it.list("cidrs", network),
        tier: it.or_default("tier", count),
        flat: it.or_default("flat", truth),
        external: it.or_default("external", truth),
        id: id?,
    };
    Some(zone)
}

/// `10.40.0.0/16`, `fd00:40::/32`; a bare address is a network of one.
pub(super) fn network(decoder: &mut Decoder, node: &Node) -> Option<IpNet> {
    let text = text(decoder, node)?;
    let network =
        text.parse::<IpNet>().ok().or_else(|| text.parse().ok().map(|it: std::net::IpAddr| it.into()));
    let Some(network) = network else {
        let message = format!("`{text}` is no address range");
        decoder.error(
            "bad-cidr",
            node.pos,
            message,
            "write address/length, such as 10.40.0.0/16 or fd00:40::/32",
        );
        return None;
    };
    if network.trunc() != network {
        let message = format!("`{text}` has bits set beyond its prefix; taken as {}", network.trunc());
        decoder.warn("cidr-host-bits", node.pos, message, "");
    }
    Some(network.trunc())
}

fn address(decoder: &mut Decoder, node: &Node) -> Option<std::net::IpAddr> {
    let text = text(decoder, node)?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{text}` is no IP address");
        decoder.error(
            "bad-address",
            node.pos,
            message,
            "write 10.40.1.11 or \"fd00:40:1::11\", without a length",
        );
    }
    address
}

fn asset(decoder: &mut Decoder, node: &Node) -> Option<Asset> {
    const KEYS: &[&str] = &[
        "id",
        "hostname",
        "addresses",
        "zone",
        "kind",
        "os",
        "roles",
        "value",
        "crown_jewel",
        "data",
        "exploitable",
        "relay",
    ];
    let mut it = decoder.open(node, "an asset", KEYS)?;
    let asset_id = it.required("id", id);
    let asset = Asset {
        hostname: it.optional("hostname", text),
        addresses: it.list("addresses", address),
        zone: it.required("zone", id).unwrap_or_else(|| ZoneId::new("")),
        kind: it.or_default("kind", asset_kind),
        os: it.optional("os", text),
        roles: it.list("roles", text),
        value: it.or_default("value", amount),
        crown_jewel: it.or_default("crown_jewel", truth),
        data: it.list("data", text),
        exploitable: it.list("exploitable", parsed),
        relay: it.or_default("relay", truth),
        id: asset_id?,
    };
    Some(asset)
}

fn asset_kind(decoder: &mut Decoder, node: &Node) -> Option<AssetKind> {
    const KINDS: &[(&str, AssetKind)] = &[
        ("server", AssetKind::Server),
        ("workstation", AssetKind::Workstation),
        ("network_device", AssetKind::NetworkDevice),
        ("hypervisor", AssetKind::Hypervisor),
        ("appliance", AssetKind::Appliance),
        ("identity_provider", AssetKind::IdentityProvider),
    ];
    choice(decoder, node, "kind of asset", KINDS)
}

/// A selector; at least one key must be given.
pub(super) fn selector(decoder: &mut Decoder, node: &Node) -> Option<Selector> {
    let mut it = decoder.open(node, "a selector", &["asset", "zone", "roles", "any"])?;
    let selector = Selector {
        asset: it.optional("asset", id),
        zone: it.optional("zone", id),
        roles: it.list("roles", text),
        any: it.or_default("any", truth),
    };
    if selector == Selector::default() {
        let message = "this selector means no asset";
        decoder.warn(
            "empty-selector",
            node.pos,
            message,
            "write {zone: x}, {asset: x}, {roles: [x]} or {any: true}",
        );
    }
    Some(selector)
}

fn identity(decoder: &mut Decoder, node: &Node) -> Option<Identity> {
    const KINDS: &[(&str, IdentityKind)] = &[
        ("human", IdentityKind::Human),
        ("service", IdentityKind::Service),
        ("machine", IdentityKind::Machine),
    ];
    const KEYS: &[&str] = &["id", "kind", "accounts", "privileged", "rights", "secrets_on", "value"];
    let mut it = decoder.open(node, "an identity", KEYS)?;
    let identity_id = it.required("id", id);
    let identity = Identity {
        kind: it.or_default("kind", |decoder, node| choice(decoder, node, "kind of identity", KINDS)),
        accounts: it.list("accounts", text),
        privileged: it.or_default("privileged", truth),
        rights: it.list("rights", right),
        secrets_on: it.list("secrets_on", selector),
        value: it.optional("value", amount),
        id: identity_id?,
    };
    Some(identity)
}

fn right(decoder: &mut Decoder, node: &Node) -> Option<Right> {
    let mut it = decoder.open(node, "a right", &["on", "via"])?;
    let right = Right { on: it.required("on", selector)?, via: it.list("via", text) };
    Some(right)
}

fn flow(decoder: &mut Decoder, node: &Node) -> Option<Flow> {
    const MOVEMENTS: &[(&str, Movement)] =
        &[("auto", Movement::Auto), ("yes", Movement::Yes), ("no", Movement::No)];
    let mut it = decoder.open(node, "a flow", &["id", "from", "to", "ports", "movement"])?;
    let flow_id = it.required("id", id);
    let flow = Flow {
        from: it.required("from", selector).unwrap_or_default(),
        to: it.required("to", selector).unwrap_or_default(),
        ports: it.required_list("ports", parsed),
        movement: it.or_default("movement", |decoder, node| choice(decoder, node, "movement", MOVEMENTS)),
        id: flow_id?,
    };
    Some(flow)
}

fn point(decoder: &mut Decoder, node: &Node) -> Option<EnforcementPoint> {
    const KEYS: &[&str] = &["id", "kind", "product", "asset", "covers", "hosts", "can", "time_to_effect"];
    const KINDS: &[(&str, PointKind)] = &[
        ("simulated", PointKind::Simulated),
        ("nftables", PointKind::Nftables),
        ("openc2", PointKind::Openc2),
        ("manual", PointKind::Manual),
    ];
    let mut it = decoder.open(node, "an enforcement point", KEYS)?;
    let point_id = it.required("id", id);
    let kind = it.required("kind", |decoder, node| choice(decoder, node, "kind of enforcement point", KINDS));
    let point = EnforcementPoint {
        kind: kind.unwrap_or(PointKind::Manual),
        product: it.optional("product", text),
        asset: it.optional("asset", id),
        covers: it.list("covers", zone_pair),
        hosts: it.optional("hosts", selector),
        can: it.required_list("can", capability),
        time_to_effect: it.or_default("time_to_effect", parsed::<Span>),
        id: point_id?,
    };
    Some(point)
}

fn zone_pair(decoder: &mut Decoder, node: &Node) -> Option<(ZoneId, ZoneId)> {
    let Some([from, to]) = node.as_seq() else {
        decoder.wrong_type(node, "a pair of zones", "write [office, dmz]: flows from office to dmz");
        return None;
    };
    Some((id(decoder, from)?, id(decoder, to)?))
}

fn capability(decoder: &mut Decoder, node: &Node) -> Option<Capability> {
    const CAPABILITIES: &[(&str, Capability)] = &[
        ("block_flow", Capability::BlockFlow),
        ("segment", Capability::Segment),
        ("isolate", Capability::Isolate),
        ("disable_identity", Capability::DisableIdentity),
    ];
    choice(decoder, node, "capability", CAPABILITIES)
}

fn management(decoder: &mut Decoder, node: &Node) -> Option<ManagementChannel> {
    let mut it = decoder.open(node, "a management channel", &["from", "to", "ports", "reply_only"])?;
    let channel = ManagementChannel {
        from: it.required("from", selector).unwrap_or_default(),
        to: it.required("to", selector).unwrap_or_default(),
        ports: it.required_list("ports", parsed),
        reply_only: it.optional("reply_only", truth).unwrap_or(true),
    };
    Some(channel)
}

fn operating_costs(decoder: &mut Decoder, node: &Node) -> Option<OperatingCosts> {
    let keys = &["isolate", "block_flow", "segment", "disable_identity"];
    let mut it = decoder.open(node, "operating_costs", keys)?;
    let default = OperatingCosts::default();
    Some(OperatingCosts {
        isolate: it.optional("isolate", amount).unwrap_or(default.isolate),
        block_flow: it.optional("block_flow", amount).unwrap_or(default.block_flow),
        segment: it.optional("segment", amount).unwrap_or(default.segment),
        disable_identity: it.optional("disable_identity", amount).unwrap_or(default.disable_identity),
    })
}

fn crew(decoder: &mut Decoder, node: &Node) -> Option<Crew> {
    let mut it = decoder.open(node, "a crew", &["id", "members"])?;
    let crew_id = it.required("id", id);
    let members = it.required("members", count).unwrap_or(1);
    Some(Crew { id: crew_id?, members })
}

fn procedure(decoder: &mut Decoder, node: &Node) -> Option<Procedure> {
    let mut it = decoder.open(node, "a procedure", &["for", "steps"])?;
    let applies_to = it.required("for", selector).unwrap_or_default();
    Some(Procedure { applies_to, steps: it.required_list("steps", step) })
}

fn step(decoder: &mut Decoder, node: &Node) -> Option<Step> {
    let mut it = decoder.open(node, "a step", &["id", "crew", "duration", "after"])?;
    let step_id = it.required("id", id);
    let crew: Option<String> = it.required("crew", id);
    let step = Step {
        crew: crew.unwrap_or_default().into(),
        duration: it.required("duration", duration).unwrap_or(DurationEstimate::fixed(Span::from_secs(0))),
        after: it.list("after", text),
        id: step_id?,
    };
    Some(step)
}

/// `{p10: 40m, p50: 1h, p90: 3h}`, or a single length of time, which is the median.
fn duration(decoder: &mut Decoder, node: &Node) -> Option<DurationEstimate> {
    if node.as_str().is_some() {
        return parsed(decoder, node).map(DurationEstimate::fixed);
    }
    let mut it = decoder.open(node, "a duration", &["p10", "p50", "p90"])?;
    let (p10, p50, p90) =
        (it.optional("p10", parsed), it.required("p50", parsed), it.optional("p90", parsed));
    let estimate = DurationEstimate { p10, p50: p50?, p90 };
    let (low, high) = (p10.unwrap_or(estimate.p50), p90.unwrap_or(estimate.p50));
    if low > estimate.p50 || estimate.p50 > high {
        let message = "the percentiles of a duration must not fall: p10 <= p50 <= p90";
        decoder.warn("bad-percentiles", node.pos, message, "");
    }
    Some(estimate)
}

fn contact(decoder: &mut Decoder, node: &Node) -> Option<Contact> {
    let mut it = decoder.open(node, "a contact", &["role", "name", "channel"])?;
    let contact = Contact {
        role: it.required("role", text)?,
        name: it.or_default("name", text),
        channel: it.or_default("channel", text),
    };
    Some(contact)
}
