//! `check`: recorded histories are judged.

use super::*;

/// One client reads, another one wrote: a register that is as it should be.
const GOOD: &str = r#"{"model":"register","initial":0}
{"process":0,"type":"invoke","f":"write","value":3}
{"process":0,"type":"ok","f":"write","value":3}
{"process":1,"type":"invoke","f":"read","value":null}
{"process":1,"type":"ok","f":"read","value":3}
"#;

#[test]
fn good_histories_are_status_0() {
    let place = Place::new("check-good");
    let file = place.write("good.jsonl", GOOD);
    let lines = place.json(0, &format!("check {file} {file} --property sequential"));
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_eq!((text(line, "type"), text(line, "file")), ("verdict", "good.jsonl"));
        assert_eq!((text(line, "property"), text(line, "verdict")), ("sequential", "ok"));
        assert_eq!(number(line, "operations"), 2);
        number(line, "configurations");
        number(line, "nanoseconds");
        assert_eq!(text(line, "witness"), "order: 0 1");
    }
    let ended = place.xtask(&format!("check {file}"));
    assert_eq!((ended.status, ended.err.as_str()), (0, ""));
    assert_eq!(ended.out, "good.jsonl: linearizable ok, 2 operations\n");
    // An empty history of a known model is good: nobody was promised anything.
    let empty = place.write("empty.jsonl", "{\"model\":\"register\"}\n");
    assert_eq!(number(&place.json(0, &format!("check {empty}"))[0], "operations"), 0);
}

#[test]
fn a_bad_history_is_status_1_and_explained() {
    let place = Place::new("check-bad");
    let stale =
        GOOD.replace("\"ok\",\"f\":\"read\",\"value\":3", "\"ok\",\"f\":\"read\",\"value\":0");
    let (bad, good) = (place.write("bad.jsonl", &stale), place.write("good.jsonl", GOOD));
    let lines = place.json(1, &format!("check {bad} {good}"));
    assert_eq!((text(&lines[0], "verdict"), text(&lines[1], "verdict")), ("violation", "ok"));
    let sentence = "write(3) of p0 [0, 1] must come before read() = 0 of p1 [2, 3]";
    assert!(text(&lines[0], "witness").contains(sentence), "{}", lines[0]);
    let ended =
        place.xtask(&format!("check {bad} --html v.html --svg v.svg --dot v.dot --text v.txt"));
    assert_eq!((ended.status, ended.err.as_str()), (1, ""));
    assert!(
        ended
            .out
            .starts_with("bad.jsonl: linearizable violation, 2 operations\nnot linearizable\n")
    );
    assert!(ended.out.contains(sentence), "{}", ended.out);
    let read = |name: &str| std::fs::read_to_string(place.0.join(name)).unwrap();
    assert!(read("v.html").starts_with("<!doctype html>") && read("v.html").contains("write(3)"));
    assert!(read("v.svg").starts_with("<svg ") && read("v.svg").contains("read() = 0"));
    assert!(read("v.dot").starts_with("digraph") && read("v.dot").contains("n0 -> n1"));
    assert!(ended.out.ends_with(&read("v.txt")), "{}", read("v.txt"));
    // Without a violation there is nothing to show.
    let ended = place.xtask(&format!("check {good} --html good.html"));
    assert_eq!(ended.status, 0);
    assert_eq!(ended.err, "good.html: not written, as no violation was found\n");
    refused(&place, &format!("check {bad} {good} --html v.html"), &["name one file"]);
}

