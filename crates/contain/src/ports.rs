//! Which ports let an attacker move, and which of them are remote logins: data that operators may change.

use bulkhead_model::estate::Port;

const BUILT_IN: &str = include_str!("../data/movement_ports.txt");

/// The table of ports that admit movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementPorts {
    ports: Vec<MovementPort>,
}

/// One port that admits movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementPort {
    /// The port.
    pub port: Port,
    /// Protocol of the remote login behind it, as `rights[].via` spells it; absent when no credential is needed.
    pub login: Option<String>,
}

/// Why a text is not a table of movement ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("movement ports, line {line}: {message}")]
pub struct BadMovementPorts {
    /// 1-based line.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl MovementPorts {
    /// Reads a table in the form of the built-in one: a port per line, then the protocol of its remote login if it is one;
    /// `#` starts a comment.
    ///
    /// # Errors
    /// At the first line that is not of that form.
    pub fn parse(text: &str) -> Result<Self, BadMovementPorts> {
        let mut ports = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let words: Vec<&str> = text.split('#').next().unwrap_or_default().split_whitespace().collect();
            let (port, login) = match words[..] {
                [] => continue,
                [port] => (port, None),
                [port, login] => (port, Some(login.to_owned())),
                _ => {
                    let message = "more than a port and a protocol; `#` starts a comment".to_owned();
                    return Err(BadMovementPorts { line, message });
                }
            };
            let port = port.parse().map_err(|it| BadMovementPorts { line, message: format!("{it}") })?;
            ports.push(MovementPort { port, login });
        }
        Ok(Self { ports })
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
        let ports = MovementPorts::parse(BUILT_IN).unwrap().ports;
        let names: Vec<String> = ports.iter().map(|it| it.port.to_string().replace("tcp/", "")).collect();
        let expected = "22 23 135 139 445 623 1433 1521 2375 3306 3389 5432 5900 5985 5986 6443 10250";
        assert_eq!(names.join(" "), expected);
        assert_eq!(ports.iter().filter(|it| it.login.is_none()).count(), 3);
    }

    #[test]
    fn a_wrong_table_says_where() {
        for (text, line) in [("tcp/22 ssh\ntcp/ssh\n", 2), ("# ports\n\ntcp/22 ssh please\n", 3)] {
            assert_eq!(MovementPorts::parse(text).unwrap_err().line, line, "{text}");
        }
    }
}
