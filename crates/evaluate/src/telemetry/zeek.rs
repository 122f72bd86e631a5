//! Zeek logs in JSON. Sensors stand where traffic is filtered: what stays inside a flat zone, they do not see.

use jiff::Timestamp;
use serde_json::{Map, Number, Value, json};

use super::Scene;
use crate::defence::Peer;
use crate::world::World;

/// One connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conn {
    pub from: Peer,
    pub to: Peer,
    pub port: u16,
    pub protocol: &'static str,
    pub service: Option<&'static str>,
    pub sent: u64,
    pub received: u64,
    /// Zeek's `conn_state`: `SF` normal, `S0` no answer, `REJ` refused.
    pub state: &'static str,
    pub seconds: u64,
}

impl Conn {
    /// A short TCP connection that went well.
    pub fn tcp(from: Peer, to: Peer, port: u16) -> Self {
        Self {
            from,
            to,
            port,
            protocol: "tcp",
            service: None,
            sent: 1800,
            received: 5200,
            state: "SF",
            seconds: 2,
        }
    }

    /// A TCP connection that was never answered.
    pub fn unanswered(from: Peer, to: Peer, port: u16) -> Self {
        Self { sent: 0, received: 0, state: "S0", seconds: 0, ..Self::tcp(from, to, port) }
    }
}

/// What the logs of one connection have in common.
pub(crate) struct Seen {
    head: Map<String, Value>,
    at: Timestamp,
}

fn is_seen(world: &World<'_>, conn: &Conn) -> bool {
    match (conn.from, conn.to) {
        (Peer::Host(from), Peer::Host(to)) => {
            let (from, to) = (&world.asset(from).zone, &world.asset(to).zone);
            from != to || world.index.zone(from.as_str()).is_some_and(|(_, it)| !it.flat)
        }
        _ => true,
    }
}

impl Scene<'_, '_> {
    /// conn.log. Gives what further logs of the connection need, when a sensor sees it.
    pub fn conn(&mut self, conn: Conn) -> Option<Seen> {
        let at = self.tick();
        let (from, to) = (self.address(conn.from)?, self.address(conn.to)?);
        if !is_seen(self.world, &conn) {
            return None;
        }
        let source_port = self.rng.range(32_768, 60_999);
        let mut head = Map::new();
        head.insert("ts".to_owned(), seconds(at));
        head.insert("uid".to_owned(), format!("C{}", self.rng.hex(16)).into());
        head.insert("id.orig_h".to_owned(), from.to_string().into());
        head.insert("id.orig_p".to_owned(), source_port.into());
        head.insert("id.resp_h".to_owned(), to.to_string().into());
        head.insert("id.resp_p".to_owned(), conn.port.into());
        let inside = |it| matches!(it, Peer::Host(_));
        let mut fields = json!({ "proto": conn.protocol });
        if let Some(service) = conn.service {
            fields["service"] = service.into();
        }
        if conn.state == "SF" {
            fields["duration"] = milli(conn.seconds * 1000 + self.rng.below(1000));
            fields["orig_bytes"] = conn.sent.into();
            fields["resp_bytes"] = conn.received.into();
        }
        fields["conn_state"] = conn.state.into();
        fields["local_orig"] = inside(conn.from).into();
        fields["local_resp"] = inside(conn.to).into();
        fields["missed_bytes"] = 0.into();
        fields["history"] = match conn.state {
            "SF" => "ShADadFf",
            "REJ" => "Sr",
            _ => "S",
        }
        .into();
        fields["orig_pkts"] = (conn.sent / 1400 + 1).into();
        fields["resp_pkts"] = (conn.received / 1400).into();
        let seen = Seen { head, at };
        self.zeek("zeek/conn.log", &seen, fields);
        Some(seen)
    }

    fn zeek(&mut self, file: &'static str, seen: &Seen, fields: Value) {
        let mut record = seen.head.clone();
        if let Value::Object(fields) = fields {
            record.extend(fields);
        }
        self.sink.push(file, seen.at, Value::Object(record).to_string());
    }

