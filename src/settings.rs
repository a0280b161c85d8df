//! The environment: what a test runner is asked to run. Never read inside of a run.

use crate::seed::Seed;
use crate::span::Span;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What `SQUALL_SEED`, `SQUALL_SEEDS`, `SQUALL_CASE`, `SQUALL_TIME`, `SQUALL_SHARD` and `SQUALL_JOBS` ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// One seed, alone.
    pub seed: Option<Seed>,
    /// How many seeds.
    pub seeds: Option<u64>,
    /// One case file, alone.
    pub case: Option<PathBuf>,
    /// For how long, in real time; as many seeds as fit.
    pub time: Option<Duration>,
    /// Which part of the seeds.
    pub shard: Option<Shard>,
    /// How many worker threads.
    pub jobs: Option<NonZeroUsize>,
}

/// Part `index` of `count` parts, as in `3/16`; the first is `1/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 0.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

impl Default for Shard {
    fn default() -> Shard {
        Shard { index: 0, count: 1 }
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text
            .split_once('/')
            .and_then(|(i, n)| Some((i.parse::<u64>().ok()?, n.parse::<u64>().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => {
                Ok(Shard { index: index - 1, count })
            }
            Some(_) | None => {
                Err(format!("`{text}` is not a shard: write I/N with I from 1 to N, such as 3/16"))
            }
        }
    }
}

/// Reads a time in the real world, such as `90s`, `1.5s` or `500ms`; also `2m` and `1h`.
///
/// # Errors
/// When the text is none.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let error = || {
        format!("`{text}` is not a time: write a number and a unit such as 90s, 500ms, 2m or 1h")
    };
    for (unit, seconds) in [("m", 60), ("h", 3_600)] {
        if let Some(number) = text.strip_suffix(unit)
            && let Ok(number) = number.parse::<u64>()
        {
            return number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(error);
        }
    }
    text.parse::<Span>().map(|span| Duration::from_nanos(span.0)).map_err(|_| error())
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// One line that names the variable, what is wrong with it and what would be right.
    pub fn from_env() -> Result<Settings, String> {
        Settings::read(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    fn read(get: impl Fn(&str) -> Option<String>) -> Result<Settings, String> {
        fn parse<T>(
            name: &str,
            value: Option<String>,
            f: impl Fn(&str) -> Result<T, String>,
        ) -> Result<Option<T>, String> {
            value
                .filter(|v| !v.is_empty())
                .map(|v| f(&v).map_err(|e| format!("{name}: {e}")))
                .transpose()
        }
        let number = |what: &'static str| {
            move |text: &str| {
                text.parse::<u64>().ok().filter(|n| *n > 0).ok_or_else(|| {
                    format!("`{text}` is not a number of {what}: write a whole number above 0")
                })
            }
        };
        let jobs = |text: &str| -> Result<NonZeroUsize, String> {
            text.parse().map_err(|_| {
                format!("`{text}` is not a number of threads: write a whole number above 0")
            })
        };
        Ok(Settings {
            seed: parse("SQUALL_SEED", get("SQUALL_SEED"), |t| {
                t.parse::<Seed>().map_err(|e| e.to_string())
            })?,
            seeds: parse("SQUALL_SEEDS", get("SQUALL_SEEDS"), number("seeds"))?,
            case: get("SQUALL_CASE").filter(|path| !path.is_empty()).map(PathBuf::from),
            time: parse("SQUALL_TIME", get("SQUALL_TIME"), parse_time)?,
            shard: parse("SQUALL_SHARD", get("SQUALL_SHARD"), str::parse)?,
            jobs: parse("SQUALL_JOBS", get("SQUALL_JOBS"), jobs)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn everything_is_read() {
        let settings = read(&[
            ("SQUALL_SEED", "0x2a"),
            ("SQUALL_SEEDS", "100"),
            ("SQUALL_CASE", "seeds/a.toml"),
            ("SQUALL_TIME", "2m"),
            ("SQUALL_SHARD", "3/16"),
            ("SQUALL_JOBS", "2"),
        ])
        .unwrap();
        assert_eq!(settings.seed, Some(Seed(42)));
        assert_eq!(settings.seeds, Some(100));
        assert_eq!(settings.case, Some("seeds/a.toml".into()));
        assert_eq!(settings.time, Some(Duration::from_secs(120)));
        assert_eq!(settings.shard, Some(Shard { index: 2, count: 16 }));
        assert_eq!(settings.jobs, NonZeroUsize::new(2));
        assert_eq!(read(&[]), Ok(Settings::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, value) in [
            ("SQUALL_SEED", "abc"),
            ("SQUALL_SEEDS", "-1"),
            ("SQUALL_SEEDS", "0"),
            ("SQUALL_TIME", "soon"),
            ("SQUALL_SHARD", "0/4"),
            ("SQUALL_SHARD", "5/4"),
            ("SQUALL_JOBS", "0"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(
                error.starts_with(name) && error.contains(value) && error.contains("write"),
                "{error}"
            );
            assert!(!error.contains('\n'));
        }
    }
}