#[test]
fn an_undecided_history_is_status_3() {
    let place = Place::new("check-unknown");
    // Seven pushes and seven pops at once, then one of what nobody pushed.
    let mut history = String::from("{\"model\":\"stack\"}\n");
    let mut add = |process, kind, f, value| {
        history += &format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n"
        );
    };
    for kind in ["invoke", "ok"] {
        (0..7).for_each(|value| add(value, kind, "push", value));
        (0..7).for_each(|value| add(value + 7, kind, "pop", (value * 3 + 5) % 7));
    }
    add(0, "invoke", "pop", 9);
    add(0, "ok", "pop", 9);
    let file = place.write("long.jsonl", &history);
    let line = place.json(3, &format!("check {file} --budget 100")).remove(0);
    assert_eq!(text(&line, "verdict"), "unknown");
    assert!(text(&line, "witness").starts_with("undecided after "), "{line}");
    let ended = place.xtask(&format!("check {file} --budget 100"));
    assert!(ended.out.contains("linearizable unknown, 15 operations\nundecided after "));
    // A workload whose invariant cannot be judged.
    let never_read = "{\"model\":\"set\",\"property\":\"no-lost-no-unexpected\"}\n\
        {\"process\":0,\"type\":\"invoke\",\"f\":\"add\",\"value\":1}\n";
    let file = place.write("set.jsonl", never_read);
    let line = place.json(3, &format!("check {file}")).remove(0);
    assert_eq!(
        (text(&line, "verdict"), text(&line, "witness")),
        ("unknown", "the set was never read")
    );
    // One violation weighs more than one undecided.
    let bad = place.write(
        "bad.jsonl",
        &GOOD.replace("\"value\":3}\n{\"process\":1", "\"value\":4}\n{\"process\":1"),
    );
    assert_eq!(
        place.json(0, &format!("check {bad}")).len(),
        1,
        "the argument is that of the invocation"
    );
    let bad = place.write(
        "bad.jsonl",
        &GOOD.replace(
            "\"invoke\",\"f\":\"write\",\"value\":3",
            "\"invoke\",\"f\":\"write\",\"value\":4",
        ),
    );
    assert_eq!(place.json(1, &format!("check {file} {bad}")).len(), 2);
}

#[test]
fn unreadable_histories_are_one_line() {
    let place = Place::new("check-unreadable");
    refused(&place, "check", &["<FILES>"]);
    refused(&place, "check none.jsonl", &["none.jsonl: the history cannot be read: "]);
    let refuse = |name: &str, content: &str, says: &str| {
        let file = place.write(name, content);
        refused(&place, &format!("check {file}"), &[&format!("{name}: {says}")]);
    };
    let header = "{\"model\":\"register\"}\n";
    let read = |kind: &str| {
        format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"read\",\"value\":null}}\n")
    };
    refuse("half.jsonl", &GOOD[..GOOD.len() - 9], "line 5: not JSON: EOF");
    refuse("prose.txt", "This is prose.\n", "line 1: not JSON: ");
    refuse("list.jsonl", &format!("{header}[1]\n"), "line 2: expected a JSON object");
    refuse(
        "completion.jsonl",
        &format!("{header}{}", read("ok")),
        "line 2: a completion of process 0, which has no open operation; each completion needs",
    );
    refuse(
        "twice.jsonl",
        &format!("{header}{}{}", read("invoke"), read("invoke")),
        "line 3: process 0 invokes while its operation of line 2 is still open",
    );
    refuse(
        "other.jsonl",
        &format!("{header}{}{}", read("invoke"), read("ok").replace("read", "write")),
        "line 3: completes \"write\", but the open operation is \"read\"",
    );
    refuse("done.jsonl", &format!("{header}{}", read("done")), "line 2: type \"done\"; expected");
    refuse(
        "function.jsonl",
        &format!("{header}{}", read("invoke").replace("read", "dance")),
        "line 2: function \"dance\"",
    );
    refuse("nothing.jsonl", "", "no header names the \"model\"");
    refuse(
        "model.jsonl",
        &format!("{{\"model\":\"abacus\"}}\n{}", read("invoke")),
        "no judge for the property",
    );
    refuse("open.edn", "[{:process 0, :type :invoke, :f :read}", "line 1: the text ends before");
    refuse(
        "txn.jsonl",
        "{\"model\":\"list-append\"}\n{\"process\":0,\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"r\"]]}\n",
        "line 2: ",
    );
    std::fs::write(place.0.join("bytes.jsonl"), b"{}\n\xff\n").unwrap();
    refused(&place, "check bytes.jsonl", &["bytes.jsonl: line 2: not UTF-8"]);
    let good = place.write("good.jsonl", GOOD);
    refused(
        &place,
        &format!("check {good} --property tasty"),
        &["good.jsonl: ", "\"tasty\"", "linearizable"],
    );
    refused(&place, &format!("check {good} --budget many"), &["many", "--budget"]);
    // The others are judged all the same, and each bad one has its line.
    let ended = place.xtask(&format!("check none.jsonl {good} nobody.jsonl --json"));
    assert_eq!((ended.status, ended.json().len(), ended.err.lines().count()), (2, 1, 2));
}

