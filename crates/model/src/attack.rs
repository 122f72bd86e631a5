//! The tactics of MITRE ATT&CK, as rules, incidents, reports and coverage name them.

/// Tactics of the enterprise matrix in the order of its columns, by short name. ATT&CK 19 (2026) split defense evasion
/// into stealth and defense impairment; tags of both ages occur.
pub const TACTICS: [&str; 16] = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];
