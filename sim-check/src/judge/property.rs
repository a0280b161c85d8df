//! The names of properties.

/// The name by which a judge knows a property that people write in many ways: `Strict serializability`, `SI`,
/// `sequential_consistency`.
pub(super) fn canonical(name: &str) -> String {
    let name = name.trim().trim_start_matches(':').to_lowercase().replace(['_', ' '], "-");
    let usual = match name.as_str() {
        "linearizability" | "linearisable" | "linearisability" | "lin" => "linearizable",
        "sequential-consistency" | "sequentially-consistent" | "sc" => "sequential",
        "serializability" | "serialisable" | "ser" => "serializable",
        "strict-serializability" | "strong-serializable" | "strict-serialisable" | "sser" => {
            "strict-serializable"
        }
        "strong-session-serializability" => "strong-session-serializable",
        "si" => "snapshot-isolation",
        "strong-si" => "strong-snapshot-isolation",
        "strong-session-si" => "strong-session-snapshot-isolation",
        "psi" => "parallel-snapshot-isolation",
        "pc" | "prefix-consistency" => "prefix",
        "cc" | "causal-consistency" => "causal",
        "ra" => "read-atomic",
        "rc" => "read-committed",
        "ru" => "read-uncommitted",
        "rr" => "repeatable-read",
        "ryw" => "read-your-writes",
        "mr" => "monotonic-reads",
        "mw" => "monotonic-writes",
        "wfr" => "writes-follow-reads",
        other => other,
    };
    usual.to_string()
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn one_property_has_many_names() {
        assert_eq!(canonical("Strict serializability"), "strict-serializable");
        assert_eq!(canonical(":SI"), "snapshot-isolation");
        assert_eq!(canonical("sequential_consistency"), "sequential");
        assert_eq!(canonical("dbcop-repeatable-read"), "dbcop-repeatable-read");
    }
}
