//! Which ports let an attacker move, and which of them are remote logins: data that operators may change.

use bulkhead_model::estate::Port;
use serde::Deserialize;

const BUILT_IN: &str = include_str!("../data/movement_ports.toml");

/// The table of ports that admit movement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovementPorts {
    /// The ports, each with the protocol of its remote login if it is one.
    #[serde(rename = "port", default)]
    ports: Vec<MovementPort>,
}

/// One port that admits movement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovementPort {
    /// The port.
    pub port: Port,
    /// Protocol of the remote login behind it, as `rights[].via` spells it; absent when no credential is needed.
    #[serde(default)]
    pub login: Option<String>,
}

/// Why a text is not a table of movement ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("movement ports: {message}")]
pub struct BadMovementPorts {
    message: String,
}

impl MovementPorts {
    /// Reads a table in the form of the built-in one (TOML, `[[port]]` with `port` and `login`).
    ///
    /// # Errors
    /// When the text is not such a table; the message names line and column.
    pub fn parse(text: &str) -> Result<Self, BadMovementPorts> {
        toml::from_str(text).map_err(|it| BadMovementPorts { message: it.to_string() })
    }

    /// A table of these ports.
    pub fn of(ports: Vec<MovementPort>) -> Self {
        Self { ports }
    }

    /// The ports, in the order of the table.
    pub fn ports(&self) -> &[MovementPort] {
        &self.ports
    }
}

impl Default for MovementPorts {
    /// The built-in table.
    fn default() -> Self {
        // The text is a constant of this crate; `built_in_table_reads` proves that it parses.
        Self::parse(BUILT_IN).unwrap_or(Self { ports: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_table_reads() {
        let ports: Vec<String> = MovementPorts::parse(BUILT_IN)
            .unwrap()
            .ports
            .iter()
            .map(|it| it.port.to_string().replace("tcp/", ""))
            .collect();
        assert_eq!(
            ports.join(" "),
            "22 23 135 139 445 623 1433 1521 2375 3306 3389 5432 5900 5985 5986 6443 10250"
        );
    }

    #[test]
    fn a_wrong_table_says_where() {
        let message = MovementPorts::parse("[[port]]\nport = \"tcp/ssh\"\n").unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("tcp/ssh"), "{message}");
    }
}
