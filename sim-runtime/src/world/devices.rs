//! The devices of a run.

use super::{Due, World};
use crate::device::{Device, DeviceId};
use crate::time::{Nanos, TimerKey};
use std::any::{Any, TypeId, type_name};
use std::rc::Rc;

/// A device that a run was fitted with.
pub(crate) struct Fitted {
    kind: TypeId,
    name: &'static str,
    device: Rc<dyn Device>,
}

impl Fitted {
    pub(crate) fn new<D: Device>(device: D) -> Fitted {
        Fitted { kind: TypeId::of::<D>(), name: type_name::<D>(), device: Rc::new(device) }
    }
}

pub(super) struct Devices {
    devices: Vec<Fitted>,
}

impl Devices {
    pub(super) fn new(devices: Vec<Fitted>) -> Devices {
        for (at, fitted) in devices.iter().enumerate() {
            assert!(
                devices[..at].iter().all(|other| other.kind != fitted.kind),
                "a run has one device of a type"
            );
        }
        Devices { devices }
    }

    #[inline]
    pub(super) fn due(&self, world: &World, device: u8, token: u64) {
        self.devices[usize::from(device)].device.due(world, token);
    }

    pub(super) fn name(&self, device: u8) -> &'static str {
        self.devices[usize::from(device)].name
    }

    pub(super) fn memory(&self) -> usize {
        self.devices.iter().map(|fitted| fitted.device.memory()).sum()
    }

    #[inline]
    fn position<D: Device>(&self) -> Option<usize> {
        let wanted = TypeId::of::<D>();
        self.devices.iter().position(|fitted| fitted.kind == wanted)
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
        let device: &dyn Any = &*self.devices.devices[at].device;
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
        for fitted in &self.devices.devices {
            f(&*fitted.device);
        }
    }
}

#[cold]
fn missing(device: &str) -> ! {
    panic!(
        "this run has no device of type {device}: add it with `Simulation::device` before the run"
    );
}