    /// ssh.log.
    pub fn zeek_ssh(&mut self, seen: &Seen, success: bool, attempts: u32) {
        self.zeek(
            "zeek/ssh.log",
            seen,
            json!({
                "version": 2, "auth_success": success, "auth_attempts": attempts, "direction": "INBOUND",
                "client": "SSH-2.0-OpenSSH_9.2p1 Debian-2", "server": "SSH-2.0-OpenSSH_9.2p1 Debian-2",
                "cipher_alg": "chacha20-poly1305@openssh.com",
            }),
        );
    }

    /// smb_mapping.log.
    pub fn zeek_share(&mut self, seen: &Seen, path: &str) {
        self.zeek("zeek/smb_mapping.log", seen, json!({ "path": path, "share_type": "DISK" }));
    }

    /// smb_files.log: a file was written.
    pub fn zeek_file_written(&mut self, seen: &Seen, path: &str, name: &str, size: u64) {
        let fields = json!({ "action": "SMB::FILE_WRITE", "path": path, "name": name, "size": size });
        self.zeek("zeek/smb_files.log", seen, fields);
    }

    /// dce_rpc.log.
    pub fn zeek_rpc(&mut self, seen: &Seen, pipe: &str, endpoint: &str, operation: &str) {
        let fields =
            json!({ "rtt": 0.0012, "named_pipe": pipe, "endpoint": endpoint, "operation": operation });
        self.zeek("zeek/dce_rpc.log", seen, fields);
    }

    /// http.log.
    pub fn zeek_http(&mut self, seen: &Seen, method: &str, host: &str, uri: &str, agent: &str, status: u16) {
        self.zeek("zeek/http.log", seen, json!({
            "trans_depth": 1, "method": method, "host": host, "uri": uri, "version": "1.1", "user_agent": agent,
            "request_body_len": 0, "response_body_len": 4821, "status_code": status,
            "status_msg": if status < 400 { "OK" } else { "Forbidden" },
        }));
    }

    /// ssl.log. Without a name, the certificate is self-signed.
    pub fn zeek_tls(&mut self, seen: &Seen, name: Option<&str>) {
        let mut fields = json!({
            "version": "TLSv13", "cipher": "TLS_AES_256_GCM_SHA384", "curve": "x25519", "resumed": false,
            "established": true, "validation_status": if name.is_some() { "ok" } else { "self signed certificate" },
        });
        if let Some(name) = name {
            fields["server_name"] = name.into();
        }
        self.zeek("zeek/ssl.log", seen, fields);
    }

    /// dns.log, for a query to an inside server whose connection is `seen`.
    pub fn zeek_dns(&mut self, seen: &Seen, query: &str) {
        let id = self.rng.below(65_536);
        self.zeek("zeek/dns.log", seen, json!({
            "proto": "udp", "trans_id": id, "query": query, "qclass": 1, "qclass_name": "C_INTERNET", "qtype": 1,
            "qtype_name": "A", "rcode": 0, "rcode_name": "NOERROR", "AA": false, "RD": true, "RA": true,
        }));
    }

    /// kerberos.log.
    pub fn zeek_kerberos(
        &mut self,
        seen: &Seen,
        request: &str,
        client: &str,
        service: &str,
        failure: Option<&str>,
    ) {
        let mut fields = json!({
            "request_type": request, "client": client, "service": service, "success": failure.is_none(),
        });
        match failure {
            Some(failure) => fields["error_msg"] = failure.into(),
            None => {
                fields["cipher"] =
                    if request == "TGS" { "rc4-hmac" } else { "aes256-cts-hmac-sha1-96" }.into();
            }
        }
        self.zeek("zeek/kerberos.log", seen, fields);
    }
}

/// Seconds since 1970 with three decimals.
fn seconds(at: Timestamp) -> Value {
    milli(u64::try_from(at.as_millisecond()).unwrap_or_default())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
fn milli(ms: u64) -> Value {
    Number::from_f64(ms as f64 / 1000.0).map_or(Value::Null, Value::Number)
}
