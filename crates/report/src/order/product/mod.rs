//! What to type or click, per product: how to do it, how to check, how to undo. Commands are the same in every language.

use bulkhead_model::case::ActionKind;
use bulkhead_model::estate::{Asset, AssetKind, Port, Protocol};
use bulkhead_model::rules::{Endpoint, Rule};
use ipnet::IpNet;

use crate::words::Words;

mod cisco;
mod fortigate;
mod windows;

/// Products whose wording is known; every other gets the rule in plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    FortiGate,
    WindowsFirewall,
    ActiveDirectory,
    Edr,
    CiscoAsa,
    CiscoIos,
    Other,
}

/// Steps in words, each with the commands it needs.
pub(super) type Lines = Vec<(String, Vec<String>)>;

/// How to do an action, how to check it, how to undo it.
#[derive(Debug, Default)]
pub(super) struct Recipe {
    pub(super) act: Lines,
    pub(super) check: Lines,
    pub(super) undo: Lines,
}

/// One action at one point.
pub(super) struct Task<'a> {
    pub(super) words: &'a Words,
    /// Name of the rules at the device, unique to plan and action.
    pub(super) name: String,
    pub(super) kind: ActionKind,
    /// The host or account, by every name.
    pub(super) target: String,
    pub(super) keep: &'a [&'a Rule],
    pub(super) drop: &'a [&'a Rule],
    pub(super) accounts: &'a [String],
    pub(super) product_name: &'a str,
}

impl Product {
    /// What the estate says: the point's `product`, else the system of the host it runs on, else that of the host it is
    /// about.
    pub(super) fn of(
        stated: Option<&str>,
        device: Option<&Asset>,
        target: Option<&Asset>,
        kind: ActionKind,
    ) -> Self {
        let of_host = |it: Option<&Asset>| {
            let it = it?;
            let said = it.os.iter().chain(&it.roles).filter_map(|it| Self::named(it)).next();
            match (said, kind) {
                (Some(Self::ActiveDirectory), ActionKind::DisableIdentity) => Some(Self::ActiveDirectory),
                (Some(Self::ActiveDirectory), _) => Some(Self::WindowsFirewall),
                (Some(Self::WindowsFirewall), ActionKind::DisableIdentity)
                    if it.kind == AssetKind::IdentityProvider =>
                {
                    Some(Self::ActiveDirectory)
                }
                (said, _) => said,
            }
        };
        let on_target =
            || of_host(target).filter(|it| kind == ActionKind::Isolate && *it == Self::WindowsFirewall);
        match stated {
            Some(name) => Self::named(name).unwrap_or(Self::Other),
            None => of_host(device).or_else(on_target).unwrap_or(Self::Other),
        }
    }

    fn named(name: &str) -> Option<Self> {
        let folded: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        let has = |words: &[&str]| words.iter().any(|it| folded.contains(it));
        Some(if has(&["fortigate", "fortios", "fortinet"]) {
            Self::FortiGate
        } else if has(&["activedirectory", "domaincontroller", "entraid", "azuread"]) || folded == "ad" {
            Self::ActiveDirectory
        } else if has(&[
            "edr",
            "xdr",
            "crowdstrike",
            "falcon",
            "sentinelone",
            "harfanglab",
            "defenderforendpoint",
            "cortex",
        ]) {
            Self::Edr
        } else if has(&["ciscoasa", "ciscoftd", "adaptivesecurity"]) || folded == "asa" {
            Self::CiscoAsa
        } else if has(&["ciscoios", "iosxe", "catalyst"]) || folded == "ios" || folded == "cisco" {
            Self::CiscoIos
        } else if has(&["windowsfirewall", "windowsdefenderfirewall", "windows"]) {
            Self::WindowsFirewall
        } else {
            return None;
        })
    }

