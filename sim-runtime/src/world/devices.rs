//! The devices of a run.

use super::{Due, World};
use crate::device::{Device, DeviceId};
use crate::time::{Nanos, TimerKey};
use std::any::{Any, TypeId, type_name};
use std::rc::Rc;

pub(super) struct Devices {
    devices: Vec<(TypeId, Rc<dyn Device>)>,
}

impl Devices {
    pub(super) fn new(devices: Vec<Rc<dyn Device>>) -> Devices {
        let devices: Vec<_> =
            devices.into_iter().map(|device| ((*device).type_id(), device)).collect();
        for (at, (kind, _)) in devices.iter().enumerate() {
            assert!(
                devices[..at].iter().all(|(other, _)| other != kind),
                "a run has one device of a type"
            );
        }
        Devices { devices }
    }

    pub(super) fn due(&self, world: &World, device: u8, token: u64) {
        self.devices[usize::from(device)].1.due(world, token);
    }

    pub(super) fn memory(&self) -> usize {
        self.devices.iter().map(|(_, device)| device.memory()).sum()
    }

    #[inline]
    fn position<D: Device>(&self) -> Option<usize> {
        let wanted = TypeId::of::<D>();
        self.devices.iter().position(|(kind, _)| *kind == wanted)
    }
}

impl World {
    /// Calls `f` with the run's device of type `D`.
    ///
    /// # Panics
    /// When the run has none.
    #[inline]
    pub fn with_device<D: Device, R>(&self, f: impl FnOnce(&D) -> R) -> R {
        let Some(at) = self.devices.position::<D>() else { missing(type_name::<D>()) };
        let device: &dyn Any = &*self.devices.devices[at].1;
        f(device.downcast_ref().expect("a device was found by its type"))
    }

    /// Whether the run has a device of type `D`.
    pub fn has_device<D: Device>(&self) -> bool {
        self.devices.position::<D>().is_some()
    }

    /// Where the device of type `D` stands, for [`World::schedule`].
    ///
    /// # Panics
    /// When the run has none.
    pub fn device_id<D: Device>(&self) -> DeviceId {
        match self.devices.position::<D>() {
            Some(at) => DeviceId(u8::try_from(at).expect("fewer than 256 devices")),
            None => missing(type_name::<D>()),
        }
    }

    /// Has [`Device::due`] called with `token` at instant `at`; an instant that has passed counts as now.
    #[inline]
    pub fn schedule(&self, device: DeviceId, at: Nanos, token: u64) -> TimerKey {
        self.arm(at, Due::Token { device: device.0, token })
    }

    pub(crate) fn each_device(&self, f: impl Fn(&dyn Device)) {
        for (_, device) in &self.devices.devices {
            f(&**device);
        }
    }
}

#[cold]
fn missing(device: &str) -> ! {
    panic!(
        "this run has no device of type {device}: add it with `Simulation::device` before the run"
    );
}
