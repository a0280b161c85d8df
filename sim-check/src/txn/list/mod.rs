//! Lists: reads show the order of the versions, so the dependencies are known.

mod check;
mod edges;
mod scan;
mod unobserved;
mod versions;

pub(super) use check::{Lists, Outcome};
pub(super) use edges::Reach;