    pub(super) fn recipe(self, task: &Task<'_>) -> Recipe {
        match (self, task.kind) {
            (Self::ActiveDirectory, ActionKind::DisableIdentity) => windows::disable(task),
            (_, ActionKind::DisableIdentity) => task.plain("order-any-disable"),
            (Self::Edr, _) => task.plain("order-edr-isolate"),
            (Self::FortiGate, _) => fortigate::block(task),
            (Self::CiscoAsa, _) => cisco::asa(task),
            (Self::CiscoIos, _) => cisco::ios(task),
            (Self::WindowsFirewall, ActionKind::Isolate) => windows::isolate(task),
            (Self::WindowsFirewall, _) => windows::block(task),
            (Self::ActiveDirectory | Self::Other, _) => task.plain("order-any-block"),
        }
    }
}

impl Task<'_> {
    /// A step in words, with what it needs to type.
    fn step(&self, id: &str, commands: Vec<String>) -> (String, Vec<String>) {
        let product = if self.product_name.is_empty() {
            self.words.get("order-the-product")
        } else {
            self.product_name.to_owned()
        };
        let accounts = self.accounts.join(", ");
        let values = [
            ("name", (&self.name).into()),
            ("target", (&self.target).into()),
            ("product", (&product).into()),
            ("accounts", (&accounts).into()),
        ];
        (self.words.say(id, &values), commands)
    }

    /// A recipe without commands: three messages, `ID-act`, `ID-check` and `ID-undo`, one step a line.
    fn plain(&self, id: &str) -> Recipe {
        let part = |part: &str| -> Lines {
            let (text, _) = self.step(&format!("{id}-{part}"), Vec::new());
            text.lines().map(|it| (it.to_owned(), Vec::new())).collect()
        };
        Recipe { act: part("act"), check: part("check"), undo: part("undo") }
    }
}

/// Every pair of addresses of a rule that are of one family, one standing for everything.
fn pairs(rule: &Rule) -> Vec<(IpNet, IpNet)> {
    let everything = |end: &Endpoint| *end == Endpoint::default();
    let all = |v4: bool| {
        if v4 { IpNet::V4(ipnet::Ipv4Net::default()) } else { IpNet::V6(ipnet::Ipv6Net::default()) }
    };
    let is_v4 = |it: &IpNet| matches!(it, IpNet::V4(_));
    let mut found = Vec::new();
    match (everything(&rule.from), everything(&rule.to)) {
        (true, true) => {}
        (true, false) => found.extend(rule.to.addresses.iter().map(|to| (all(is_v4(to)), *to))),
        (false, true) => found.extend(rule.from.addresses.iter().map(|from| (*from, all(is_v4(from))))),
        (false, false) => {
            for from in &rule.from.addresses {
                let same = rule.to.addresses.iter().filter(|to| is_v4(to) == is_v4(from));
                found.extend(same.map(|to| (*from, *to)));
            }
        }
    }
    found
}

/// Protocol and range of a port; everything where the rule names none.
fn services(ports: &[Port]) -> Vec<(Protocol, u16, u16)> {
    if ports.is_empty() || ports.iter().any(|it| it.protocol == Protocol::Any) {
        return vec![(Protocol::Any, 0, u16::MAX)];
    }
    ports.iter().map(|it| (it.protocol, it.first, it.last)).collect()
}

/// An address, with its length unless it is a single one.
pub(super) fn prefix(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expect: Option<Product>) {
        assert_eq!(Product::named(name), expect, "{name}");
    }

    #[test]
    fn products_are_known_by_their_usual_names() {
        check("FortiGate 200F", Some(Product::FortiGate));
        check("FortiOS", Some(Product::FortiGate));
        check("Windows Defender Firewall", Some(Product::WindowsFirewall));
        check("Microsoft Defender for Endpoint", Some(Product::Edr));
        check("Active Directory", Some(Product::ActiveDirectory));
        check("cisco-asa", Some(Product::CiscoAsa));
        check("Cisco IOS XE", Some(Product::CiscoIos));
        check("Palo Alto PA-440", None);
    }
}
