//! What ships inside the program: the starter rules with their cases, and the scenarios.
//!
//! The lists are written out so that no build script is needed; tests compare them with the folders.

/// A rule file, its text, and the text of its cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedRule {
    /// Name below `rules/` without extension, such as `linux/sudo_denied`.
    pub name: &'static str,
    /// The rule, YAML.
    pub text: &'static str,
    /// Its cases, in the format of `rules/README.md`.
    pub cases: &'static str,
}

macro_rules! rules {
    ($($name:literal,)*) => {
        &[$(PackedRule {
            name: $name,
            text: include_str!(concat!("../../../rules/", $name, ".yml")),
            cases: include_str!(concat!("../../../rules/", $name, ".cases")),
        }),*]
    };
}

macro_rules! scenarios {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../../../scenarios/", $name, ".yaml")))),*]
    };
}

const RULES: &[PackedRule] = rules![
    "linux/auditd_archive_in_scratch",
    "linux/auditd_authorized_keys_changed",
    "linux/auditd_container_escape",
    "linux/auditd_cron_job_created",
    "linux/auditd_database_dump_to_scratch",
    "linux/auditd_download_to_scratch",
    "linux/auditd_exec_from_scratch",
    "linux/auditd_interactive_shell_redirect",
    "linux/auditd_kernel_module_from_scratch",
    "linux/auditd_log_or_history_removed",
    "linux/auditd_logging_stopped",
    "linux/auditd_network_scanner",
    "linux/auditd_packet_capture",
    "linux/auditd_preload_file",
    "linux/auditd_private_key_search",
    "linux/auditd_reverse_shell_tool",
    "linux/auditd_root_account_made",
    "linux/auditd_setuid_set",
    "linux/auditd_shadow_read",
    "linux/auditd_systemd_unit_created",
    "linux/auditd_upload_tool",
    "linux/auditd_web_server_runs_shell",
    "linux/sshd_guessing",
    "linux/sshd_password_login",
    "linux/sshd_root_password_login",
    "linux/sudo_denied",
    "linux/sudo_root_shell",
    "linux/sudo_shell_escape",
    "linux/syslog_uid_zero_user",
    "network/asa_admin_port_denied",
    "network/asa_configuration_by_unknown",
    "network/asa_scan_detected",
    "network/cisco_access_list_removed",
    "network/cisco_boot_image_changed",
    "network/cisco_config_exported",
    "network/cisco_local_admin_created",
    "network/cisco_logging_disabled",
    "network/cisco_login_failures",
    "network/cisco_snmp_write_community",
    "network/cisco_traffic_mirrored",
    "network/cisco_tunnel_configured",
    "windows/admin_share_executable",
    "windows/anonymous_computer_change",
    "windows/archive_with_password",
    "windows/certutil_download",
    "windows/cloud_sync_tool",
    "windows/comsvcs_minidump",
    "windows/credential_tool_command",
    "windows/dcsync",
    "windows/defender_disabled",
    "windows/dns_query_file_sharing",
    "windows/domain_discovery_commands",
    "windows/dump_tool_on_lsass",
    "windows/interpreter_connects_out",
    "windows/kerberoasting",
    "windows/kerberos_rc4_service_ticket",
    "windows/local_admin_added",
    "windows/logon_failed",
    "windows/lsass_dump_file",
    "windows/lsass_memory_access",
    "windows/ntds_extraction",
    "windows/office_spawns_interpreter",
    "windows/pass_the_hash_logon",
    "windows/password_guessing",
    "windows/password_spraying",
    "windows/port_forward_or_tunnel",
    "windows/powershell_attack_script",
    "windows/powershell_download_cradle",
    "windows/powershell_encoded_command",
    "windows/powershell_port_sweep",
    "windows/privileged_group_member_added",
    "windows/psexec_service_child",
    "windows/registry_hive_saved",
    "windows/remote_admin_pipe",
    "windows/remote_thread_in_lsass",
    "windows/run_key_suspicious",
    "windows/scheduled_task_suspicious",
    "windows/security_log_cleared",
    "windows/server_program_spawns_shell",
    "windows/service_created_remotely",
    "windows/service_manager_over_network",
    "windows/service_query_remote",
    "windows/shadow_copies_deleted",
    "windows/signed_binary_runs_remote_code",
    "windows/startup_folder_program",
    "windows/suspicious_service_installed",
    "windows/user_folder_program_moves",
    "windows/user_folder_program_pointed_at_host",
    "windows/user_folder_program_runs_shell",
    "windows/wdigest_enabled",
    "windows/winrm_spawns_process",
    "windows/wmi_spawns_interpreter",
    "zeek/admin_port_from_internet",
    "zeek/conn_admin_port_refused",
    "zeek/directory_replication",
    "zeek/dns_file_sharing",
    "zeek/dns_long_label",
    "zeek/dns_tunnel",
    "zeek/http_attack_on_application",
    "zeek/http_connect_bare_address",
    "zeek/http_connect_file_sharing",
    "zeek/http_program_from_bare_address",
    "zeek/internal_scan",
    "zeek/kerberoasting",
    "zeek/kerberos_password_spraying",
    "zeek/kerberos_preauth_failed",
    "zeek/kerberos_rc4_ticket",
    "zeek/large_pull_over_admin_port",
    "zeek/large_upload",
    "zeek/notice_lateral_movement",
    "zeek/notice_scan_or_guessing",
    "zeek/remote_service_created",
    "zeek/smb_admin_share_mapped",
    "zeek/smb_executable_to_admin_share",
    "zeek/ssh_fan_out",
    "zeek/ssh_guessing",
    "zeek/ssh_session",
    "zeek/tls_self_signed_outside",
];

const SCENARIOS: &[(&str, &str)] = scenarios!["false-alarm", "oss-ssh", "reference",];

/// The starter rules: file name (`starter/linux/sudo_denied.yml`) and text, sorted by name.
pub fn starter_rules() -> Vec<(String, &'static str)> {
    RULES.iter().map(|it| (format!("starter/{}.yml", it.name), it.text)).collect()
}

/// The starter rules with their cases.
pub fn starter_pack() -> &'static [PackedRule] {
    RULES
}

/// The embedded scenarios: name and text, sorted by name. `reference` is what `bulkhead drill` plays by default.
pub fn scenarios() -> &'static [(&'static str, &'static str)] {
    SCENARIOS
}

/// The text of the embedded scenario `name`.
pub fn scenario(name: &str) -> Option<&'static str> {
    SCENARIOS.iter().find(|(it, _)| *it == name).map(|(_, text)| *text)
}
