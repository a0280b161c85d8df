//! Not written yet.

pub mod guard;
