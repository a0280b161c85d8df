//! The command line's contract: fields, exit statuses, and one clear line for what is wrong.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[path = "cli/check.rs"]
mod check;

/// A bug that many seeds show.
const MUTANT: &str = "M-PAX-06";

/// A folder of its own for each test: nothing that a command writes meets what another one wrote.
struct Place(PathBuf);

/// How a command ended.
struct Ended {
    status: i32,
    out: String,
    err: String,
}

impl Place {
    fn new(name: &str) -> Place {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(&folder).unwrap();
        Place(folder)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(line.split_whitespace()).current_dir(&self.0);
        command.env("CARGO_TARGET_DIR", self.0.join("target")).env_remove("CI");
        command
    }

    fn xtask(&self, line: &str) -> Ended {
        let output = self.command(line).output().unwrap();
        Ended {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What a command printed, when it ended with this status and printed JSON Lines only.
    #[track_caller]
    fn json(&self, status: i32, line: &str) -> Vec<Value> {
        let ended = self.xtask(&format!("{line} --json"));
        assert_eq!(ended.status, status, "{line}\n{}{}", ended.out, ended.err);
        ended.json()
    }

    /// A case that fails, as a swarm wrote it: its path and its line.
    fn failing_case(&self) -> (String, Value) {
        let line = format!("swarm --scenario paxos --mutant {MUTANT} --seeds 3000");
        let mut lines = self.json(1, &line);
        assert_eq!(lines.len(), 2, "a failure and a summary: {lines:?}");
        let failure = lines.remove(0);
        (text(&failure, "case").to_owned(), failure)
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.0.join(name), text).unwrap();
        name.to_owned()
    }
}

impl Ended {
    fn json(&self) -> Vec<Value> {
        let parsed = self.out.lines().map(serde_json::from_str);
        parsed.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

#[track_caller]
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("`{field}` is no text: {value}"))
}

#[track_caller]
fn number(value: &Value, field: &str) -> u64 {
    value[field].as_u64().unwrap_or_else(|| panic!("`{field}` is no whole number: {value}"))
}

#[track_caller]
fn positive(value: &Value, field: &str) -> f64 {
    let number = value[field].as_f64().unwrap_or_else(|| panic!("`{field}` is no number: {value}"));
    assert!(number > 0.0, "{field}: {value}");
    number
}

#[track_caller]
fn is_seed(value: &Value) {
    let digits = text(value, "seed").strip_prefix("0x").expect("seeds print as hex");
    assert!(u64::from_str_radix(digits, 16).is_ok(), "{value}");
}

#[track_caller]
fn is_hash(value: &Value, field: &str) {
    let hash = text(value, field);
    assert!(hash.len() == 16 && u64::from_str_radix(hash, 16).is_ok(), "{value}");
}

#[test]
fn a_swarm_that_passes() {
    let place = Place::new("passes");
    let lines = place.json(0, "swarm --scenario paxos --seeds 60 --determinism-check 20");
    assert_eq!(lines.len(), 1);
    let summary = &lines[0];
    assert_eq!((text(summary, "type"), text(summary, "scenario")), ("summary", "paxos"));
    assert_eq!((number(summary, "seeds"), number(summary, "failures")), (60, 0));
    assert_eq!(summary["fingerprints"], serde_json::json!({}));
    assert_eq!(summary["first_failure_after"], Value::Null);
    assert!(number(summary, "events") > 60 * 50, "{summary}");
    for field in ["sim_seconds", "wall_seconds", "seeds_per_second"] {
        positive(summary, field);
    }
    assert_eq!((number(summary, "nondeterministic"), number(summary, "undecided")), (0, 0));
    is_hash(summary, "digest");
    for kind in ["kill", "power_off", "loss", "partition"] {
        let line = &summary["ledger"][kind];
        let (cases, injected) = (number(line, "cases"), number(line, "injected"));
        assert!(0 < cases && cases <= 60 && cases <= injected, "{kind}: {line}");
        number(line, "observed");
    }
    let probes = summary["probes"].as_object().unwrap();
    assert!(!probes.is_empty());
    for (name, probe) in probes {
        let kinds = ["always", "sometimes", "reachable", "unreachable", "buggify", "knob"];
        assert!(kinds.contains(&text(probe, "kind")), "{name}: {probe}");
        assert!(number(probe, "cases") <= number(probe, "hits").min(60), "{name}: {probe}");
    }
}

#[test]
fn a_swarm_that_fails_and_its_case_again() {
    let place = Place::new("fails");
    let line = format!("swarm --scenario paxos --mutant {MUTANT} --seeds 3000");
    let lines = place.json(1, &line);
    let [failure, summary] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((text(failure, "type"), text(failure, "scenario")), ("failure", "paxos"));
    is_seed(failure);
    is_hash(failure, "trace_hash");
    assert!(!text(failure, "message").is_empty() && !text(failure, "message").contains('\n'));
    let fingerprint = text(failure, "fingerprint");
    assert_eq!(summary["fingerprints"], serde_json::json!({ fingerprint: 1 }));
    assert_eq!(number(summary, "failures"), 1);
    let seed = u64::from_str_radix(&text(failure, "seed")[2..], 16).unwrap();
    assert_eq!(number(summary, "first_failure_after"), seed, "seeds begin with 1");

    // By its file, by its seed in hex, by its seed in decimal: one and the same run.
    let case = text(failure, "case");
    assert!(place.0.join(case).is_file(), "{case}");
    for how in [
        case.to_owned(),
        format!("--scenario paxos --mutant {MUTANT} --seed {}", text(failure, "seed")),
        format!("--scenario paxos --mutant {MUTANT} --seed {seed}"),
    ] {
        let outcomes = place.json(1, &format!("replay {how} --times 2"));
        assert_eq!(outcomes.len(), 2);
        for outcome in &outcomes {
            assert_eq!((text(outcome, "type"), text(outcome, "verdict")), ("outcome", "fail"));
            for field in ["scenario", "seed", "fingerprint", "message", "trace_hash"] {
                assert_eq!(outcome[field], failure[field], "{field}, {how}");
            }
            assert!(number(outcome, "events") > 0);
            positive(outcome, "sim_seconds");
            positive(outcome, "wall_seconds");
        }
    }

    // Without the bug the same seed passes.
    let passes = place.json(0, &format!("replay --scenario paxos --seed {seed}"));
    assert_eq!(text(&passes[0], "verdict"), "pass");
    assert_eq!((&passes[0]["fingerprint"], &passes[0]["message"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_failure_is_told_to_people() {
    let place = Place::new("people");
    let ended = place.xtask(&format!("swarm --scenario paxos --mutant {MUTANT} --seeds 3000"));
    assert_eq!(ended.status, 1);
    assert!(ended.out.contains("1 failed, the first after "), "{}", ended.out);
    let report: Vec<&str> = ended.err.lines().collect();
    assert_eq!(report[0], "---- paxos ----");
    let replay = report[1].strip_prefix("replay   cargo xtask ").expect("the replay line is first");
    assert!(report[2].starts_with("seed 0x"), "{}", report[2]);
    // The line, as it stands there.
    let again = place.xtask(replay);
    assert_eq!(again.status, 1, "{}", again.err);
    let message = report[2].split_once("  ").unwrap().1;
    assert!(again.out.contains(message), "`{message}` is not in {}", again.out);
    let traced = place.xtask(&format!("{replay} --trace"));
    assert!(traced.out.lines().count() > 50, "{}", traced.out);
    let first = traced.out.lines().next().unwrap().split_whitespace().collect::<Vec<_>>();
    assert!(first[0].ends_with('s') && first.len() > 3, "time, node, event: {first:?}");
    // As JSON, standard output has nothing but JSON.
    let ended = place.xtask(&format!("{replay} --trace --json"));
    assert_eq!(ended.json().len(), 1);
    assert!(ended.err.lines().count() > 50);
}

#[test]
fn what_to_run_is_chosen() {
    let place = Place::new("chosen");
    let one = |line: &str| place.json(0, &format!("swarm --scenario paxos {line}")).remove(0);
    let all = one("--seeds 30 --jobs 1");
    let same = |other: &Value| {
        assert_eq!(text(other, "digest"), text(&all, "digest"));
        assert_eq!(other["events"], all["events"]);
    };
    same(&one("--seeds 30 --jobs 2"));
    same(&one("--seeds 30 --reverse"));
    same(&one("--seeds 30 --first-seed 0x1"));
    let events = |line: &str| number(&one(line), "events");
    let parts = [1, 2, 3].map(|part| events(&format!("--seeds 30 --shard {part}/3")));
    assert_eq!(parts.iter().sum::<u64>(), number(&all, "events"));
    let halves = ["--seeds 10", "--seeds 20 --first-seed 11"].map(events);
    assert_eq!(halves.iter().sum::<u64>(), number(&all, "events"));
    let injected = |summary: &Value, kind: &str| summary["ledger"][kind]["injected"].as_u64();
    let quiet = one("--seeds 30 --faults none");
    let some = one("--seeds 30 --faults kill,loss");
    for kind in ["partition", "slow_link", "shutdown"] {
        assert!(injected(&all, kind) > Some(0), "{all}");
        assert_eq!((injected(&quiet, kind), injected(&some, kind)), (None, None), "{kind}");
    }
    assert!(injected(&some, "kill") > Some(0) && injected(&some, "loss") > Some(0), "{some}");
    for policy in ["fifo", "random", "pct:3"] {
        assert_ne!(one(&format!("--seeds 30 --policy {policy}"))["digest"], all["digest"]);
    }
    same(&one("--seeds 30 --policy portfolio"));
    assert_ne!(one("--seeds 30 --profile stormy")["digest"], all["digest"]);
}

#[test]
fn time_ends_a_swarm() {
    let place = Place::new("time");
    let summary = place.json(0, "swarm --scenario paxos --time 1s").remove(0);
    assert!(number(&summary, "seeds") > 0);
    assert!(positive(&summary, "wall_seconds") >= 1.0);
}

#[test]
fn a_gate_that_falls_short_is_status_3() {
    let place = Place::new("gate");
    // Without faults, what only faults lead to is not reached.
    let ended = place.xtask("swarm --scenario paxos --seeds 1000 --faults none");
    assert_eq!(ended.status, 3, "{}{}", ended.out, ended.err);
    assert!(ended.err.starts_with("gate: paxos: probes never reached: "), "{}", ended.err);
    assert_eq!(ended.err.lines().count(), 1);
}

#[test]
fn planted_bugs() {
    let place = Place::new("mutants");
    let lines = place.json(0, &format!("mutants --protocol paxos --mutant {MUTANT} --seeds 300"));
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((text(line, "type"), text(line, "protocol")), ("mutant", "paxos"));
    assert_eq!(text(line, "mutant"), MUTANT);
    assert!(!text(line, "violates").is_empty());
    assert_eq!(number(line, "seeds"), 300);
    assert!(number(line, "failures") > 0 && line["found"] == true, "{line}");
    assert!((1..=300).contains(&number(line, "first_failure_after")));
    assert!(text(line, "fingerprint").contains(':'));
}

#[test]
fn measurements() {
    let place = Place::new("bench");
    let lines = place.json(0, "bench w1 n=10 m=10");
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((text(line, "peer"), text(line, "workload")), ("squall", "w1"));
    assert!(text(line, "params").contains("n=10"));
    assert!(number(line, "events") > 0 && line["ok"] == true);
    for field in ["events_per_s", "sim_seconds", "peak_rss_kb"] {
        positive(line, field);
    }
    for field in ["wall_s", "cpu_s", "sim_per_wall"] {
        assert!(line[field].is_number(), "{field}: {line}");
    }
    is_hash(line, "trace_hash");
}

/// A command that must end with status 2, nothing on standard output, and one line that says all of `says`.
#[track_caller]
fn refused(place: &Place, line: &str, says: &[&str]) {
    let ended = place.xtask(line);
    assert_eq!(ended.status, 2, "{line}\n{}{}", ended.out, ended.err);
    assert_eq!(ended.out, "", "{line}");
    assert!(ended.err.starts_with("error: "), "{line}: {}", ended.err);
    assert_eq!(ended.err.lines().count(), 1, "{line}: {}", ended.err);
    for part in says {
        assert!(ended.err.contains(part), "{line}: `{part}` is not said: {}", ended.err);
    }
}

#[test]
fn wrong_usage_is_one_line() {
    let place = Place::new("usage");
    let seed = ["`abc` is not a seed", "decimal such as 42 or hexadecimal such as 0x2a"];
    refused(&place, "replay --scenario paxos --seed abc", &seed);
    refused(&place, "swarm --first-seed abc", &seed);
    refused(&place, "swarm --seeds many", &["many", "--seeds"]);
    refused(&place, "swarm --seeds 0", &["--seeds"]);
    let scenario = ["there is no scenario `raft`", "paxos"];
    refused(&place, "swarm --scenario raft", &scenario);
    refused(&place, "replay --scenario raft --seed 1", &scenario);
    refused(&place, "mutants --protocol raft", &scenario);
    let mutant = ["has no mutant `M-PAX-99`", MUTANT];
    refused(&place, "swarm --scenario paxos --mutant M-PAX-99 --seeds 5", &mutant);
    refused(&place, "replay --scenario paxos --seed 1 --mutant M-PAX-99", &mutant);
    refused(&place, "mutants --protocol paxos --mutant M-PAX-99", &mutant);
    refused(&place, "swarm --faults explode", &["no fault kind `explode`", "power_off"]);
    refused(&place, "swarm --profile odd", &["`odd` is not a profile", "calm, realistic"]);
    refused(&place, "swarm --policy odd", &["odd", "fifo"]);
    refused(&place, "swarm --shard 9/3", &["`9/3` is not a shard", "3/16"]);
    refused(&place, "swarm --time soon", &["`soon` is not a time", "90s"]);
    refused(&place, "swarm --jobs 0", &["--jobs"]);
    refused(&place, "replay", &["name one case"]);
    refused(&place, "replay --scenario paxos", &["name one case"]);
    refused(&place, "swarm --colour red", &["--colour"]);
    refused(&place, "dance", &["dance"]);
    refused(&place, "bench w1 n", &["`n` is not a parameter: write key=value"]);
    refused(&place, "bench w99", &["w99"]);
    let help = place.xtask("--help");
    assert_eq!((help.status, help.err.as_str()), (0, ""));
}

#[test]
fn an_unreadable_case_is_one_line() {
    let place = Place::new("unreadable");
    let (path, _) = place.failing_case();
    let whole = std::fs::read_to_string(place.0.join(&path)).unwrap();
    refused(&place, &format!("replay {path} --scenario paxos"), &["name one case"]);
    refused(&place, "replay none.toml", &["none.toml: the case cannot be read: "]);
    let half = place.write("half.toml", &whole[..whole.len() / 2]);
    refused(&place, &format!("replay {half}"), &["half.toml: not a whole case"]);
    let edit = |name: &str, from: &str, to: &str| {
        assert!(whole.contains(from), "`{from}` is not in the case:\n{whole}");
        format!("replay {}", place.write(name, &whole.replacen(from, to, 1)))
    };
    let version = whole.lines().find(|line| line.starts_with("version = ")).unwrap();
    refused(
        &place,
        &edit("version.toml", version, "version = 999"),
        &["version.toml: a stale case: it was written for version 999 of scenario `paxos`"],
    );
    refused(
        &place,
        &edit("choices.toml", "choice-v1", "choice-v0"),
        &["choices.toml: a stale case: its choices are choice-v0"],
    );
    refused(&place, &edit("seed.toml", "seed = \"0x", "seed = \"abc"), &["seed.toml: line", "abc"]);
    refused(
        &place,
        &edit("raft.toml", "\"paxos\"", "\"raft\""),
        &["raft.toml: there is no scenario"],
    );
    refused(&place, &edit("mutant.toml", MUTANT, "M-PAX-99"), &["mutant.toml: ", "no mutant"]);
    let plan = "[[plan.faults]]\nat = \"1s\"\nkind = \"kill\"\non = [\"nobody\"]\nfor = \"1s\"\n";
    let (head, _) = whole.split_once("[[plan").or(whole.split_once("[plan")).unwrap();
    let nobody = place.write("nobody.toml", &format!("{head}{plan}# end of case\n"));
    refused(
        &place,
        &format!("replay {nobody}"),
        &["nobody.toml: there is no node `nobody`: there are"],
    );
}

#[test]
fn an_unwritable_corpus_loses_nothing() {
    let place = Place::new("unwritable");
    place.write("target", "a file where a folder should be");
    let line = format!("swarm --scenario paxos --mutant {MUTANT} --seeds 3000 --json");
    let ended = place.xtask(&line);
    assert_eq!(ended.status, 2, "{}", ended.err);
    // The one line is the last.
    let last = ended.err.lines().last().unwrap();
    assert!(last.starts_with("error: ") && last.contains("the case cannot be written: "), "{last}");
    // What was found is told all the same.
    let lines = ended.json();
    assert_eq!((text(&lines[0], "type"), text(&lines[1], "type")), ("failure", "summary"));
    assert_eq!(lines[0]["case"], Value::Null);
    let (_, case) = ended.err.split_once("Here it is:\n").expect("the case is printed");
    let (case, _) = case.split_once("# end of case\n").unwrap();
    let pasted = place.write("pasted.toml", &format!("{case}# end of case\n"));
    let again = place.json(1, &format!("replay {pasted}")).remove(0);
    assert_eq!(again["trace_hash"], lines[0]["trace_hash"]);
    assert_eq!(again["fingerprint"], lines[0]["fingerprint"]);
}

#[test]
fn an_interrupt_ends_with_a_summary() {
    let place = Place::new("interrupt");
    let line =
        format!("swarm --scenario paxos --mutant {MUTANT} --seeds 99999999 --keep-going --json");
    let mut child =
        place.command(&line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    // SAFETY: `kill` only sends a signal, to a child that has not been waited for, so the number is still its own.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let status = child.wait().unwrap().code();
    assert_eq!(status, Some(1), "it ended by itself, and a property was violated");
    let summary: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(text(&summary, "type"), "summary");
    assert_eq!(summary["interrupted"], true);
    let lines = 1 + rest.lines().count() as u64 - 1;
    assert_eq!(number(&summary, "failures"), lines, "each failure was told");
    assert!(number(&summary, "seeds") < 99_999_999);
}