#[test]
fn histories_of_other_tools_are_read() {
    let place = Place::new("check-formats");
    let edn = "; from a test of Jepsen\n\
        [#jepsen.history.Op{:process :nemesis, :type :info, :f :start, :value nil, :index 0, :time 5}\n \
        {:process 0, :type :invoke, :f :write, :value 3}\n {:process 0, :type :ok, :f :write, :value 3}\n \
        {:process 1, :type :invoke, :f :read, :value nil}\n {:process 1, :type :ok, :f :read, :value 4}]\n";
    let file = place.write("register.edn", edn);
    let line = place.json(1, &format!("check {file}")).remove(0);
    assert_eq!((text(&line, "property"), number(&line, "operations")), ("linearizable", 2));
    let elle = "{:type :invoke, :process 0, :f :txn, :value [[:append :x 1] [:r :y nil]]}\n\
        {:type :invoke, :process 1, :f :txn, :value [[:append :y 1] [:r :x nil]]}\n\
        {:type :ok, :process 0, :f :txn, :value [[:append :x 1] [:r :y []]]}\n\
        {:type :ok, :process 1, :f :txn, :value [[:append :y 1] [:r :x []]]}\n";
    let file = place.write("append.edn", elle);
    let line = place.json(1, &format!("check {file}")).remove(0);
    assert_eq!(text(&line, "property"), "serializable");
    assert!(text(&line, "witness").starts_with("Not serializable: write-skew."), "{line}");
    let line = place.json(0, &format!("check {file} --property snapshot-isolation")).remove(0);
    assert_eq!(text(&line, "verdict"), "ok");
    let page = place.xtask(&format!("check {file} --dot cycle.dot"));
    assert_eq!(page.status, 1);
    let dot = std::fs::read_to_string(place.0.join("cycle.dot")).unwrap();
    assert!(dot.contains("n0 -> n1 [label=\"rw\"]") && dot.contains("n1 -> n0"), "{dot}");
    let log =
        "INFO  jepsen.util - 0\t:invoke\t:cas\t[0 1]\nINFO  jepsen.util - 0\t:fail\t:cas\t[0 1]\n";
    let file = place.write("jepsen.log", log);
    let line = place.json(0, &format!("check {file}")).remove(0);
    assert_eq!(number(&line, "operations"), 1);
    refused(&place, &format!("check {file} --model mutex"), &["line 1: function \"cas\""]);
}

#[test]
fn a_full_disk_is_told() {
    if !Path::new("/dev/full").exists() {
        eprintln!("SKIPPED: no /dev/full here");
        return;
    }
    let place = Place::new("check-full");
    let stale =
        GOOD.replace("\"ok\",\"f\":\"read\",\"value\":3", "\"ok\",\"f\":\"read\",\"value\":0");
    let bad = place.write("bad.jsonl", &stale);
    for report in ["html", "svg", "dot", "text"] {
        let ended = place.xtask(&format!("check {bad} --{report} /dev/full"));
        assert_eq!(ended.status, 2, "{}", ended.err);
        // The verdict is told before.
        assert!(ended.out.contains("linearizable violation"), "{}", ended.out);
        let says = "error: bad.jsonl: the report /dev/full cannot be written: ";
        assert!(ended.err.starts_with(says) && ended.err.lines().count() == 1, "{}", ended.err);
    }
    for json in ["", "--json"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = place.command(&format!("check {bad} {json}")).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("standard output: ") && error.lines().count() == 1, "{error}");
    }
}
