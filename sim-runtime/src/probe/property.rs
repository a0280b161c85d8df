//! `always!`, `sometimes!`, `reachable!`, `unreachable!`.

use super::{Site, in_run};
use crate::verdict::{Failure, FailureKind};

/// What `always!` and `unreachable!` expand to: counts the site, and fails the run unless `holds`.
pub fn always(site: &'static Site, holds: bool, message: impl FnOnce() -> String) {
    in_run(|world| {
        world.probes().hit(site);
        if !holds {
            world.fail(Failure {
                kind: FailureKind::Always,
                property: site.name.to_owned(),
                site: site.place(),
                message: message(),
            });
        }
    });
}

/// What `sometimes!` and `reachable!` expand to: counts the site.
pub fn reach(site: &'static Site) {
    in_run(|world| world.probes().hit(site));
}

/// A property that must hold whenever it is reached. Violating it fails the run, without unwinding.
///
/// ```
/// # let (committed, applied) = (2, 1);
/// sim_runtime::always!(applied <= committed, "applied entries are committed");
/// sim_runtime::always!(applied <= committed, "applied entries are committed", "{applied} > {committed}");
/// ```
#[macro_export]
macro_rules! always {
    ($condition:expr, $name:expr $(,)?) => {
        $crate::always!($condition, $name, "{} is false", stringify!($condition))
    };
    ($condition:expr, $name:expr, $($message:tt)+) => {
        $crate::probe::always($crate::__site!(Always, $name), $condition, || format!($($message)+))
    };
}

/// Something that must happen at least once in a swarm: proof that the swarm tests what it should.
///
/// ```
/// # let elections = 1;
/// sim_runtime::sometimes!(elections > 3, "elections are contested");
/// ```
#[macro_export]
macro_rules! sometimes {
    ($condition:expr, $name:expr $(,)?) => {{
        let site = $crate::__site!(Sometimes, $name);
        if $condition {
            $crate::probe::reach(site);
        }
    }};
}

/// A line that must be reached at least once in a swarm.
///
/// ```
/// sim_runtime::reachable!("a snapshot was installed");
/// ```
#[macro_export]
macro_rules! reachable {
    ($name:expr $(,)?) => {
        $crate::probe::reach($crate::__site!(Reachable, $name))
    };
}

/// A line that must never be reached. Unlike `std::unreachable!` it does not panic: it fails the run.
///
/// ```
/// if false {
///     sim_runtime::unreachable!("two leaders in one term");
/// }
/// ```
#[macro_export]
macro_rules! unreachable {
    ($name:expr $(,)?) => {
        $crate::unreachable!($name, "this line was reached")
    };
    ($name:expr, $($message:tt)+) => {
        $crate::probe::always($crate::__site!(Unreachable, $name), false, || format!($($message)+))
    };
}
