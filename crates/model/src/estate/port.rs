//! Ports as the estate writes them: `tcp/443`, `udp/53`, `tcp/5900-5905`, `tcp/any`, `any`, `icmp`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP and ICMPv6; ports do not apply.
    Icmp,
    /// Every protocol.
    Any,
}

/// A protocol and an inclusive range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^(any|icmp|(tcp|udp)/(any|[0-9]+(-[0-9]+)?))$"))]
pub struct Port {
    /// The protocol.
    pub protocol: Protocol,
    /// First port.
    pub first: u16,
    /// Last port.
    pub last: u16,
}

/// Ports of one flow.
pub type PortSet = Vec<Port>;

/// Why a text is not a port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a port: write tcp/443, udp/53, tcp/5900-5905, tcp/any, icmp or any")]
pub struct BadPort(String);

impl Port {
    /// One TCP port.
    pub const fn tcp(port: u16) -> Self {
        Self { protocol: Protocol::Tcp, first: port, last: port }
    }

    /// Every port of every protocol.
    pub const ANY: Self = Self { protocol: Protocol::Any, first: 0, last: u16::MAX };

    /// Whether the two have a port in common.
    pub fn overlaps(self, other: Self) -> bool {
        let same = self.protocol == other.protocol
            || self.protocol == Protocol::Any
            || other.protocol == Protocol::Any;
        same && self.first <= other.last && other.first <= self.last
    }

    /// Whether every port of `other` is one of `self`.
    pub fn contains(self, other: Self) -> bool {
        (self.protocol == Protocol::Any || self.protocol == other.protocol)
            && self.first <= other.first
            && other.last <= self.last
    }
}

impl FromStr for Port {
    type Err = BadPort;

    fn from_str(text: &str) -> Result<Self, BadPort> {
        let bad = || BadPort(text.to_owned());
        match text {
            "any" => return Ok(Self::ANY),
            "icmp" => return Ok(Self { protocol: Protocol::Icmp, first: 0, last: u16::MAX }),
            _ => {}
        }
        let (protocol, ports) = text.split_once('/').ok_or_else(bad)?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return Err(bad()),
        };
        if ports == "any" {
            return Ok(Self { protocol, first: 0, last: u16::MAX });
        }
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let number = |it: &str| it.parse::<u16>().map_err(|_| bad());
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(bad());
        }
        Ok(Self { protocol, first, last })
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Any => return f.write_str("any"),
            Protocol::Icmp => return f.write_str("icmp"),
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        match (self.first, self.last) {
            (0, u16::MAX) => write!(f, "{protocol}/any"),
            (first, last) if first == last => write!(f, "{protocol}/{first}"),
            (first, last) => write!(f, "{protocol}/{first}-{last}"),
        }
    }
}

impl Serialize for Port {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_every_form() {
        for text in ["tcp/443", "udp/53", "tcp/5900-5905", "tcp/any", "udp/any", "icmp", "any"] {
            assert_eq!(text.parse::<Port>().map(|it| it.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "443", "tcp", "tcp/", "tcp/70000", "tcp/9-1", "sctp/1", "tcp/https"] {
            assert!(text.parse::<Port>().is_err(), "{text}");
        }
    }
}
