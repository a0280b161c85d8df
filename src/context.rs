//! What squall keeps with a world: the case, what was drawn from it, monitors and the nemesis.

use crate::case::Case;
use crate::fault::{Class, FaultPlan, Nemesis};
use crate::history::Books;
use crate::{Device, World};
use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) struct ContextDevice {
    pub(crate) case: Rc<Case>,
    pub(crate) parameters: RefCell<BTreeMap<String, u64>>,
    pub(crate) class: Cell<Class>,
    pub(crate) plan: RefCell<Option<FaultPlan>>,
    pub(crate) nemesis: RefCell<Option<Rc<Nemesis>>>,
    pub(crate) monitors: RefCell<Vec<(TypeId, Rc<dyn Any>)>>,
    pub(crate) exported: Cell<u64>,
    pub(crate) books: Books,
    /// The fault kinds that the scenario declares and the case allows.
    pub(crate) declared: RefCell<Vec<&'static str>>,
    /// The fault kinds that are done without any effect.
    pub(crate) muted: RefCell<Vec<String>>,
    /// Why the case cannot be run as it is written.
    pub(crate) invalid: RefCell<Option<String>>,
}

/// The device as it is handed to the world; the runner keeps the other half.
pub(crate) struct Context(pub(crate) Rc<ContextDevice>);

impl Device for Context {}

impl Context {
    pub(crate) fn new(case: Rc<Case>) -> Context {
        Context(Rc::new(ContextDevice {
            case,
            parameters: RefCell::default(),
            class: Cell::default(),
            plan: RefCell::default(),
            nemesis: RefCell::default(),
            monitors: RefCell::default(),
            exported: Cell::new(0),
            books: Books::default(),
            declared: RefCell::default(),
            muted: RefCell::default(),
            invalid: RefCell::default(),
        }))
    }

    /// Calls `f` with the current run's context.
    pub(crate) fn with<R>(f: impl FnOnce(&World, &ContextDevice) -> R) -> R {
        World::current(|world| world.with_device(|context: &Context| f(world, &context.0)))
    }
}
