//! Randomness for the code under test, through the traits of `rand` 0.10.

use crate::world::World;
use rand::{Rng, TryRng};
use rand_chacha::ChaCha8Rng;
use std::convert::Infallible;

/// The generator of the current task, by the name of `rand::rng`. Each task has a ChaCha8 stream of its own, so a draw in one
/// task changes no other.
///
/// ```no_run
/// use rand::RngExt;
///
/// async fn back_off() -> u64 {
///     sim_runtime::rand::rng().random_range(10..100)
/// }
/// ```
pub fn rng() -> TaskRng {
    TaskRng(())
}

/// See [`rng`]. It can be kept and moved: it always draws from the stream of the task that uses it.
#[derive(Clone, Debug)]
pub struct TaskRng(());

fn draw<R>(f: impl FnOnce(&mut ChaCha8Rng) -> R) -> R {
    World::current(|world| world.with_task_rng(f))
}

impl TryRng for TaskRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(draw(Rng::next_u32))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(draw(Rng::next_u64))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        draw(|rng| rng.fill_bytes(bytes));
        Ok(())
    }
}
