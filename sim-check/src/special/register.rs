//! A register to which each value is written once.
//!
//! Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 26(4), 1997, section 4: a write and its reads are a
//! cluster. A cluster some operation of which returned before another was invoked occupies that whole stretch of
//! time (a forward zone); any other fits into one moment of a stretch (a backward zone).

use super::Decision;
use crate::hash::{NumberTable, hash_of};
use crate::history::OperationId;
use crate::spec::Datum;

/// An operation on a register.
pub(crate) struct Access<V> {
    pub(crate) id: OperationId,
    pub(crate) invoked: u32,
    /// `u32::MAX` if the outcome is unknown.
    pub(crate) returned: u32,
    /// What was written or read.
    pub(crate) value: V,
    pub(crate) is_write: bool,
}

struct Cluster<'v, V> {
    value: &'v V,
    write: Option<usize>,
    reads: u32,
    /// The operation that returned first, and when. Before all time for the initial value.
    first_return: (i64, Option<usize>),
    /// The operation that was invoked last, and when.
    last_invocation: (i64, Option<usize>),
}

impl<'v, V> Cluster<'v, V> {
    fn new(value: &'v V, first_return: i64, last_invocation: i64) -> Self {
        let (first_return, last_invocation) = ((first_return, None), (last_invocation, None));
        Cluster { value, write: None, reads: 0, first_return, last_invocation }
    }

    fn add(&mut self, i: usize, access: &Access<V>) {
        self.first_return = self.first_return.min((i64::from(access.returned), Some(i)));
        self.last_invocation = self.last_invocation.max((i64::from(access.invoked), Some(i)));
    }

    fn ids(&self, accesses: &[Access<V>]) -> Vec<OperationId> {
        let members = [self.write, self.first_return.1, self.last_invocation.1];
        members.into_iter().flatten().map(|i| accesses[i].id).collect()
    }
}

/// Decides whether the accesses are linearizable; `None` if a value was written twice. Reads of
/// unknown outcome must be left out.
pub(crate) fn decide_register<V: Datum>(initial: &V, accesses: &[Access<V>]) -> Option<Decision> {
    let mut numbers = NumberTable::with_capacity(accesses.len() + 1);
    let mut clusters = Vec::with_capacity(accesses.len() + 1);
    clusters.push(Cluster::new(initial, -1, -1));
    numbers.add(hash_of(initial));
    let mut cluster_of = Vec::with_capacity(accesses.len());
    for (i, access) in accesses.iter().enumerate() {
        let (number, new) = numbers.number(hash_of(&access.value), |number| {
            *clusters[number as usize].value == access.value
        });
        if new {
            clusters.push(Cluster::new(&access.value, i64::MAX, i64::MIN));
        }
        cluster_of.push(number);
        let cluster = &mut clusters[number as usize];
        if !access.is_write {
            cluster.reads += 1;
            cluster.add(i, access);
        } else if access.returned != u32::MAX {
            if number == 0 || cluster.write.replace(i).is_some() {
                return None;
            }
            cluster.add(i, access);
        }
    }
    for (i, access) in accesses.iter().enumerate() {
        // A write of unknown outcome that nobody read need not have happened.
        let cluster = &mut clusters[cluster_of[i] as usize];
        if access.is_write && access.returned == u32::MAX && cluster.reads > 0 {
            if cluster_of[i] == 0 || cluster.write.replace(i).is_some() {
                return None;
            }
            cluster.add(i, access);
        }
    }
    for (i, access) in accesses.iter().enumerate() {
        let number = cluster_of[i];
        if access.is_write || number == 0 {
            continue;
        }
        match clusters[number as usize].write {
            None => return Some(Decision::Violation(vec![access.id])),
            Some(write) if access.returned < accesses[write].invoked => {
                return Some(Decision::Violation(vec![access.id, accesses[write].id]));
            }
            Some(_) => {}
        }
    }
    Some(place_zones(accesses, &clusters, &cluster_of))
}

fn place_zones<V>(
    accesses: &[Access<V>],
    clusters: &[Cluster<'_, V>],
    cluster_of: &[u32],
) -> Decision {
    let used = |cluster: &Cluster<'_, V>| cluster.write.is_some() || cluster.reads > 0;
    let zone =
        |number: usize| (clusters[number].first_return.0, clusters[number].last_invocation.0);
    let both = |a: usize, b: usize| {
        let mut ids = clusters[a].ids(accesses);
        ids.extend(clusters[b].ids(accesses));
        ids.sort_unstable();
        ids.dedup();
        Decision::Violation(ids)
    };
    let mut forward: Vec<usize> = (0..clusters.len())
        .filter(|&number| used(&clusters[number]) && zone(number).0 < zone(number).1)
        .collect();
    forward.sort_unstable_by_key(|&number| zone(number).0);
    for pair in forward.windows(2) {
        if zone(pair[1]).0 < zone(pair[0]).1 {
            return both(pair[0], pair[1]);
        }
    }
    // Each cluster's place in the order: when its zone begins, or, if that moment lies inside a forward zone, when
    // that one ends.
    let mut places: Vec<(i64, u32, usize)> = Vec::with_capacity(clusters.len());
    for (number, _) in clusters.iter().enumerate().filter(|(_, cluster)| used(cluster)) {
        let (first_return, last_invocation) = zone(number);
        if first_return < last_invocation {
            places.push((first_return, 0, number));
            continue;
        }
        let after = forward.partition_point(|&other| zone(other).0 < last_invocation);
        match after.checked_sub(1).map(|i| forward[i]) {
            Some(other) if last_invocation < zone(other).1 => {
                if first_return < zone(other).1 {
                    return both(other, number);
                }
                places.push((zone(other).1, 1, number));
            }
            Some(_) | None => places.push((last_invocation, 0, number)),
        }
    }
    places.sort_unstable();
    let mut rank = vec![0u32; clusters.len()];
    for (i, (_, _, number)) in places.iter().enumerate() {
        rank[*number] = i as u32;
    }
    let mut order: Vec<(u32, bool, u32, OperationId)> = Vec::with_capacity(accesses.len());
    for (i, access) in accesses.iter().enumerate() {
        let number = cluster_of[i] as usize;
        if access.is_write && clusters[number].write != Some(i) {
            continue;
        }
        order.push((rank[number], !access.is_write, access.invoked, access.id));
    }
    order.sort_unstable();
    Decision::Linearizable(order.into_iter().map(|(.., id)| id).collect())
}
