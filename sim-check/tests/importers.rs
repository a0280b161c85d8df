//! How histories look in the wild: each convention of Jepsen, Knossos, Elle and Porcupine is read as its tool means it.

use sim_check::Budget;
use sim_check::history::{Process, RawHistory};
use sim_check::judge::{Judgement, judge_file, prepare};

#[track_caller]
fn judge(text: &str, property: Option<&str>) -> Judgement {
    judge_file(text, property, Budget::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The verdict of a file by its header or its functions alone.
#[track_caller]
fn verdict(text: &str) -> &'static str {
    let raw = RawHistory::from_text(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let prepared = prepare(&raw, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let ruling = prepared.decide(Budget::default());
    assert_eq!(ruling.verify(), Ok(()), "{text}");
    ruling.verdict().word()
}

#[track_caller]
fn error(text: &str) -> String {
    judge_file(text, None, Budget::default()).expect_err(text).to_string()
}

#[test]
fn records_of_newer_jepsens() {
    let text = "[#jepsen.history.Op{:index 0, :time 5, :type :invoke, :process 0, :f :write, :value 1},\n\
         #jepsen.history.Op{:index 1, :time 6, :type :ok, :process 0, :f :write, :value 1}\n\
         #jepsen.history.Op{:index 2, :time 7, :type :invoke, :process 1, :f :read, :value nil}\n\
         #jepsen.history.Op{:index 3, :time 9, :type :ok, :process 1, :f :read, :value 2}]";
    let judgement = judge(text, None);
    assert_eq!((&*judgement.property, judgement.verdict.word()), ("linearizable", "violation"));
    assert!(judgement.witness.contains("read() = 2 of p1 [7ns, 9ns]"), "{}", judgement.witness);
    assert_eq!(verdict(&text.replace(":value 2", ":value 1")), "ok");
}

#[test]
fn one_map_a_line_with_all_that_edn_allows() {
    let text = "; a comment\n#_ {:not 1, :read 2}\n{:model :register, :initial 0, :name \"a \\u0041 \\\"b\\\"\"} ; and one\n\
        {:type :invoke, :f :write :process 0 :value 1 :error nil, :node \"n1\" :ratio 1/2 :float 1.5e3 :big 10N}\r\n\
        ^{:meta true} {:type :ok\n :f :write :process 0 :value 1 :at #inst \"2026-01-01\" :char \\a :nan ##NaN}\n\
        {:type :invoke, :f :read, :process 1, :value nil, :tags #{:x :y}, :list (1 2)}\n\
        {:type :ok, :f :read, :process 1, :value 1, :opts #:jepsen{:a 1 #_ :b}}\n";
    assert_eq!(verdict(text), "ok");
    assert_eq!(verdict(&text.replace(":process 1, :value 1", ":process 1, :value 0")), "violation");
    let raw = RawHistory::from_text(text).unwrap();
    assert_eq!(raw.header.text("name"), Some("a A \"b\""));
    assert_eq!(raw.events[0].time, None);
    let again = RawHistory::from_text(&raw.to_edn()).unwrap();
    assert_eq!(again.history(), raw.history());
    assert_eq!(again.header, raw.header);
}

#[test]
fn nemeses_and_other_named_processes_are_no_clients() {
    let text = "{:process :nemesis, :type :info, :f :start, :value nil}\n\
        {:process 0, :type :invoke, :f :read, :value nil}\n\
        {:process :nemesis, :type :info, :f :start, :value [:isolated {\"n1\" #{\"n2\"}}]}\n\
        {:process :checker, :type :log, :value \"hello\"}\n\
        {:process 0, :type :ok, :f :read, :value nil}\n\
        {:process :nemesis, :type :info, :f nil, :value :stopped}\n";
    assert_eq!(verdict(text), "ok");
    let raw = RawHistory::from_text(text).unwrap();
    let clients = raw.events.iter().filter(|event| matches!(event.process, Process::Client(_)));
    assert_eq!((clients.count(), raw.events.len()), (2, 6));
    assert_eq!(raw.lines(), [2, 5]);
}

#[test]
fn unknown_outcomes_and_processes_that_go_on() {
    // The write of unknown outcome may take effect at last; the process may come back, or another one.
    let text = "{:process 0, :type :invoke, :f :write, :value 1}\n\
        {:process 0, :type :info, :f :write, :value 1, :error :timeout}\n\
        {:process 0, :type :invoke, :f :read, :value nil}\n\
        {:process 0, :type :ok, :f :read, :value nil}\n\
        {:process 5, :type :invoke, :f :read, :value nil}\n\
        {:process 5, :type :ok, :f :read, :value 1}\n\
        {:process 6, :type :invoke, :f :write, :value 9}\n";
    assert_eq!(verdict(text), "ok");
    // But not twice, and not backwards.
    let back = format!(
        "{text}{{:process 7, :type :invoke, :f :read}}\n{{:process 7, :type :ok, :f :read, :value nil}}\n"
    );
    assert_eq!(verdict(&back), "violation");
}

#[test]
fn values_are_whatever_they_are() {
    for value in [":keyword", "\"text\"", "#{1 2}", "[1 [2]]", "{:a 1}", "true", "1.5", "\\x", "-7"]
    {
        let text = |read: &str| {
            format!(
                "{{:model :register}}\n{{:process 0, :type :invoke, :f :write, :value {value}}}\n\
                 {{:process 0, :type :ok, :f :write, :value {value}}}\n\
                 {{:process 0, :type :invoke, :f :read}}\n{{:process 0, :type :ok, :f :read, :value {read}}}\n"
            )
        };
        assert_eq!(verdict(&text(value)), "ok", "{value}");
        assert_eq!(verdict(&text("12")), "violation", "{value}");
    }
}

#[test]
fn objects_with_keys_of_their_own() {
    // jepsen.independent: each value is a pair of the key and the value.
    let register = |second: &str| {
        format!(
            "{{:process 0, :type :invoke, :f :write, :value [:a 1]}}\n{{:process 0, :type :ok, :f :write, :value [:a 1]}}\n\
             {{:process 1, :type :invoke, :f :cas, :value [:b [nil 2]]}}\n{{:process 1, :type :ok, :f :cas, :value [:b [nil 2]]}}\n\
             {{:process 0, :type :invoke, :f :read, :value [:a nil]}}\n{{:process 0, :type :ok, :f :read, :value [:a 1]}}\n\
             {{:process 1, :type :invoke, :f :read, :value [:b nil]}}\n{{:process 1, :type :ok, :f :read, :value [:b {second}]}}\n"
        )
    };
    for header in ["", "{:model :register}\n", "{:model :cas-register}\n"] {
        assert_eq!(verdict(&format!("{header}{}", register("2"))), "ok", "{header}");
        assert_eq!(verdict(&format!("{header}{}", register("1"))), "violation", "{header}");
    }
    let set = |seen: &str| {
        format!(
            "{{:model :set}}\n{{:process 0, :type :invoke, :f :add, :value [1 5]}}\n{{:process 0, :type :ok, :f :add, :value [1 5]}}\n\
             {{:process 0, :type :invoke, :f :read, :value [2 nil]}}\n{{:process 0, :type :ok, :f :read, :value [2 []]}}\n\
             {{:process 0, :type :invoke, :f :read, :value [1 nil]}}\n{{:process 0, :type :ok, :f :read, :value [1 {seen}]}}\n"
        )
    };
    assert_eq!(verdict(&set("#{5}")), "ok");
    assert_eq!(verdict(&set("[]")), "violation");
    assert!(judge(&set("[]"), None).witness.starts_with("key 1: "));
    // One after the other is no way to judge them where time does not order.
    let error = judge_file(&set("[]"), Some("sequential"), Budget::default()).unwrap_err();
    assert!(error.to_string().contains("many objects"), "{error}");
    // Porcupine's logs of stores: the key has a field of its own.
    let porcupine = |read: &str| {
        format!(
            "{{:process 0, :type :invoke, :f :put, :key \"4\", :value \"x\"}}\n{{:process 0, :type :ok, :f :put, :key \"4\", :value \"x\"}}\n\
             {{:process 1, :type :invoke, :f :append, :key \"4\", :value \"y\"}}\n{{:process 1, :type :ok, :f :append, :key \"4\", :value \"y\"}}\n\
             {{:process 2, :type :invoke, :f :get, :key \"4\", :value nil}}\n{{:process 2, :type :ok, :f :get, :key \"4\", :value \"{read}\"}}\n"
        )
    };
    assert_eq!(verdict(&porcupine("xy")), "ok");
    assert_eq!(verdict(&porcupine("yx")), "violation");
}

#[test]
fn failed_comparisons_and_empty_reads_as_the_header_says() {
    let events = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n\
        {\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1}\n\
        {\"process\":0,\"type\":\"invoke\",\"f\":\"cas\",\"value\":[1,2]}\n\
        {\"process\":0,\"type\":\"fail\",\"f\":\"cas\",\"value\":[1,2]}\n";
    let with = |fields: &str| format!("{{\"model\":\"cas-register\"{fields}}}\n{events}");
    assert_eq!(verdict(&with("")), "ok");
    assert_eq!(verdict(&with(",\"cas_fail\":\"no-effect\"")), "ok");
    assert_eq!(verdict(&with(",\"cas_fail\":\"observed-mismatch\"")), "violation");
    // A comparison that answers no is an observation whatever the header says.
    let no = with("")
        .replace("\"fail\",\"f\":\"cas\",\"value\":[1,2]", "\"ok\",\"f\":\"cas\",\"value\":false");
    assert_eq!(verdict(&no), "violation");
    let read = "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"value\":null}\n\
        {\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":null}\n";
    let read = |fields: &str| format!("{{\"model\":\"register\",\"initial\":0{fields}}}\n{read}");
    assert_eq!(verdict(&read("")), "violation");
    assert_eq!(verdict(&read(",\"read_null\":\"any\"")), "ok");
}

#[test]
fn json_as_other_programs_print_it() {
    let lines = "{\"process\":\"0\",\"type\":\"invoke\",\"f\":\"write\",\"value\":1,\"time\":\"12\"}\r\n\
        {\"process\":\"0\",\"type\":\"ok\",\"f\":\"write\",\"value\":1,\"time\":13}\r\n\
        {\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"kill\"}\r\n\
        {\"process\":1,\"type\":\"invoke\",\"f\":\"read\"}\r\n{\"process\":1,\"type\":\"ok\",\"f\":\"read\",\"value\":2}\r\n";
    let objects: Vec<&str> = lines.lines().collect();
    let header = "{\"model\": \"register\"}";
    for text in [
        lines.to_string(),
        format!("\u{feff}{header}\n\n{lines}"),
        format!("[{}]", objects.join(",\n")),
        format!("[\n  {header},\n  {}\n]\n", objects.join(",\n  ").replace(',', ",\n    ")),
        objects.join(" "),
    ] {
        assert_eq!(verdict(&text), "violation", "a process that is a numeral is a client\n{text}");
        let good = text.replace("\"value\":2", "\"value\":1");
        assert_eq!(verdict(&good), "ok", "{text}");
        assert_eq!(RawHistory::from_text(&good).unwrap().events[0].time, Some(12));
    }
    let numerals = "{\"model\":\"counter\"}\n{\"process\":0,\"type\":\"invoke\",\"f\":\"add\",\"value\":\"5\"}\n\
        {\"process\":0,\"type\":\"ok\",\"f\":\"add\",\"value\":\"5\"}\n\
        {\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":5}\n";
    assert_eq!(verdict(numerals), "ok");
}

#[test]
fn logs_of_jepsen() {
    let text = "INFO  jepsen.core - Running test\n\
        INFO  jepsen.util - 0\t:invoke\t:write\t3\nINFO  jepsen.util - :nemesis\t:info\t:start\tnil\n\
        INFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]\nINFO  jepsen.util - 0\t:ok\t:write\t3\n\
        INFO  jepsen.util - 1\t:ok\t:cas\t[3 4]\nINFO  jepsen.util - 2\t:invoke\t:write\t5\n\
        INFO  jepsen.util - 2\t:info\t:write\t:timed-out\nINFO  jepsen.util - 3\t:invoke\t:read\tnil\n\
        INFO  jepsen.util - 3\t:ok\t:read\t4\n";
    assert_eq!(verdict(text), "ok");
    assert_eq!(verdict(&text.replace(":read\t4", ":read\t5")), "ok");
    assert_eq!(verdict(&text.replace(":read\t4", ":read\t3")), "violation");
    // history.txt has no prefix, and spaces.
    let plain: String = text
        .lines()
        .map(|line| line.replace("INFO  jepsen.util - ", "").replace('\t', "   ") + "\n")
        .collect();
    assert_eq!(verdict(&plain), "ok");
    assert_eq!(verdict(&plain.replace(":read   4", ":read   3")), "violation");
    assert!(error("0\t:invoke\t:write\t[3\n").starts_with("line 1: the text ends before"));
}

#[test]
fn transactions_of_elle() {
    let lists = |second: &str| {
        format!(
            "{{:type :invoke, :process 0, :value [[:append :x 1] [:r :y nil]]}}\n\
             {{:type :ok, :process 0, :value [[:append :x 1] [:r :y nil]]}}\n\
             {{:type :invoke, :process 1, :value [[:r :x] [:append :x 2]]}}\n\
             {{:type :ok, :process 1, :value [[:r :x {second}] [:append :x 2]]}}\n\
             {{:type :invoke, :process 2, :f :txn, :value [[:r :x nil]]}}\n\
             {{:type :ok, :process 2, :value [[:r :x [1 2]]]}}\n\
             {{:type :invoke, :process 2, :f :txn, :value [[:append :z 9]]}}\n\
             {{:type :fail, :process 2, :f :txn, :value nil, :error :conflict}}\n\
             {{:type :invoke, :process 2, :f :txn, :value [[:append :z 8]]}}\n\
             {{:type :info, :process 2, :f :txn, :value :timeout}}\n"
        )
    };
    assert_eq!(verdict(&lists("[1]")), "ok");
    assert_eq!(verdict(&lists("[1 2]")), "violation");
    assert_eq!(judge(&lists("[1]"), None).property, "serializable");
    // A failed transaction that was seen.
    let aborted = lists("[1]").replace(":append :z 9", ":append :x 9").replace("[1 2]", "[1 2 9]");
    assert!(judge(&aborted, Some("read-committed")).witness.contains("G1a"), "{aborted}");
    let registers = "{:type :invoke, :process 0, :f :txn, :value [[:w 1 5]]}\n{:type :ok, :process 0, :f :txn, :value [[:w 1 5]]}\n\
        {:type :invoke, :process 0, :f :txn, :value [[:r 1 nil] [:w 1 6]]}\n{:type :ok, :process 0, :f :txn, :value [[:r 1 4] [:w 1 6]]}\n";
    assert_eq!(verdict(registers), "violation", "4 was never written");
    assert_eq!(verdict(&registers.replace("[:r 1 4]", "[:r 1 5]")), "ok");
    let strings = "{\"process\":0,\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"write\",\"k\",1],[\"read\",\"k\",null]]}\n\
        {\"process\":0,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"write\",\"k\",1],[\"read\",\"k\",2]]}\n";
    assert_eq!(verdict(strings), "violation");
}

#[test]
fn what_is_assumed_of_each_key() {
    // Elle's options: 1 was replaced by 2 in real time, and then read beside what came with 2.
    let text = |assumes: &str| {
        let event = |process: u32, kind: &str, ops: &str| {
            format!("{{:type :{kind}, :process {process}, :f :txn, :value {ops}}}\n")
        };
        [
            format!("{{:model :rw-register, :property :serializable{assumes}}}\n"),
            event(0, "invoke", "[[:w :x 1]]"),
            event(0, "ok", "[[:w :x 1]]"),
            event(2, "invoke", "[[:r :x nil] [:r :y nil]]"),
            event(1, "invoke", "[[:w :x 2] [:w :y 2]]"),
            event(1, "ok", "[[:w :x 2] [:w :y 2]]"),
            event(2, "ok", "[[:r :x 1] [:r :y 2]]"),
        ]
        .concat()
    };
    assert_eq!(verdict(&text("")), "ok");
    assert_eq!(verdict(&text(", :assumes [:linearizable-keys]")), "violation");
    // Then the first write may come last, and no process says anything else.
    assert_ne!(verdict(&text(", :assumes [:sequential-keys]")), "violation");
    assert!(
        error(&text(", :assumes [:magic-keys]")).starts_with("the header assumes \"magic-keys\"")
    );
    let judgement = judge(&text(", :assumes :linearizable-keys"), None);
    assert!(judgement.witness.contains("would come before itself"), "{}", judgement.witness);
}

#[test]
fn sessions() {
    let text = |events: &[(u32, &str, &str)]| {
        let lines = events.iter().map(|(process, f, value)| {
            let asked = if *f == "read" { "nil" } else { value };
            format!(
                "{{:process {process}, :type :invoke, :f :{f}, :value {asked}}}\n\
                 {{:process {process}, :type :ok, :f :{f}, :value {value}}}\n"
            )
        });
        format!("{{:model :register, :initial 0}}\n{}", lines.collect::<String>())
    };
    // Each history breaks one guarantee.
    let broken = [
        ("read-your-writes", text(&[(0, "write", "1"), (0, "read", "0")])),
        ("monotonic-reads", text(&[(0, "write", "1"), (1, "read", "1"), (1, "read", "0")])),
        (
            "writes-follow-reads",
            text(&[(0, "read", "1"), (0, "write", "2"), (1, "read", "2"), (1, "write", "1")]),
        ),
    ];
    for (guarantee, text) in &broken {
        let raw = RawHistory::from_text(text).unwrap();
        let prepared = prepare(&raw, Some(guarantee)).unwrap();
        let ruling = prepared.decide(Budget::default());
        assert_eq!(ruling.verify(), Ok(()), "{guarantee}");
        assert_eq!(ruling.verdict().word(), "violation", "{guarantee}\n{text}");
        let picture = ruling.picture().unwrap().to_text();
        assert!(picture.contains("must be older than"), "{picture}");
        // The others hold.
        for (other, _) in broken.iter().filter(|(other, _)| other != guarantee) {
            let verdict = judge(text, Some(other)).verdict;
            assert!(verdict.is_ok(), "{other} of the history that breaks {guarantee}");
        }
        assert!(judge(text, Some("monotonic-writes")).verdict.is_ok());
    }
}

#[test]
fn workloads_by_their_functions() {
    let bank = |b: i64| {
        format!(
            "{{:type :invoke, :process 0, :f :read}}\n{{:type :ok, :process 0, :f :read, :value {{0 10, 1 0}}}}\n\
             {{:type :invoke, :process 0, :f :transfer, :value {{:from 0, :to 1, :amount 3}}}}\n\
             {{:type :ok, :process 0, :f :transfer, :value {{:from 0, :to 1, :amount 3}}}}\n\
             {{:type :invoke, :process 0, :f :read}}\n{{:type :ok, :process 0, :f :read, :value {{0 7, 1 {b}}}}}\n"
        )
    };
    assert_eq!(verdict(&bank(3)), "ok");
    assert_eq!(verdict(&bank(4)), "violation");
    let queue = |drained: &str| {
        format!(
            "{{:type :invoke, :process 0, :f :enqueue, :value 1}}\n{{:type :ok, :process 0, :f :enqueue, :value 1}}\n\
             {{:type :invoke, :process 0, :f :drain}}\n{{:type :ok, :process 0, :f :drain, :value [{drained}]}}\n"
        )
    };
    assert_eq!(verdict(&queue("1")), "ok");
    assert_eq!(verdict(&queue("")), "violation");
    assert_eq!(judge(&queue(""), None).witness, "lost: 1");
    let set = |seen: &str| {
        format!(
            "{{:type :invoke, :process 0, :f :add, :value 1}}\n{{:type :ok, :process 0, :f :add, :value 1}}\n\
             {{:type :invoke, :process 0, :f :read}}\n{{:type :ok, :process 0, :f :read, :value {seen}}}\n"
        )
    };
    assert_eq!(judge(&set("#{1}"), None).property, "linearizable");
    assert_eq!((verdict(&set("#{1}")), verdict(&set("#{}"))), ("ok", "violation"));
    assert_eq!((verdict(&set("1")), verdict(&set("2"))), ("ok", "violation"), "a counter");
    let lock = "{:type :invoke, :process 0, :f :acquire}\n{:type :ok, :process 0, :f :acquire}\n\
        {:type :invoke, :process 1, :f :acquire}\n{:type :ok, :process 1, :f :acquire}\n";
    assert_eq!(verdict(lock), "violation");
    let ids = "{:type :invoke, :process 0, :f :generate}\n{:type :ok, :process 0, :f :generate, :value 7}\n\
        {:type :invoke, :process 1, :f :generate}\n{:type :ok, :process 1, :f :generate, :value 7}\n";
    assert_eq!(verdict(ids), "violation");
    let fork = "{:type :invoke, :process 0, :f :write, :value [[:w 1 1]]}\n{:type :ok, :process 0, :f :write, :value [[:w 1 1]]}\n\
        {:type :invoke, :process 1, :f :read, :value [[:r 1 nil] [:r 2 nil]]}\n{:type :ok, :process 1, :f :read, :value [[:r 1 1] [:r 2 nil]]}\n\
        {:type :invoke, :process 1, :f :read, :value [[:r 1 nil] [:r 2 nil]]}\n{:type :ok, :process 1, :f :read, :value [[:r 1 nil] [:r 2 1]]}\n";
    let judgement = judge(&format!("{{:model :long-fork}}\n{fork}"), None);
    assert_eq!((&*judgement.property, judgement.verdict.word()), ("no-long-fork", "violation"));
}

#[test]
fn what_is_no_history_is_refused_by_its_line() {
    let invoke = "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n";
    for (text, says) in [
        ("".to_string(), "no header names the \"model\""),
        (format!("{invoke}{invoke}"), "line 2: process 0 invokes while its operation of line 1"),
        (invoke.replace("invoke", "ok"), "line 1: a completion of process 0"),
        (invoke.replace("invoke", "info"), "line 1: a completion of process 0"),
        (format!("{invoke}{}", invoke.replace(":0", ":1.5")), "line 2: process "),
        (format!("{invoke}{}", invoke.replace(":0", ":-1")), "line 2: process -1"),
        (invoke.replace("\"f\":\"read\"", "\"f\":7"), "line 1: an event needs \"f\""),
        ("{\"process\":0,\"type\":\"invoke\"}".to_string(), "line 1: an event needs \"f\""),
        (format!("{{\"model\":\"bank\",\"total\":\"much\"}}\n{invoke}"), "the header's total"),
        (
            format!("{{\"model\":\"bank\"}}\n{invoke}{}", invoke.replace("invoke", "ok")),
            "line 3: read of nil; expected a map",
        ),
        (
            format!(
                "{{\"model\":\"counter\",\"property\":\"bounds\"}}\n{invoke}{}",
                invoke.replace("invoke\",\"f\":\"read\"", "ok\",\"f\":\"read\",\"value\":\"x\"")
            ),
            "line 3: read of \"x\"; expected a whole number",
        ),
        ("{:process 0 :type :invoke :f :read} }".to_string(), "line 1: unexpected '}'"),
        ("[{:process 0 :type :invoke :f :read}] x".to_string(), "line 1: more text after"),
        ("{:process 0 :type :invoke :f \"\\q\"}".to_string(), "line 1: expected one of"),
    ] {
        let error = error(&text);
        assert!(error.starts_with(says), "`{error}` for\n{text}");
    }
}
