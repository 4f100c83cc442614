//! Services that fail over bad networks, crashes, overload: what the scenarios of these show.

use seedbed::{Config, KeyedRandom, ProductionOrder, Report, Source, TraceLevel};

fn run(scenario: &str, variant: &str, source: Box<dyn Source>) -> Report {
    let scenario = scenarios::all().iter().find(|known| known.name == scenario).unwrap();
    let variant = scenario.variant(variant).unwrap();
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    variant.run(&scenario.settings([]).unwrap(), config, source)
}

/// What was said, without who said it when.
fn events(report: &Report) -> Vec<&str> {
    report.trace.user_events().map(|(_, what)| what).collect()
}

/// The events that begin so.
fn count(report: &Report, beginning: &str) -> usize {
    events(report).iter().filter(|what| what.starts_with(beginning)).count()
}

/// How a service comes back after a stall, or does not: second by second, the four variants beside each other.
#[test]
fn a_retry_storm_goes_on_when_its_cause_is_over() {
    let variants =
        ["broken_retry_at_once", "broken_backoff_alone", "fixed_retry_budget", "fixed_load_shedding"];
    let mut text = String::new();
    for variant in variants {
        let report = run("http_retry_storm", variant, Box::new(ProductionOrder));
        let outcome = report.outcome.to_string();
        text.push_str(&format!("{variant}: {}\n", outcome.lines().next().unwrap_or_default()));
        for what in events(&report) {
            text.push_str(&format!("    {what}\n"));
        }
    }
    insta::assert_snapshot!(text);
}

/// Else the fixed variant would hold for want of trouble.
#[test]
fn a_customer_reconnects_and_asks_for_what_is_booked_already() {
    let (mut asked_twice, mut cut_off) = (0, 0);
    for seed in 0..50 {
        let report = run("ws_reconnect", "fixed", Box::new(KeyedRandom::new(seed)));
        assert!(report.outcome.is_done(), "seed {seed}: {}", report.outcome);
        let (cuts, kills) = (count(&report, "the network is cut"), count(&report, "the bank is killed"));
        assert_eq!((cuts, kills), (2, 2), "seed {seed}: there is no more trouble than this");
        assert!(count(&report, "connected") >= 3, "seed {seed}: each crash ends a connection");
        assert_eq!(count(&report, "booked"), 60, "seed {seed}");
        asked_twice += usize::from(count(&report, "has booked") > 0);
        cut_off += usize::from(events(&report).iter().any(|what| what.contains("keepalive ping timeout")));
    }
    assert!(asked_twice >= 25, "only under {asked_twice} of 50 seeds was anything asked for twice");
    assert!(cut_off >= 5, "only under {cut_off} of 50 seeds did keepalive notice a cut network");
}

#[test]
fn each_way_to_lose_or_repeat_a_payment_is_told_apart() {
    let expected = [
        ("broken_no_acknowledgements", "was lost"),
        ("broken_no_deduplication", "times"),
        ("broken_memory_of_the_process", "times"),
        ("broken_acknowledges_before_the_write", "was lost"),
    ];
    for (variant, what) in expected {
        let mut failures = 0;
        for seed in 0..100 {
            let report = run("ws_reconnect", variant, Box::new(KeyedRandom::new(seed)));
            if report.outcome.is_done() {
                continue;
            }
            let message = report.outcome.to_string();
            assert!(message.starts_with("payment ") && message.contains(what), "{variant} {seed}: {message}");
            failures += 1;
        }
        assert!(failures >= 20, "{variant} failed under {failures} of 100 seeds");
    }
}

/// The keepalive of those who want nothing is what a blocked server breaks first.
#[test]
fn who_only_listens_loses_the_connection_to_a_server_that_works_for_another() {
    for variant in ["broken_inline", "broken_queue_alone"] {
        for seed in 0..20 {
            let report = run("ws_blocked_handler", variant, Box::new(KeyedRandom::new(seed)));
            let message = report.outcome.to_string();
            assert!(message.contains("keepalive ping timeout"), "{variant} {seed}: {message}");
            let quiet = message.starts_with("ann ") || message.starts_with("bob ");
            assert!(quiet, "{variant} {seed}: {message}");
        }
    }
}
