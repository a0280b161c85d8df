//! Somebody else's crate, outside of the workspace: plain `cargo test` finds its planted bug, the printed line shows it again, the case
//! stays as a regression, and the README's example works as it stands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const TEST: &str = "what_was_acknowledged_is_kept";
/// The planted bug, and how it should have been.
const BUG: &str = "        // BUG: the client is told before the byte is durable.
        socket.send_to(&answer, from).await?;
        file.sync_all().await?;
";
const MENDED: &str = "        file.sync_all().await?;
        socket.send_to(&answer, from).await?;
";

/// A crate in a folder of its own, removed when dropped.
struct Stranger {
    folder: PathBuf,
}

impl Drop for Stranger {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} stays: {error}", self.folder.display());
        }
    }
}

/// How a `cargo test` ended.
struct Ended {
    passed: bool,
    text: String,
}

impl Ended {
    /// The first line that begins with `start`, without it.
    fn line(&self, start: &str) -> &str {
        let found = self.text.lines().find_map(|line| line.strip_prefix(start));
        found.unwrap_or_else(|| panic!("no line begins with `{start}`:\n{}", self.text)).trim()
    }

    #[track_caller]
    fn failed(self) -> Ended {
        assert!(!self.passed, "it passed:\n{}", self.text);
        self
    }

    #[track_caller]
    fn passed(self) -> Ended {
        assert!(self.passed, "it failed:\n{}", self.text);
        self
    }

    #[track_caller]
    fn says(self, part: &str) -> Ended {
        assert!(self.text.contains(part), "`{part}` is not said:\n{}", self.text);
        self
    }
}

impl Stranger {
    fn new() -> Stranger {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = std::env::temp_dir().join(format!("squall-stranger-{}", std::process::id()));
        let stranger = Stranger { folder };
        // What was compiled stays in the workspace's target folder, for the next time.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("stranger");
        let manifest =
            include_str!("stranger/Cargo.toml.in").replace("@SQUALL@", root.to_str().unwrap());
        stranger.write("Cargo.toml", &manifest);
        stranger.write(".cargo/config.toml", &format!("[build]\ntarget-dir = {target:?}\n"));
        stranger.write("Cargo.lock", &std::fs::read_to_string(root.join("Cargo.lock")).unwrap());
        stranger.write("src/lib.rs", include_str!("stranger/counter.rs"));
        stranger.write("tests/counter.rs", include_str!("stranger/test.rs"));
        stranger.write("tests/pings.rs", example_of_the_readme());
        stranger
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs a line in a shell, in the folder of the crate, with nothing of this test's own environment that concerns cargo or squall.
    fn shell(&self, line: &str, variables: &[(&str, &str)]) -> Ended {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let about_build =
                name.starts_with("CARGO_") && name != "CARGO_HOME" && name != "CARGO_BUILD_JOBS";
            if about_build
                || name.starts_with("SQUALL_")
                || name == "CI"
                || name == "RUST_BACKTRACE"
            {
                shell.env_remove(&*name);
            }
        }
        let Output { status, stdout, stderr } =
            shell.envs(variables.iter().copied()).output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        Ended { passed: status.success(), text }
    }

    fn test(&self, variables: &[(&str, &str)]) -> Ended {
        self.shell(&format!("cargo test --test counter {TEST} -- --nocapture"), variables)
    }

    /// The names of the files of a folder.
    fn files(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect();
        names.sort_unstable();
        names
    }
}

/// The README's test, as it stands there.
fn example_of_the_readme() -> &'static str {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("```rust\n").expect("the README has an example");
    rest.split_once("```").expect("the example ends").0
}

/// What the README says to write instead of a wait with an end.
const WAITS_FOR_EVER: &str = "socket.recv(&mut buffer).await.map(|_| ())";

/// The README's test with the bug that the README tells of.
fn example_with_its_bug() -> String {
    assert!(include_str!("../README.md").contains(&format!("with `{WAITS_FOR_EVER}` instead")));
    let example = example_of_the_readme();
    let (before, rest) = example.split_once("match timeout(").expect("the example waits");
    let (_, after) = rest.split_once("            }\n").expect("the match ends");
    format!("{before}return {WAITS_FOR_EVER};\n{after}")
}

/// The message without what differs between a first report and a replay.
fn seed_line(ended: &Ended) -> String {
    ended.line("seed ").to_owned()
}

