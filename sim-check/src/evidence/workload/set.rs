//! Evidence for and against a set that is read in the end.

use super::{claim, operation};
use crate::history::{History, OperationId};
use crate::workload::{SetOp, SetPlaces, SetReport};
use std::collections::BTreeSet;

type Set<V> = History<SetOp<V>, Vec<V>>;

/// What the last read saw, if it is this one.
fn last_read<V>(history: &Set<V>, read: OperationId) -> Result<&Vec<V>, String> {
    let last = operation(history, read)?;
    let seen = match (&last.op, last.outcome.ok()) {
        (SetOp::Read, Some(seen)) => seen,
        (SetOp::Read | SetOp::Add(_), _) => return Err(format!("{} is no read", read.0)),
    };
    let later = history.operations().iter().any(|other| {
        matches!(other.op, SetOp::Read)
            && other.outcome.ok().is_some()
            && other.last_position() > last.last_position()
    });
    claim(!later, || format!("no read completed after read {}", read.0))?;
    Ok(seen)
}

impl SetPlaces {
    /// Checks that the last read holds each element that was added for certain, and nothing that nobody added.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify<V: PartialEq>(&self, history: &Set<V>) -> Result<(), String> {
        let seen = last_read(history, self.read)?;
        let mut listed = self.places.iter();
        for (id, add) in history.iter() {
            if let (SetOp::Add(value), Some(_)) = (&add.op, add.outcome.ok()) {
                let found = listed.next().filter(|(next, _)| *next == id);
                let there = found.and_then(|(_, place)| seen.get(*place));
                claim(there == Some(value), || format!("the read holds what {} added", id.0))?;
            }
        }
        claim(listed.next().is_none(), || "nothing else was added".to_string())?;
        claim(self.sources.len() == seen.len(), || "each element has a source".to_string())?;
        for (value, source) in seen.iter().zip(&self.sources) {
            let added = matches!(&operation(history, *source)?.op, SetOp::Add(v) if v == value);
            claim(added, || format!("operation {} added it", source.0))?;
        }
        Ok(())
    }
}

impl<V: Ord> SetReport<V> {
    /// Checks the elements that the report names against the additions and the last read.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, history: &Set<V>) -> Result<(), String> {
        let seen: BTreeSet<&V> = last_read(history, self.read)?.iter().collect();
        let (mut attempted, mut acknowledged) = (BTreeSet::new(), BTreeSet::new());
        for add in history.operations() {
            if let SetOp::Add(value) = &add.op {
                attempted.insert(value);
                if add.outcome.ok().is_some() {
                    acknowledged.insert(value);
                }
            }
        }
        let lost = self.lost.iter().all(|v| acknowledged.contains(v) && !seen.contains(v));
        claim(lost, || "these were added and are gone".to_string())?;
        let unexpected = self.unexpected.iter().all(|v| seen.contains(v) && !attempted.contains(v));
        claim(unexpected, || "nobody added these".to_string())?;
        let recovered = self
            .recovered
            .iter()
            .all(|v| seen.contains(v) && attempted.contains(v) && !acknowledged.contains(v));
        claim(recovered, || "nobody knew of these".to_string())?;
        claim(!(self.lost.is_empty() && self.unexpected.is_empty()), || "it is bad".to_string())
    }
}
