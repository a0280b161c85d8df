//! Values that belong to a process: what a `static` or a thread-local is in a program that has a machine to itself.

use crate::world::World;
use std::any::Any;
use std::rc::Rc;

/// The locals of one process, by the address of their key. Looked up only, never iterated in order.
#[derive(Default)]
pub(crate) struct Locals {
    values: Vec<(usize, Rc<dyn Any>)>,
}

/// A value of the current process, declared with [`node_local!`](crate::node_local). Each process of each node has its own; it is
/// made at first use, shared by all tasks of the process, and gone when the process ends.
pub struct NodeLocal<T: 'static> {
    init: fn() -> T,
    /// Keeps two keys of one type apart even when their initialisers were merged.
    identity: u8,
}

impl<T: 'static> NodeLocal<T> {
    #[doc(hidden)]
    pub const fn new(init: fn() -> T) -> NodeLocal<T> {
        NodeLocal { init, identity: 0 }
    }

    /// Calls `f` with the current process's value.
    ///
    /// # Panics
    /// Outside of a simulation.
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        let key = std::ptr::from_ref(&self.identity).addr();
        let value = World::current(|world| {
            let node = world.current_node();
            let known = world.nodes().get(node).locals.find(key);
            known.unwrap_or_else(|| {
                let value: Rc<dyn Any> = Rc::new((self.init)());
                world.nodes().get_mut(node).locals.values.push((key, value.clone()));
                value
            })
        });
        f(value.downcast_ref().expect("a key has one type"))
    }
}

impl Locals {
    fn find(&self, key: usize) -> Option<Rc<dyn Any>> {
        self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone())
    }
}

/// Declares values that each process has of its own, in the form of `thread_local!`.
///
/// ```
/// use std::cell::Cell;
///
/// sim_runtime::node_local! {
///     /// Requests served by this process.
///     static SERVED: Cell<u64> = Cell::new(0);
/// }
///
/// async fn serve() {
///     SERVED.with(|served| served.set(served.get() + 1));
/// }
/// ```
#[macro_export]
macro_rules! node_local {
    ($($(#[$meta:meta])* $vis:vis static $name:ident: $type:ty = $init:expr;)*) => {
        $($(#[$meta])* $vis static $name: $crate::node::NodeLocal<$type> = $crate::node::NodeLocal::new(|| $init);)*
    };
}
