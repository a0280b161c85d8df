//! Random small histories, exhaustive judges of them, and whether the judges of this crate agree. Shared by the tests,
//! the example `agree` and the fuzz targets.
#![allow(dead_code, reason = "each user needs a part of it")]

pub mod agree;
pub mod axioms;
pub mod draw;
pub mod examples;
pub mod orders;
pub mod parsers;
pub mod proofs;
pub mod random;
pub mod sessions;
pub mod specs;
pub mod stale;
pub mod transactions;
pub mod workloads;
