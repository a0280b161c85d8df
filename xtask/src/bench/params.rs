//! Parameters in the form key=value.

use sim_runtime::task::Policy;
use std::collections::BTreeMap;

/// The parameters of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// # Errors
    /// When one is not key=value.
    pub fn parse(words: &[String]) -> Result<Params, String> {
        let pairs = words.iter().map(|word| {
            let (key, value) = word
                .split_once('=')
                .ok_or_else(|| format!("`{word}` is not a parameter: write key=value"))?;
            Ok((key.to_owned(), value.to_owned()))
        });
        pairs.collect::<Result<_, String>>().map(Params)
    }

    /// These, and of `defaults` what is missing.
    pub fn or(&self, defaults: &[(&str, u64)]) -> Params {
        let mut all: BTreeMap<_, _> =
            defaults.iter().map(|(key, value)| ((*key).to_owned(), value.to_string())).collect();
        all.extend(self.0.clone());
        Params(all)
    }

    /// # Errors
    /// When a parameter is none of `known` and none that every workload has.
    pub fn only(&self, known: &[&str]) -> Result<(), String> {
        const COMMON: [&str; 5] = ["guard", "policy", "repeat", "sched", "seed"];
        match self
            .0
            .keys()
            .find(|key| !COMMON.contains(&key.as_str()) && !known.contains(&key.as_str()))
        {
            None => Ok(()),
            Some(key) => Err(format!(
                "`{key}` is not a parameter here: write {}, {}",
                known.join(", "),
                COMMON.join(", ")
            )),
        }
    }

    /// # Errors
    /// When it is missing or not a whole number.
    pub fn number(&self, key: &str) -> Result<u64, String> {
        let value = self.0.get(key).ok_or_else(|| format!("{key}=NUMBER is missing"))?;
        parse_number(value).ok_or_else(|| format!("{key}={value}: write a whole number"))
    }

    /// # Errors
    /// When it is there but not a whole number.
    pub fn number_or(&self, key: &str, default: u64) -> Result<u64, String> {
        if self.0.contains_key(key) { self.number(key) } else { Ok(default) }
    }

    /// # Errors
    /// When it is there but not a number.
    pub fn seed(&self) -> Result<u64, String> {
        self.number_or("seed", 1)
    }

    /// A switch that is `1` or `0`, off when absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn switch_or(&self, key: &str, default: bool) -> Result<bool, String> {
        match self.number_or(key, u64::from(default))? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{key}={other}: write 0 or 1")),
        }
    }

    /// Which runnable task is polled next: `policy=`, or `sched=` as the peers call it. First in, first out by
    /// default, because that is what the bare loop does.
    ///
    /// # Errors
    /// When it is not a policy.
    pub fn policy(&self) -> Result<Policy, String> {
        match self.0.get("policy").or_else(|| self.0.get("sched")) {
            None => Ok(Policy::Fifo),
            Some(text) => text.parse().map_err(|error| format!("{error}")),
        }
    }

    /// All of them in order, as key=value.
    pub fn text(&self) -> String {
        let pairs: Vec<String> =
            self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(" ")
    }
}

fn parse_number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(words: &[&str]) -> Result<Params, String> {
        Params::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn numbers_are_decimal_or_hex() {
        let given = params(&["n=12", "seed=0xff", "m=x"]).unwrap();
        assert_eq!((given.number("n"), given.seed()), (Ok(12), Ok(255)));
        assert_eq!(given.number("m"), Err("m=x: write a whole number".to_owned()));
        assert_eq!(given.number("k"), Err("k=NUMBER is missing".to_owned()));
        assert_eq!(given.text(), "m=x n=12 seed=0xff");
    }

    #[test]
    fn given_parameters_win_over_the_usual_size() {
        let given = params(&["n=12"]).unwrap().or(&[("n", 1), ("m", 2)]);
        assert_eq!((given.number("n"), given.number("m")), (Ok(12), Ok(2)));
    }

    #[test]
    fn wrong_words_are_told() {
        assert_eq!(params(&["n"]), Err("`n` is not a parameter: write key=value".to_owned()));
        assert!(params(&["policy=odd"]).unwrap().policy().unwrap_err().contains("fifo, random"));
        let odd = params(&["n=1", "odd=1"]).unwrap().only(&["n"]).unwrap_err();
        assert!(odd.starts_with("`odd` is not a parameter here: write n, guard"), "{odd}");
        assert_eq!(params(&["n=1", "seed=1"]).unwrap().only(&["n"]), Ok(()));
        assert_eq!(params(&["sched=random"]).unwrap().policy(), Ok(Policy::Random));
    }
}
