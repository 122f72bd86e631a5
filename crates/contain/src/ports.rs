//! Which ports let an attacker move, and which of them are remote logins: data that operators may change.

use bulkhead_model::estate::Port;
use bulkhead_model::span::Span;

const BUILT_IN: &str = include_str!("../data/movement_ports.txt");

/// Time a move takes by means that the table does not time: known weaknesses, declared movement.
pub const DEFAULT_TIME: Span = Span::from_secs(3600);

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
    /// Time a skilled attacker needs for a move through it.
    pub time: Span,
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
    /// Reads a table in the form of the built-in one: a port per line, then the protocol of its remote login if it is one,
    /// then the time a move takes ([`DEFAULT_TIME`] when not given); `#` starts a comment.
    ///
    /// # Errors
    /// At the first line that is not of that form.
    pub fn parse(text: &str) -> Result<Self, BadMovementPorts> {
        let mut ports = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let mut words = text.split('#').next().unwrap_or_default().split_whitespace();
            let Some(port) = words.next() else { continue };
            let bad = |message: String| BadMovementPorts { line, message };
            let port = port.parse().map_err(|it| bad(format!("{it}")))?;
            let (mut login, mut time) = (None, None);
            for word in words {
                match word.parse::<Span>() {
                    Ok(span) if time.is_none() => time = Some(span),
                    Err(_) if login.is_none() && time.is_none() => login = Some(word.to_owned()),
                    _ => return Err(bad(format!("`{word}` is one word too many; `#` starts a comment"))),
                }
            }
            ports.push(MovementPort { port, login, time: time.unwrap_or(DEFAULT_TIME) });
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
        assert!(ports.iter().all(|it| it.time.secs() < DEFAULT_TIME.secs()));
    }

    #[test]
    fn a_wrong_table_says_where() {
        for (text, line) in
            [("tcp/22 ssh\ntcp/ssh\n", 2), ("# ports\n\ntcp/22 ssh please\n", 3), ("tcp/22 5m ssh", 1)]
        {
            assert_eq!(MovementPorts::parse(text).unwrap_err().line, line, "{text}");
        }
    }
}
