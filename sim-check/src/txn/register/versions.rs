//! Versions of registers that contradict each other.

use crate::txn::anomaly::Anomaly;
use crate::txn::finding::{Finding, Findings};
use crate::txn::graph::components;
use crate::txn::history::{INITIAL, Op, Status, TxnHistory, TxnId, VersionId};
use std::collections::BTreeMap;

/// Reports versions of a key that transactions read and replaced in a circle: whoever replaces what
/// it read makes a later version.
pub(in crate::txn) fn find_cyclic_versions(history: &TxnHistory, findings: &mut Findings) {
    // For each version those that replaced it, with who did.
    let mut later: BTreeMap<VersionId, Vec<(VersionId, TxnId)>> = BTreeMap::new();
    for txn in (0..history.len() as TxnId).filter(|t| history.txn(*t).status == Status::Ok) {
        let mut last: BTreeMap<u32, VersionId> = BTreeMap::new();
        for op in history.ops(txn) {
            match *op {
                Op::Read { key, version } if version != INITIAL => {
                    last.entry(key).or_insert(version);
                }
                Op::Write { key, version } => {
                    if let Some(before) = last.insert(key, version)
                        && before != version
                    {
                        later.entry(before).or_default().push((version, txn));
                    }
                }
                Op::Read { .. } | Op::ReadList { .. } => {}
            }
        }
    }
    let found = components(history.version_count() as u32, |version, i| {
        later.get(&version).and_then(|next| next.get(i as usize)).map(|(next, _)| *next)
    });
    for mut versions in found.cyclic {
        versions.sort_unstable();
        let mut txns: Vec<TxnId> = versions
            .iter()
            .filter_map(|version| later.get(version))
            .flatten()
            .filter(|(next, _)| versions.contains(next))
            .map(|(_, txn)| *txn)
            .collect();
        txns.sort_unstable();
        txns.dedup();
        let key = history.key_of(versions[0]);
        findings.push(Finding::local(Anomaly::CyclicVersions, &txns, key, &versions));
    }
}