#[test]
fn a_stranger_finds_a_bug_keeps_it_and_mends_it() {
    let crate_ = Stranger::new();
    let corpus = format!("seeds/{TEST}");

    // Plain `cargo test`: all tests of the crate, of which one fails.
    let found = crate_.shell("cargo test --no-fail-fast", &[]).failed();
    let found =
        found.says("test pings_are_answered ... ok").says(&format!("test {TEST} ... FAILED"));
    let report = found.line(&format!("---- counter::{TEST} ----"));
    assert_eq!(report, "");
    let replay = found.line("replay ").to_owned();
    let lines: Vec<&str> = found.text.lines().collect();
    let head = lines.iter().position(|line| line.starts_with("---- counter::")).unwrap();
    assert!(lines[head + 1].starts_with("replay "), "the replay line comes first:\n{}", found.text);
    let seed = seed_line(&found);
    assert!(seed.contains("what was acknowledged is kept: "), "{seed}");
    assert!(found.text.contains("power_off server-0"), "{}", found.text);
    let kept = crate_.files(&corpus);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(replay, format!("SQUALL_CASE={corpus}/{} cargo test -p stranger {TEST}", kept[0]));
    let trace = found.line("look ");
    assert!(Path::new(trace).starts_with(crate_.path("target/squall")), "{trace}");
    assert!(std::fs::read_to_string(trace).unwrap().contains("disk"), "{trace}");

    // The line, pasted.
    let text = std::fs::read_to_string(crate_.path(&corpus).join(&kept[0])).unwrap();
    let fingerprint = text.lines().find_map(|line| line.strip_prefix("expected = ")).unwrap();
    assert!(fingerprint.starts_with("\"always:what was acknowledged is kept:tests/counter.rs:"));
    let again = crate_.shell(&replay, &[]).failed();
    assert_eq!((again.line("replay "), seed_line(&again)), (&*replay, seed.clone()));
    assert_eq!(std::fs::read_to_string(crate_.path(&corpus).join(&kept[0])).unwrap(), text);

    // The seed alone shows it too, written either way. It runs without the corpus.
    let hex = seed.split_whitespace().next().unwrap();
    let number = u64::from_str_radix(hex.trim_start_matches("0x"), 16).unwrap();
    for written in [hex.to_owned(), number.to_string()] {
        let alone = crate_.test(&[("SQUALL_SEED", &written)]).failed();
        assert_eq!(seed_line(&alone), seed);
    }

    the_environment_says_what_to_run(&crate_, &seed);
    the_readme_tells_what_is_found(&crate_);
    what_is_wrong_is_told(&crate_);
    in_ci_new_cases_go_elsewhere(&crate_);
    an_unwritable_corpus_loses_nothing(&crate_, &seed);

    // The corpus runs before all seeds: with one seed that would pass, the kept case fails.
    crate_.write(&format!("{corpus}/{}", kept[0]), &text);
    let first = crate_.test(&[("SQUALL_SEEDS", "1")]).failed();
    assert_eq!((first.line("replay "), seed_line(&first)), (&*replay, seed));

    // Mended: sync, then answer.
    let mended = include_str!("stranger/counter.rs").replace(BUG, MENDED);
    assert_ne!(mended, include_str!("stranger/counter.rs"));
    crate_.write("src/lib.rs", &mended);
    crate_.shell("cargo test", &[]).passed();
    let passes = crate_.shell(&format!("{replay} -- --nocapture"), &[]).passed();
    passes.says("passes; it was written for always:what was acknowledged is kept:");
    crate_.test(&[("SQUALL_TIME", "500ms")]).passed().says(" seeds passed, ");

    a_stale_corpus_is_told(&crate_, &corpus, &kept[0], &text);
}

fn the_environment_says_what_to_run(crate_: &Stranger, seed: &str) {
    std::fs::remove_dir_all(crate_.path("seeds")).unwrap();
    for jobs in ["1", "2"] {
        let found = crate_.test(&[("SQUALL_JOBS", jobs)]).failed();
        assert_eq!(seed_line(&found), seed, "{jobs} jobs");
        std::fs::remove_dir_all(crate_.path("seeds")).unwrap();
    }
    // One seed is not enough to find it.
    crate_.test(&[("SQUALL_SEEDS", "1")]).passed().says("1 seeds passed");
    // A part of the seeds: those of its own, and another first failure.
    let part = crate_.test(&[("SQUALL_SEEDS", "400"), ("SQUALL_SHARD", "2/3")]).failed();
    let hex = seed_line(&part);
    let hex = hex.split_whitespace().next().unwrap().trim_start_matches("0x").to_owned();
    let number = u64::from_str_radix(&hex, 16).unwrap();
    assert_eq!((number - 1) % 3, 1, "seed {number} is not of the second of three parts");
    std::fs::remove_dir_all(crate_.path("seeds")).unwrap();
    crate_.test(&[("SQUALL_SEEDS", "3"), ("SQUALL_SHARD", "1/3")]).passed().says("1 seeds passed");
    // More seeds than the test asks for, until it is found.
    crate_.test(&[("SQUALL_TIME", "60s")]).failed().says("what was acknowledged is kept");
    std::fs::remove_dir_all(crate_.path("seeds")).unwrap();
}

