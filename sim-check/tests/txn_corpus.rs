//! Public histories of transactions and workloads with the verdicts that their sources state.

use sim_check::history::{RawHistory, Value};
use sim_check::txn::{self, Anomaly, ClientOrder, Evidence, analyze, check};
use sim_check::{Budget, Verdict};
use std::path::{Path, PathBuf};

/// True verdicts of sources that only look for some anomalies, which are wrong, with the anomaly
/// that proves it.
const DISAGREEMENTS: &[(&str, &str, Anomaly)] = &[
    // The second transaction reads x = 3, and the only write of x in the history is of 2. The
    // source's own notes say that it does not look for such reads.
    ("elle-cli/rw-register", "strict-serializable", Anomaly::ThinAirRead),
];

fn histories() -> Vec<RawHistory> {
    let shared = std::env::var_os("SQUALL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("histories/public");
    if !folder.is_dir() {
        println!("skipped: there are no shared histories at {}", folder.display());
        return Vec::new();
    }
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a listed file can be read");
        RawHistory::from_json_lines(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    paths.iter().map(read).collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a listed folder can be read");
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.push(path);
        }
    }
}

fn id(raw: &RawHistory) -> &str {
    raw.header.text("id").unwrap_or("unnamed")
}

fn is_txn(raw: &RawHistory) -> bool {
    matches!(raw.header.model(), Some("list-append" | "rw-register"))
}

/// The real time of files that state none must not be looked at.
fn order(raw: &RawHistory) -> ClientOrder {
    match raw.header.text("realtime") {
        Some("meaningless") => ClientOrder::Session,
        _ => ClientOrder::RealTime,
    }
}

#[test]
fn verdicts_of_levels_are_reproduced_and_verified() {
    let mut judged = 0;
    for raw in histories().iter().filter(|raw| is_txn(raw)) {
        let history = txn::from_raw(raw).unwrap_or_else(|error| panic!("{}: {error}", id(raw)));
        let nothing = Value::map(Vec::new());
        let verdicts = raw.header.get("verdicts").unwrap_or(&nothing);
        for (name, expected) in verdicts.as_map().expect("verdicts are a map") {
            let name = name.as_text().expect("a level is a text");
            let level = txn::level_of(&raw.header, name).expect("a level");
            let verdict = check(&history, level, Budget::default());
            let context = || format!("{} at {level}: {verdict:?}", id(raw));
            match &verdict {
                Verdict::Ok(execution) => {
                    let verified = execution.verify(&history, level);
                    assert_eq!(verified, Ok(()), "{}", context());
                    assert_eq!(*expected, Value::Bool(true), "{}", context());
                }
                Verdict::Violation(violation) => {
                    assert_eq!(violation.verify(&history), Ok(()), "{}", context());
                    assert_ne!(violation.evidence, Evidence::Search, "{}", context());
                    let (id, anomaly) = (id(raw), violation.anomaly());
                    let listed = |(file, level, proof): &&(&str, &str, Anomaly)| {
                        *file == id && *level == name && Some(*proof) == anomaly
                    };
                    if DISAGREEMENTS.iter().find(listed).is_none() {
                        assert_eq!(*expected, Value::Bool(false), "{}", context());
                    }
                }
                Verdict::Unknown(_) => panic!("{}", context()),
            }
            judged += 1;
        }
    }
    assert!(judged == 0 || judged > 200, "only {judged} verdicts");
}

/// What a source calls an anomaly.
fn anomaly_named(name: &str) -> Option<Vec<Anomaly>> {
    let free = ClientOrder::Free;
    Some(vec![match name {
        "G0" => Anomaly::G0 { order: free },
        "G1a" => Anomaly::G1a,
        "G1b" => Anomaly::G1b,
        "G1c" => Anomaly::G1c { order: free },
        "G-single-item" => Anomaly::GSingle { order: free },
        "G-single-item-process" => Anomaly::GSingle { order: ClientOrder::Session },
        "G-nonadjacent-item" => Anomaly::GNonadjacent { order: free },
        "G2-item" => Anomaly::G2Item { order: free },
        "G2-item-realtime" => Anomaly::G2Item { order: ClientOrder::RealTime },
        "dirty-update" => Anomaly::DirtyUpdate,
        "duplicate-elements" => Anomaly::DuplicateElements,
        "future-read" => Anomaly::FutureRead,
        "incompatible-order" => Anomaly::IncompatibleOrder,
        "internal" => return Some(vec![Anomaly::Internal, Anomaly::NonRepeatableRead]),
        "lost-update" => Anomaly::LostUpdate,
        // Not about the history: nothing to build a graph of, a search that was cut short, and the
        // statement that a level is violated, which the verdicts say too.
        "empty-transaction-graph"
        | "cycle-search-timeout"
        | "strong-snapshot-isolation-cycle-exists" => return None,
        other => panic!("{other} is an anomaly that this test does not know"),
    }])
}

#[test]
fn anomalies_are_named() {
    let mut named = 0;
    for raw in histories().iter().filter(|raw| is_txn(raw)) {
        let history = txn::from_raw(raw).unwrap_or_else(|error| panic!("{}: {error}", id(raw)));
        let Some(expectations) = raw.header.get("expect").and_then(Value::as_list) else {
            continue;
        };
        let analysis = analyze(&history, order(raw), Budget::default());
        assert!(!analysis.incomplete, "{}", id(raw));
        for expectation in expectations {
            let none = Value::list(Vec::new());
            let types = expectation.get("anomaly_types").unwrap_or(&none);
            for name in types.as_list().expect("anomaly types are a list") {
                let name = name.as_text().expect("an anomaly is a text");
                let Some(anomalies) = anomaly_named(name) else { continue };
                let found = anomalies.iter().any(|anomaly| analysis.contains(*anomaly));
                assert!(found, "{}: no {name} in {:?}", id(raw), analysis.anomalies());
                named += 1;
            }
        }
        if raw.header.property() == Some("no-internal-anomaly") {
            let expected = raw.header.get("verdict") == Some(&Value::Bool(true));
            assert_eq!(!analysis.contains(Anomaly::Internal), expected, "{}", id(raw));
        }
    }
    assert!(named == 0 || named > 30, "only {named} anomalies");
}
