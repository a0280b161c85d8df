//! A device whose events ask for one more each.

use sim_runtime::{Device, DeviceId, World};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Rings at odd intervals until it has rung often enough.
#[derive(Default)]
pub struct Bell {
    left: Cell<u64>,
    last: RefCell<Option<Waker>>,
}

impl Device for Bell {
    fn due(&self, world: &World, token: u64) {
        let left = self.left.get();
        if left == 0 {
            return self.last.take().into_iter().for_each(Waker::wake);
        }
        self.left.set(left - 1);
        ring(world, world.device_id::<Bell>(), token);
    }
}

/// Has `pending` bells at any moment ring `count` times in all.
pub async fn rings(pending: u64, count: u64) {
    World::current(|world| {
        let device = world.device_id::<Bell>();
        world.with_device(|bell: &Bell| bell.left.set(count));
        (0..pending).for_each(|token| ring(world, device, token));
    });
    let mut armed = false;
    poll_fn(|cx| {
        if armed {
            return Poll::Ready(());
        }
        armed = true;
        let waker = cx.waker().clone();
        World::current(|world| world.with_device(|bell: &Bell| bell.last.replace(Some(waker))));
        Poll::Pending
    })
    .await;
}

fn ring(world: &World, device: DeviceId, token: u64) {
    // A full-period congruential generator: cheap, and it spreads over 1 to 17 ms.
    let token = token.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
    world.schedule(device, world.now() + 1_000_000 + (token >> 40), token);
}
