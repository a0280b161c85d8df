//! The machine room of squall: executor, virtual time, nodes, choices, trace and probes.

#![warn(missing_docs)]

pub mod choice;