/// The README's example with its bug says what the README quotes, but for numbers.
fn the_readme_tells_what_is_found(crate_: &Stranger) {
    crate_.write("tests/pings.rs", &example_with_its_bug());
    let found = crate_.shell("cargo test --test pings", &[]).failed();
    let readme = include_str!("../README.md");
    let (_, quoted) = readme.split_once("```text\n").expect("the README quotes a failure");
    let (quoted, _) = quoted.split_once("```").expect("the quote ends");
    let plain = |text: &str| {
        let text = text
            .replace("-p stranger", "-p pings")
            .replace(&format!("{}/", crate_.folder.display()), "");
        text.replace(|c: char| c.is_ascii_hexdigit(), "")
    };
    let told: Vec<String> = found.text.lines().map(plain).collect();
    for line in quoted.lines() {
        assert!(told.contains(&plain(line)), "the README quotes `{line}`, but:\n{}", found.text);
    }
    std::fs::remove_dir_all(crate_.path("seeds")).unwrap();
    crate_.write("tests/pings.rs", example_of_the_readme());
}

fn what_is_wrong_is_told(crate_: &Stranger) {
    for (name, value, right) in [
        ("SQUALL_SEED", "abc", "decimal such as 42 or hexadecimal such as 0x2a"),
        ("SQUALL_SEEDS", "many", "write a whole number above 0"),
        ("SQUALL_TIME", "soon", "write a number and a unit such as 90s"),
        ("SQUALL_SHARD", "9/3", "write I/N with I from 1 to N, such as 3/16"),
        ("SQUALL_JOBS", "0", "write a whole number above 0"),
    ] {
        let told = crate_.test(&[(name, value)]).failed();
        let line = told.line(&format!("{name}: `{value}` is not a "));
        assert!(line.contains(right), "{line}");
    }
    let none = crate_.test(&[("SQUALL_CASE", "seeds/none.toml")]).failed();
    assert!(none.line("seeds/none.toml: the case cannot be read: ").contains("No such file"));
    crate_.write("cut.toml", "squall = \"0.1.0\"\nchoices = \"choi");
    crate_.test(&[("SQUALL_CASE", "cut.toml")]).failed().line("cut.toml: line 2: not a case: ");
}

fn in_ci_new_cases_go_elsewhere(crate_: &Stranger) {
    let found = crate_.test(&[("CI", "true")]).failed();
    assert_eq!(crate_.files("seeds"), Vec::<String>::new());
    let kept = crate_.files(&format!("target/squall/{TEST}"));
    assert!(!kept.is_empty());
    let replay = found.line("replay ");
    assert!(replay.starts_with(&format!("SQUALL_CASE=target/squall/{TEST}/")), "{replay}");
    assert_eq!(seed_line(&crate_.shell(replay, &[]).failed()), seed_line(&found));
}

fn an_unwritable_corpus_loses_nothing(crate_: &Stranger, seed: &str) {
    crate_.write("seeds", "a file where the corpus should be");
    let found = crate_.test(&[]).failed();
    let hex = seed.split_whitespace().next().unwrap();
    assert_eq!(found.line("replay "), format!("SQUALL_SEED={hex} cargo test -p stranger {TEST}"));
    let lost = found.line("The case could not be kept (");
    assert!(lost.contains("the case cannot be written: "), "{lost}");
    // The case itself is printed, and is one.
    let (_, case) = found.text.split_once("Here it is:\n").unwrap();
    let (case, _) = case.split_once("# end of case\n").unwrap();
    std::fs::remove_file(crate_.path("seeds")).unwrap();
    crate_.write("pasted.toml", &format!("{case}# end of case\n"));
    assert_eq!(seed_line(&crate_.test(&[("SQUALL_CASE", "pasted.toml")]).failed()), seed);
}

/// What does not belong to the code any more fails the test, though the code is right.
fn a_stale_corpus_is_told(crate_: &Stranger, corpus: &str, name: &str, text: &str) {
    let path = format!("{corpus}/{name}");
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "`{from}` is not in the case:\n{text}");
        crate_.write(&path, &text.replace(from, to));
        crate_.test(&[]).failed()
    };
    with("choice-v1", "choice-v0").says("a stale case: its choices are choice-v0");
    with("version = 1", "version = 7").says("a stale case: it was written for version 7");
    with("seed =", "edits = [\"nowhere#0 = 1\"]\nseed =")
        .says("a stale case: the run never asked for edit nowhere#0 = 1");
    with("server-0", "server-9").says("there is no node `server-9`");
    with("counter::what", "counter::that").says("the case is of scenario `counter::that_was");
    with("# end of case\n", "").says("not a whole case");
    crate_.write(&path, text);
    crate_.test(&[]).passed();
}
