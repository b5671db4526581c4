//! Search beside Postgres: the same offers, words and clients; a page of twenty, the total and the counts per topic.
//!
//! Ours is the catalogue's index in this process, without gRPC and HTTP; the reference is the query alone, on `german`
//! full text and pg_trgm with GIN indexes, analysed, over connections of its own. The offers are the demo city's courses,
//! repeated with their own identifiers.
use crate::{ROUNDS, Round, Side};
use bildung_catalogue::{
    domain::offer::{Instance, Offer, Provider, State},
    import::{Context, Format, read},
    search::{OfferIndex, Question},
};
use bildung_chassis::{Clock, testing::administrator};
use jiff::tz::TimeZone;
use sqlx::{Connection as _, PgConnection, PgPool, Row as _, postgres::PgPoolOptions};
use std::time::{Duration, Instant};
use uuid::Uuid;

const OFFERS: usize = 20_000;
const CLIENTS: usize = 8;
const LENGTH: Duration = Duration::from_secs(3);
const WORDS: [&str; 16] = [
    "Kurs",
    "Kurse",
    "Deutsch",
    "Deutschkurs",
    "Integrationskurs",
    "Integratonskurs",
    "Malerei",
    "Rücken",
    "Ruecken",
    "Schulabschluss",
    "Yoga",
    "Excel",
    "Kinder",
    "Englisch Abend",
    "Nähen",
    "Bewerbungstraining",
];

pub(crate) async fn run() -> (Side, Side) {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let offers = offers(&zone);
    let index = OfferIndex::create(zone).unwrap();
    let begun = Instant::now();
    for part in offers.chunks(1000) {
        index.put(part).unwrap();
    }
    index.commit().unwrap();
    println!("<!-- {OFFERS} offers indexed in {:.1} s -->", begun.elapsed().as_secs_f64());
    let pool = reference(&offers).await;
    let (mut ours, mut theirs) = (Side::default(), Side::default());
    for _ in 0..ROUNDS {
        let index = index.clone();
        ours.0.push(
            round(move |word| {
                let index = index.clone();
                async move {
                    let question = Question { text: word.into(), page: 1, per_page: 20, ..Question::default() };
                    let now = Clock::system().now();
                    tokio::task::spawn_blocking(move || index.ask(&question, now).unwrap().total).await.unwrap()
                }
            })
            .await,
        );
        let pool = pool.clone();
        theirs.0.push(
            round(move |word| {
                let pool = pool.clone();
                async move { u64::try_from(sqlx::query(QUERY).bind(word).fetch_one(&pool).await.unwrap().get::<i64, _>("total")).unwrap() }
            })
            .await,
        );
    }
    sqlx::query("drop schema bench cascade").execute(&pool).await.unwrap();
    (ours, theirs)
}

fn offers(zone: &TimeZone) -> Vec<Offer> {
    let template = include_str!("../../deploy/demo/vhs-offers.openvhs.xml");
    // Any valid dates do: {{+21d}} becomes one.
    let mut text = String::new();
    for part in template.split("{{") {
        match part.split_once("}}") {
            Some((_, rest)) => {
                text.push_str("2031-09-01");
                text.push_str(rest);
            }
            None => text.push_str(part),
        }
    }
    let context = Context { time_zone: zone.clone(), language: "de".into() };
    let mut records = Vec::new();
    let bytes = std::io::Cursor::new(text.into_bytes());
    read(Format::OpenVhs, &context, Box::new(bytes), &mut |entry| {
        records.extend(entry.record);
        true
    })
    .unwrap();
    assert!(records.len() >= 200, "{}", records.len());
    let now = Clock::system().now();
    let provider = Provider { id: Uuid::from_u128(1), name: "Volkshochschule Lauterstadt".into(), actor_id: None };
    let of = |number: usize| {
        let record = records[number % records.len()].clone();
        Offer {
            id: Uuid::from_u128(number as u128 + 1),
            source: "bench".into(),
            record_key: number.to_string(),
            state: State::Published,
            instances: record.occurrences.iter().map(|occurrence| Instance { id: Uuid::nil(), occurrence: occurrence.clone() }).collect(),
            record,
            provider: provider.clone(),
            updated_at: now,
        }
    };
    (0..OFFERS).map(of).collect()
}

const QUERY: &str = "
    with found as materialized (
        select id, title, topics, document, ts_rank(words, q) + similarity(heading, $1) as rank
        from bench.offer, websearch_to_tsquery('german', $1) q
        where words @@ q or $1 <% heading)
    select (select count(*) from found) as total,
           (select json_agg(page) from (select document from found order by rank desc, id limit 20) page) as items,
           (select json_object_agg(topic, n) from (select topic, count(*) n from found, unnest(topics) topic group by topic) facet) as topics";

async fn reference(offers: &[Offer]) -> PgPool {
    let mut connection = PgConnection::connect_with(&administrator()).await.unwrap();
    let statements = "drop schema if exists bench cascade; create schema bench; create extension if not exists pg_trgm;
        create table bench.offer (id uuid primary key, title text, heading text, topics text[], document jsonb,
            words tsvector);
        create index on bench.offer using gin (words);
        create index on bench.offer using gin (heading gin_trgm_ops)";
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    let insert = "insert into bench.offer select $1, $2, $3, $4, $5,
        setweight(to_tsvector('german', $3), 'A') || setweight(to_tsvector('german', $6), 'D')";
    let mut tx = connection.begin().await.unwrap();
    for offer in offers {
        let record = &offer.record;
        let heading = format!("{} {} {}", record.title, record.subtitle, record.keywords.join(" "));
        let insert = sqlx::query(insert).bind(offer.id).bind(&record.title).bind(heading).bind(&record.topics);
        insert.bind(serde_json::to_value(record).unwrap()).bind(&record.description).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    sqlx::raw_sql("analyze bench.offer").execute(&mut connection).await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("explain {}", QUERY.replace("$1", "'Deutschkurs'"))))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    println!("<!-- the reference's plan:\n{}\n-->", plan.join("\n"));
    PgPoolOptions::new().max_connections(u32::try_from(CLIENTS).unwrap()).connect_with(administrator()).await.unwrap()
}

async fn round<F, R>(ask: F) -> Round
where
    F: Fn(&'static str) -> R + Clone + Send + 'static,
    R: Future<Output = u64> + Send,
{
    let begun = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let ask = ask.clone();
        clients.spawn(async move {
            let mut times = Vec::new();
            for word in WORDS.iter().cycle().skip(client * 2) {
                if begun.elapsed() >= LENGTH {
                    return times;
                }
                let asked = Instant::now();
                ask(word).await;
                times.push(asked.elapsed().as_secs_f64() * 1000.0);
            }
            times
        });
    }
    let mut times = clients.join_all().await.concat();
    times.sort_by(f64::total_cmp);
    Round { per_second: times.len() as f64 / begun.elapsed().as_secs_f64(), p99_ms: times[times.len() * 99 / 100] }
}
