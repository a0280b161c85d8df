//! Tasks: spawning, joining, and the order in which they are polled.
//!
//! By the names of `tokio::task`. Everything runs on one thread, so futures need not be `Send`.

mod drawn;
mod id;
mod join;
mod join_set;
mod policy;
mod ready;
mod slot;
mod spawn;
mod yield_now;

pub use id::{TaskId, id, try_id};
pub use join::{AbortHandle, JoinError, JoinHandle};
pub use join_set::JoinSet;
pub use policy::{Policy, PolicyError};
pub use spawn::{Builder, spawn, spawn_local};
pub use yield_now::yield_now;

/// [`TaskId`], by tokio's name.
pub type Id = TaskId;

pub(crate) use id::Meta;
pub(crate) use ready::Ready;
pub(crate) use slot::{Name, Tasks};
pub(crate) use spawn::{Task, start};
