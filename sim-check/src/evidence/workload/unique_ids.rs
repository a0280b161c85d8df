//! Evidence for and against unique ids.

use super::claim;
use crate::workload::{DistinctIds, DuplicateId};

impl DistinctIds {
    /// Checks that the places are all places, each once, and that the ids ascend.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify<V: Ord>(&self, ids: &[V]) -> Result<(), String> {
        claim(self.ascending.len() == ids.len(), || "there are as many ids".to_string())?;
        let mut last: Option<&V> = None;
        for place in &self.ascending {
            // As many ids as there are, each above the one before: none can stand twice or be left out.
            let id = ids.get(*place).ok_or_else(|| format!("there is no id at {place}"))?;
            claim(last < Some(id), || format!("the id at {place} is above the one before it"))?;
            last = Some(id);
        }
        Ok(())
    }
}

impl<V: PartialEq> DuplicateId<V> {
    /// Checks that each of these ids stands at two places or more.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, ids: &[V]) -> Result<(), String> {
        claim(!self.places.is_empty(), || "there is an id that was given out twice".to_string())?;
        for (id, places) in &self.places {
            claim(places.len() > 1, || "it was given out twice".to_string())?;
            claim(places.is_sorted_by(|a, b| a < b), || "the places differ".to_string())?;
            for place in places {
                claim(ids.get(*place) == Some(id), || format!("that id stands at {place}"))?;
            }
        }
        Ok(())
    }
}
