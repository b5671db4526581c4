//! `make bench`: each figure beside a reference that runs in the same minute, A-B-A-B, median of five with the spread.
//!
//! Needs the test servers (`BB_TEST_POSTGRES`, here one that syncs to disk) and a release build.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, reason = "a benchmark")]
mod events;
mod search;

/// Rounds of each side.
const ROUNDS: usize = 5;

/// What one round of one side gave.
#[derive(Clone, Copy, Debug)]
struct Round {
    per_second: f64,
    p99_ms: f64,
}

/// Figures of one side over all rounds.
#[derive(Debug, Default)]
struct Side(Vec<Round>);

impl Side {
    fn median(&self, of: impl Fn(&Round) -> f64) -> (f64, f64, f64) {
        let mut values: Vec<f64> = self.0.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        (values[0], values[values.len() / 2], values[values.len() - 1])
    }
}

fn report(what: &str, reference: &str, ours: &Side, theirs: &Side) {
    let (low, speed, high) = ours.median(|round| round.per_second);
    let (their_low, their_speed, their_high) = theirs.median(|round| round.per_second);
    let (_, p99, worst) = ours.median(|round| round.p99_ms);
    let (_, their_p99, _) = theirs.median(|round| round.p99_ms);
    println!(
        "| {what} | {speed:.0}/s ({low:.0} to {high:.0}) | p99 {p99:.1} ms (worst round {worst:.1}) | {reference}: {their_speed:.0}/s ({their_low:.0} to {their_high:.0}), p99 {their_p99:.1} ms | {:.2} |",
        speed / their_speed
    );
}

fn main() {
    let wanted = std::env::args().find(|argument| ["events", "search"].contains(&argument.as_str()));
    let wanted = |name: &str| wanted.as_deref().is_none_or(|only| only == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("| what | ours (min to max of {ROUNDS}) | latency | reference | ratio |\n|---|---|---|---|---|");
    if wanted("events") {
        let (ours, theirs) = runtime.block_on(events::run());
        report(
            "events, 3,000 at once, commit to effect in another service, sync_interval: always",
            "hand-written outbox loop",
            &ours,
            &theirs,
        );
    }
    if wanted("search") {
        let (ours, theirs) = runtime.block_on(search::run());
        report("search, 20,000 offers, 8 clients, without HTTP", "Postgres german + pg_trgm", &ours, &theirs);
    }
}
