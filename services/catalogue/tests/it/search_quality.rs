//! The judged queries of `tests/search` over Berlin's real courses: how much of what is relevant is found, class by class.
use crate::{search, shared};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const JUDGEMENTS: &str = include_str!("../../../../tests/search/judgements.json");

#[derive(Deserialize)]
struct Judgements {
    source: Source,
    queries: Vec<Judged>,
}

#[derive(Deserialize)]
struct Source {
    sha256: String,
}

#[derive(Deserialize)]
struct Judged {
    query: String,
    class: String,
    half: String,
    relevant: Vec<String>,
    cards: Vec<String>,
}

/// What is summed up over the queries of a class.
#[derive(Default)]
struct Sum {
    queries: usize,
    recall: f64,
    /// Share of the first ten hits that show why they were found.
    top: f64,
    with_hits: usize,
}

/// Least recall by class, on the half that is never tuned on: what there is today. Words of other languages and synonyms
/// are hardly found yet.
const FLOORS: [(&str, f64); 7] = [
    ("exact", 1.0),
    ("inflection", 0.70),
    ("compound head", 0.97),
    ("compound first part", 0.99),
    ("typo", 0.95),
    ("umlaut", 0.98),
    ("place", 0.95),
];

#[test]
fn judged_queries_are_answered() {
    let Some(bytes) = shared::berlin() else { return };
    let judgements: Judgements = serde_json::from_str(JUDGEMENTS).unwrap();
    let sum = <sha2::Sha256 as sha2::Digest>::digest(&bytes);
    assert_eq!(sum.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), judgements.source.sha256, "another edition of the file");
    let index = search::BerlinIndex::new(&bytes);

    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    let mut missed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for judged in &judgements.queries {
        let found = index.find(&judged.query);
        if judged.class == "nonsense" {
            assert!(found.is_empty(), "{} finds {}", judged.query, found.len());
            continue;
        }
        let relevant: BTreeSet<&str> = judged.relevant.iter().map(String::as_str).collect();
        let cards: BTreeSet<&str> = judged.cards.iter().map(String::as_str).collect();
        let hits = found.iter().filter(|id| relevant.contains(id.as_str())).count();
        let recall = hits as f64 / relevant.len() as f64;
        let sum = sums.entry((judged.class.clone(), judged.half.clone())).or_default();
        sum.queries += 1;
        sum.recall += recall;
        let top = &found[..found.len().min(10)];
        if !top.is_empty() {
            sum.with_hits += 1;
            sum.top += top.iter().filter(|id| cards.contains(id.as_str())).count() as f64 / top.len() as f64;
        }
        if recall < 1.0 && judged.half == "tune" {
            missed.entry(judged.class.as_str()).or_default().push(format!("{} {recall:.2}", judged.query));
        }
    }
    println!("| class | half | queries | recall | of the first ten, shown on the card |\n|---|---|---|---|---|");
    for ((class, half), sum) in &sums {
        println!(
            "| {class} | {half} | {} | {:.3} | {:.3} |",
            sum.queries,
            sum.recall / sum.queries as f64,
            sum.top / sum.with_hits.max(1) as f64
        );
    }
    for (class, queries) in missed {
        println!("tune, {class}: {}", queries.join(", "));
    }
    for (class, floor) in FLOORS {
        let sum = &sums[&(class.to_owned(), "report".to_owned())];
        let recall = sum.recall / sum.queries as f64;
        assert!(recall >= floor, "{class}: recall {recall:.3} is below {floor}");
    }
}
