//! The service on a real database: from a file to released values and alerts.
use crate::{
    Knowledge, Monitoring, Settings, commands,
    commands::Upload,
    ingest,
    ingest::Profile,
    queries,
    store::{Page, datasets},
};
use bildung_chassis::{
    Error, Kind, Principal, Refusal, Role,
    testing::{self, TestDatabase, user, user_named},
};
use bildung_proto::{
    events::{
        Event as _,
        monitoring::{AlertCleared, AlertRaised},
    },
    rpc::monitoring as view,
};
use bytes::Bytes;
use futures::stream;
use std::{path::PathBuf, sync::Arc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const TABLE: &[u8] = include_bytes!("../tests/fixtures/21111-02-06-4.csv");
const FLAT: &[u8] = include_bytes!("../tests/fixtures/12411-01-01-4.csv");
const INDICATOR: &str = "leavers-without-certificate";

struct Office {
    db: TestDatabase,
    knowledge: Arc<Knowledge>,
    first: Principal,
    second: Principal,
}

impl Office {
    async fn open() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        Self {
            db: testing::database::<Monitoring>().await,
            knowledge: Arc::new(Knowledge::new(&settings).expect("knowledge")),
            first: user_named("analyst-1", Role::Analyst),
            second: user_named("analyst-2", Role::Analyst),
        }
    }

    async fn receive(&self, file: &[u8], dry_run: bool, max_bytes: u64) -> Result<Uuid, Error> {
        self.receive_named(None, file, dry_run, max_bytes).await
    }

    async fn receive_named(&self, name: Option<&str>, file: &[u8], dry_run: bool, max_bytes: u64) -> Result<Uuid, Error> {
        let upload = Upload { profile: Profile::choose("auto", file)?, dry_run, file_name: name.map(str::to_owned) };
        let chunks: Vec<_> = file.chunks(1000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        self.db.store.command(&self.first, move |work| Box::pin(commands::receive(work, upload, stream::iter(chunks), max_bytes))).await
    }

    async fn ingest(&self, file: &[u8]) -> view::Dataset {
        let id = self.receive(file, false, 1 << 30).await.expect("received");
        self.read().await;
        self.dataset(id).await
    }

    fn runner(&self) -> ingest::run::Runner {
        ingest::run::Runner { store: self.db.store.clone(), knowledge: Arc::clone(&self.knowledge) }
    }

    async fn read(&self) {
        self.runner().read_waiting(&CancellationToken::new()).await.expect("read");
    }

    async fn dataset(&self, id: Uuid) -> view::Dataset {
        queries::dataset(&self.db.store, &self.first, id).await.expect("a data set")
    }

    async fn check(&self, dataset: &view::Dataset, by: &Principal) -> Result<(), Error> {
        let (id, knowledge) = (id(dataset), Arc::clone(&self.knowledge));
        self.db.store.command(by, move |work| Box::pin(async move { commands::check(work, &knowledge, id).await })).await
    }

    async fn release(&self, dataset: &view::Dataset, by: &Principal) -> Result<(), Error> {
        let (id, knowledge) = (id(dataset), Arc::clone(&self.knowledge));
        self.db.store.command(by, move |work| Box::pin(async move { commands::release(work, &knowledge, id).await })).await
    }

    async fn publish(&self, file: &[u8]) -> view::Dataset {
        let dataset = self.ingest(file).await;
        self.check(&dataset, &self.first).await.expect("checked");
        self.release(&dataset, &self.second).await.expect("released");
        self.dataset(id(&dataset)).await
    }

    async fn values(&self, principal: &Principal, areas: &[&str]) -> Vec<view::IndicatorValue> {
        let asked = view::GetIndicatorValuesRequest {
            indicator_id: INDICATOR.into(),
            areas: areas.iter().map(|area| (*area).to_owned()).collect(),
            per_page: 100,
            ..Default::default()
        };
        queries::indicator_values(&self.db.store, principal, &self.knowledge, asked).await.expect("values").values
    }

    async fn public(&self, area: &str) -> Option<view::IndicatorValue> {
        self.values(&Principal::Resident, &[area]).await.into_iter().next()
    }

    async fn facts(&self, event: &str) -> Vec<serde_json::Value> {
        sqlx::query_scalar("select data from chassis.outbox where type = $1 order by seq")
            .bind(event)
            .fetch_all(&self.db.admin)
            .await
            .expect("the outbox")
    }

    async fn raised(&self) -> Vec<AlertRaised> {
        self.facts(AlertRaised::TYPE).await.into_iter().map(|data| serde_json::from_value(data).expect("the event")).collect()
    }

    async fn cleared(&self) -> Vec<AlertCleared> {
        self.facts(AlertCleared::TYPE).await.into_iter().map(|data| serde_json::from_value(data).expect("the event")).collect()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.db.admin).await.expect("a count")
    }
}

fn id(dataset: &view::Dataset) -> Uuid {
    dataset.id.parse().expect("an id")
}

fn counts(dataset: &view::Dataset) -> [u64; 5] {
    let counts = dataset.counts.expect("counts");
    [counts.read, counts.inserted, counts.revised, counts.unchanged, counts.quarantined]
}

fn replaced(from: &str, to: &str) -> Vec<u8> {
    let at = TABLE.windows(from.len()).position(|window| window == from.as_bytes()).expect("the text to replace");
    [&TABLE[..at], to.as_bytes(), &TABLE[at + from.len()..]].concat()
}

fn refused(error: Error) -> Refusal {
    match error {
        Error::Refused(refusal) => refusal,
        Error::Internal(error) => panic!("{error:#}"),
    }
}

#[tokio::test]
async fn a_table_becomes_released_values_with_lineage_through_two_people() {
    let office = Office::open().await;
    let dataset = office.ingest(TABLE).await;
    assert_eq!((dataset.state.as_str(), counts(&dataset)), ("completed", [112, 112, 0, 0, 0]));
    let provenance = dataset.provenance.clone().expect("provenance");
    assert_eq!(provenance.table.as_deref(), Some("21111-02-06-4"));
    assert_eq!(provenance.vintage.as_deref(), Some("2025-03-13T15:40:08Z"));
    assert_eq!(provenance.licence.as_deref(), Some("dl-de/by-2-0"));
    assert_eq!(provenance.encoding.as_deref(), Some("windows-1252"));

    assert_eq!(office.public("07312").await, None, "a draft is nobody's business");
    assert_eq!(office.values(&office.first, &["07312"]).await[0].state, "draft");
    office.check(&dataset, &office.first).await.expect("checked");
    assert_eq!(office.values(&office.first, &["07312"]).await[0].state, "checked");
    assert_eq!(office.public("07312").await, None);

    let alone = refused(office.release(&dataset, &office.first).await.expect_err("one person"));
    assert_eq!((alone.kind, alone.code.as_str()), (Kind::Forbidden, "dataset_four_eyes"));
    assert_eq!(office.public("07312").await, None);
    office.release(&dataset, &office.second).await.expect("released");

    for (area, value, numerator, denominator) in
        [("07312", "9.24", "107", "1158"), ("07", "8.58", "3318", "38686"), ("DG", "7.12", "55708", "782423")]
    {
        let shown = office.public(area).await.expect("a released value");
        assert_eq!((shown.value.as_deref(), shown.unit.as_str(), shown.status.as_str()), (Some(value), "percent", "value"));
        assert_eq!((shown.numerator.as_deref(), shown.denominator.as_deref()), (Some(numerator), Some(denominator)));
        let cells: Vec<String> = shown.lineage.iter().map(|cell| text_at(TABLE, cell.line, cell.column)).collect();
        assert_eq!(cells, [numerator, denominator]);
        assert!(shown.lineage.iter().all(|cell| cell.file_sha256 == provenance.file_sha256));
    }
    let released = office.dataset(id(&dataset)).await;
    assert_eq!((released.checked_by.as_deref(), released.released_by.as_deref()), (Some("user:analyst-1"), Some("user:analyst-2")));
    let again = refused(office.release(&dataset, &office.second).await.expect_err("released before"));
    assert_eq!((again.kind, again.code.as_str()), (Kind::Conflict, "dataset_already_released"));
}

fn text_at(file: &[u8], line: u64, column: u64) -> String {
    let line = file.split(|byte| *byte == b'\n').nth(usize::try_from(line).expect("a line") - 1).expect("such a line");
    let cell = line.split(|byte| *byte == b';').nth(usize::try_from(column).expect("a column") - 1).expect("such a column");
    String::from_utf8_lossy(cell).into_owned()
}

#[tokio::test]
async fn a_value_above_the_land_raises_one_alert() {
    let office = Office::open().await;
    office.publish(TABLE).await;
    let raised = office.raised().await;
    assert_eq!(raised.len(), 1);
    let fact = &raised[0];
    assert_eq!((fact.area.code.as_str(), fact.period.as_str(), fact.value.as_str()), ("07312", "2023", "9.24"));
    assert_eq!((fact.reference.area.code.as_str(), fact.reference.value.as_str(), fact.margin.as_str()), ("07", "8.58", "0.66"));
    assert_eq!(fact.area.name, "Kaiserslautern, kreisfreie Stadt");
    let alerts = queries::alerts(&office.db.store, &Principal::Resident, view::ListAlertsRequest::default()).await.expect("alerts");
    assert_eq!((alerts.total, alerts.alerts[0].id.clone()), (1, fact.alert_id.to_string()));

    office.publish(&replaced("1158;580;107;", "1158;580;110;")).await;
    assert_eq!(office.raised().await.len(), 1, "still above: the alert stands");
    assert_eq!(office.cleared().await, []);
    assert_eq!(office.public("07312").await.and_then(|value| value.value), Some("9.50".into()));
}

#[tokio::test]
async fn a_revision_to_the_level_of_the_land_clears_the_alert_and_a_later_one_raises_another() {
    let office = Office::open().await;
    office.publish(TABLE).await;
    let better = replaced("1158;580;107;", "1158;580;90;");
    let dataset = office.publish(&better).await;
    assert_eq!(counts(&dataset), [112, 0, 1, 111, 0]);
    let value = office.public("07312").await.expect("a value");
    assert_eq!(
        (value.value.as_deref(), value.numerator.as_deref(), value.denominator.as_deref()),
        (Some("7.77"), Some("90"), Some("1158"))
    );
    let files: Vec<&str> = value.lineage.iter().map(|cell| cell.file_sha256.as_str()).collect();
    let new = dataset.provenance.expect("provenance").file_sha256;
    assert_eq!(files[0], new, "the changed cell is in the new file");
    assert_ne!(files[1], new, "the denominator still comes from the first");
    let raised = office.raised().await;
    assert_eq!(office.cleared().await, [AlertCleared { alert_id: raised[0].alert_id, reason: "value_within_limits".into() }]);

    office.publish(TABLE).await;
    let raised = office.raised().await;
    assert_eq!(raised.len(), 2);
    assert_ne!(raised[0].alert_id, raised[1].alert_id);
}

#[tokio::test]
async fn at_or_below_the_land_there_is_no_alert() {
    for count in ["99", "60"] {
        let office = Office::open().await;
        office.publish(&replaced("1158;580;107;", &format!("1158;580;{count};"))).await;
        assert_eq!(office.raised().await, [], "{count} of 1158");
        assert!(office.public("07312").await.is_some());
    }
}

#[tokio::test]
async fn a_sign_makes_the_value_not_computable_and_withdraws_the_alert() {
    let office = Office::open().await;
    office.publish(TABLE).await;
    office.publish(&replaced("1158;580;107;", "1158;580;.;")).await;
    let value = office.public("07312").await.expect("a value");
    assert_eq!((value.value, value.status.as_str(), value.reason.as_deref()), (None, "not_computable", Some("numerator_concealed")));
    assert_eq!(office.cleared().await[0].reason, "value_withdrawn");
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    let office = Office::open().await;
    office.publish(TABLE).await;
    let rows = "select (select count(*) from observation) + (select count(*) from series) + (select count(*) from indicator_value)";
    let before = office.count(rows).await;
    let again = office.ingest(TABLE).await;
    assert_eq!(counts(&again), [112, 0, 0, 112, 0]);
    let relabelled = replaced("ohne Hauptschulabschluss;ohne Hauptschulabschluss", "ohne Ersten Schulabschluss;ohne Ersten Schulabschluss");
    assert_eq!(counts(&office.ingest(&relabelled).await), [112, 0, 0, 112, 0], "a label is not a key");
    assert_eq!(office.count(rows).await, before);
    assert_eq!(office.raised().await.len(), 1);
}

#[tokio::test]
async fn a_second_file_vouches_for_what_the_first_brought_unreleased() {
    let office = Office::open().await;
    let first = office.ingest(TABLE).await;
    let second = office.publish(&replaced("1158;580;107;", "1158;580;110;")).await;
    assert_eq!(counts(&second), [112, 0, 1, 111, 0]);
    let value = office.public("07312").await.expect("a value");
    assert_eq!((value.value.as_deref(), value.denominator.as_deref()), (Some("9.50"), Some("1158")));
    assert_eq!(office.public("07").await.and_then(|value| value.value).as_deref(), Some("8.58"));
    assert_eq!(office.dataset(id(&first)).await.state, "completed");

    office.check(&first, &office.first).await.expect("checked");
    office.release(&first, &office.second).await.expect("released");
    assert_eq!(office.public("07312").await.and_then(|value| value.value).as_deref(), Some("9.50"), "the later file holds");
}

#[tokio::test]
async fn what_changes_between_check_and_release_has_to_be_checked_again() {
    let office = Office::open().await;
    let first = office.ingest(TABLE).await;
    office.check(&first, &office.first).await.expect("checked");
    office.publish(&replaced("1158;580;107;", "1158;580;110;")).await;
    let refusal = refused(office.release(&first, &office.second).await.expect_err("changed"));
    assert_eq!(refusal.code, "dataset_changed_since_check");
    office.check(&first, &office.first).await.expect("checked again");
    office.release(&first, &office.second).await.expect("released");
}

#[tokio::test]
async fn a_dry_run_reports_and_stores_nothing() {
    let office = Office::open().await;
    let rehearsal = office.receive(&replaced("1158;580;107;", "1158;580;1o7;"), true, 1 << 30).await.expect("received");
    office.read().await;
    let rehearsal = office.dataset(rehearsal).await;
    assert_eq!((rehearsal.state.as_str(), rehearsal.dry_run, counts(&rehearsal)), ("completed", true, [112, 111, 0, 0, 1]));
    assert_eq!(
        office.count("select (select count(*) from observation) + (select count(*) from series) + (select count(*) from area)").await,
        0
    );
    let refusal = refused(office.check(&rehearsal, &office.first).await.expect_err("a rehearsal"));
    assert_eq!(refusal.code, "dataset_dry_run");
    let rows = queries::quarantine(&office.db.store, &office.first, id(&rehearsal), Page { limit: 10, offset: 0 }).await.expect("rows");
    let row = &rows.rows[0];
    assert_eq!((row.row, row.column, row.reason.as_str(), row.raw.as_str()), (14, 6, "value_unreadable", "1o7"));
}

#[tokio::test]
async fn contradictions_within_a_file_go_to_quarantine() {
    let office = Office::open().await;
    let line = "2023;07317;      Pirmasens, kreisfreie Stadt;412;208;68;25;55;22;140;72;12;7;-;-;149;89\n";
    let changed = line.replace(";412;", ";413;");
    let dataset = office.ingest(&replaced(line, &format!("{line}{changed}"))).await;
    assert_eq!(counts(&dataset), [126, 112, 0, 13, 1], "13 cells repeat what was said, one contradicts");
    let rows = queries::quarantine(&office.db.store, &office.first, id(&dataset), Page { limit: 10, offset: 0 }).await.expect("rows");
    assert_eq!((rows.total, rows.rows[0].column, rows.rows[0].reason.as_str()), (1, 4, "contradicts_earlier_line"));
}

#[tokio::test]
async fn an_unreadable_file_fails_with_its_place_and_leaves_nothing() {
    let office = Office::open().await;
    let dataset = office.ingest(&replaced("ohne Hauptschulabschluss", "ohne Abschluss")).await;
    let failure = dataset.failure.clone().expect("a failure");
    assert_eq!((dataset.state.as_str(), failure.reason.as_str(), failure.line, failure.column), ("failed", "column_unknown", 8, 6));
    assert_eq!(office.count("select count(*) from observation").await, 0);
    assert_eq!(refused(office.check(&dataset, &office.first).await.expect_err("failed")).code, "dataset_failed");
}

#[tokio::test]
async fn a_file_over_the_limit_leaves_nothing() {
    let office = Office::open().await;
    let refusal = refused(office.receive(TABLE, false, 2000).await.expect_err("too large"));
    assert_eq!(refusal.kind, Kind::TooLarge);
    assert_eq!(office.count("select (select count(*) from dataset) + (select count(*) from chassis.file)").await, 0);
}

#[tokio::test]
async fn a_run_that_broke_off_is_taken_up_and_given_up_after_too_many_times() {
    let office = Office::open().await;
    let broken = office.receive(TABLE, false, 1 << 30).await.expect("received");
    sqlx::query("update dataset set state = 'running', attempts = 1").execute(&office.db.admin).await.expect("updated");
    office.read().await;
    assert_eq!(office.dataset(broken).await.state, "completed");

    let hopeless = office.receive(TABLE, false, 1 << 30).await.expect("received");
    sqlx::query("update dataset set state = 'running', attempts = 10 where id = $1")
        .bind(hopeless)
        .execute(&office.db.admin)
        .await
        .expect("updated");
    office.read().await;
    let hopeless = office.dataset(hopeless).await;
    assert_eq!((hopeless.state.as_str(), hopeless.failure.expect("a failure").reason.as_str()), ("failed", "interrupted"));
}

#[tokio::test]
async fn a_run_that_is_stopped_half_way_leaves_nothing_and_is_taken_up_again() {
    let office = Office::open().await;
    let dataset = office.receive(TABLE, false, 1 << 30).await.expect("received");
    let runner = office.runner();
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(3), runner.read_waiting(&CancellationToken::new())).await;
    assert!(stopped.is_err(), "the run takes longer than 3 ms");
    assert_eq!(office.count("select count(*) from observation").await, 0);
    testing::eventually("the lock of the broken session is gone", || async {
        office.read().await;
        office.dataset(dataset).await.state == "completed"
    })
    .await;
    assert_eq!(counts(&office.dataset(dataset).await), [112, 112, 0, 0, 0]);
}

#[tokio::test]
async fn flat_files_keep_every_vintage() {
    let office = Office::open().await;
    let old = office.ingest(FLAT).await;
    assert_eq!((counts(&old), old.values), ([12, 12, 0, 0, 0], 0));
    assert_eq!(old.provenance.as_ref().and_then(|provenance| provenance.vintage.as_deref()), Some("2026-03-02T08:00:00Z"));
    office.db.clock.advance(jiff::SignedDuration::from_hours(48));
    let text = String::from_utf8(FLAT.to_vec()).expect("UTF-8").replace(";100571;", ";100600;");
    assert_eq!(counts(&office.ingest(text.as_bytes()).await), [12, 0, 1, 11, 0]);
    let at = |vintage: Option<&str>, table: &str| view::ListObservationsRequest {
        table: table.into(),
        areas: vec!["07312".into()],
        periods: vec!["2023-12-31".into()],
        vintage: vintage.map(str::to_owned),
        ..Default::default()
    };
    for (vintage, table, expected) in
        [(None, "12411-01-01-4", "100600"), (Some("2026-03-03"), "12411", "100571"), (Some("2026-03-05"), "12411", "100600")]
    {
        let found = queries::observations(&office.db.store, &office.first, &office.knowledge, at(vintage, table)).await.expect("found");
        assert_eq!(found.total, 3);
        let total = found.observations.iter().find(|observation| observation.dimensions.get("GES").is_some_and(String::is_empty));
        assert_eq!(total.and_then(|observation| observation.value.as_deref()), Some(expected), "{vintage:?}");
    }
    let none =
        queries::observations(&office.db.store, &office.first, &office.knowledge, at(Some("2026-03-01"), "12411")).await.expect("found");
    assert_eq!(none.total, 0);
}

#[tokio::test]
async fn a_file_that_arrives_late_does_not_reach_past_a_newer_one() {
    let office = Office::open().await;
    office.ingest(FLAT).await;
    office.db.clock.advance(jiff::SignedDuration::from_hours(240));
    assert_eq!(counts(&office.ingest(FLAT).await), [12, 0, 0, 12, 0], "ten days later the same numbers");
    let between = String::from_utf8(FLAT.to_vec()).expect("UTF-8").replace(";100571;", ";100600;");
    let fifth = "2026-03-05T12:00:00Z".parse::<jiff::Timestamp>().expect("a time").as_millisecond();
    let name = format!("12411-01-01-4_{fifth}_de_flat.csv");
    let late = office.receive_named(Some(&name), between.as_bytes(), false, 1 << 30).await.expect("received");
    office.read().await;
    assert_eq!(counts(&office.dataset(late).await), [12, 0, 1, 11, 0]);
    for (vintage, expected) in [(Some("2026-03-04"), "100571"), (Some("2026-03-06"), "100600"), (None, "100571")] {
        let asked = view::ListObservationsRequest {
            table: "12411".into(),
            areas: vec!["07312".into()],
            vintage: vintage.map(str::to_owned),
            ..Default::default()
        };
        let found = queries::observations(&office.db.store, &office.first, &office.knowledge, asked).await.expect("found");
        let total = found.observations.iter().find(|observation| observation.dimensions.get("GES").is_some_and(String::is_empty));
        assert_eq!(total.and_then(|observation| observation.value.as_deref()), Some(expected), "{vintage:?}");
    }
}

#[tokio::test]
async fn everybody_may_do_what_their_role_allows() {
    let office = Office::open().await;
    let dataset = office.ingest(TABLE).await;
    let manager = user(Role::EducationManager);
    let kind = |result: Result<(), Error>| result.map_err(|error| refused(error).kind).err();
    assert_eq!(kind(office.check(&dataset, &Principal::Resident).await), Some(Kind::Unauthenticated));
    assert_eq!(kind(office.check(&dataset, &manager).await), Some(Kind::Forbidden));
    assert_eq!(kind(office.check(&dataset, &Principal::System("job")).await), Some(Kind::Forbidden), "a job has no eyes");
    assert_eq!(kind(office.release(&dataset, &manager).await), Some(Kind::Conflict), "not checked");
    office.check(&dataset, &office.first).await.expect("checked");
    assert_eq!(kind(office.release(&dataset, &user(Role::Coordinator)).await), Some(Kind::Forbidden));
    office.release(&dataset, &manager).await.expect("a manager is the second person");

    let resident = queries::datasets(&office.db.store, &Principal::Resident, Page { limit: 1, offset: 0 }).await.map(|_| ());
    assert_eq!(kind(resident), Some(Kind::Unauthenticated));
    let asked = view::ListObservationsRequest { table: "21111".into(), ..Default::default() };
    let observations = queries::observations(&office.db.store, &manager, &office.knowledge, asked).await.map(|_| ());
    assert_eq!(kind(observations), Some(Kind::Forbidden));
}

#[tokio::test]
async fn the_database_itself_wants_two_people() {
    let office = Office::open().await;
    let dataset = office.ingest(TABLE).await;
    office.check(&dataset, &office.first).await.expect("checked");
    let mut work = office.db.store.begin(&office.second).await.expect("a transaction");
    let (seq, _) = datasets::lock(work.tx(), id(&dataset)).await.expect("locked").expect("a data set");
    let now = work.now;
    assert!(datasets::mark_released(work.tx(), seq, now, "user:analyst-1").await.is_err());
}

#[tokio::test]
async fn the_whole_published_table_is_released() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/monitoring/genesis_table_csv/21111-02-06-4.csv");
    let Ok(file) = std::fs::read(path) else {
        eprintln!("skipped: shared data absent");
        return;
    };
    let office = Office::open().await;
    let dataset = office.publish(&file).await;
    let [read, inserted, .., quarantined] = counts(&dataset);
    assert_eq!((read, quarantined), (inserted, 0));
    for (area, value) in [("07312", "9.24"), ("07", "8.58"), ("DG", "7.12")] {
        assert_eq!(office.public(area).await.and_then(|shown| shown.value).as_deref(), Some(value));
    }
    assert_eq!(office.raised().await.len(), 1);
    assert_eq!(counts(&office.ingest(&file).await), [read, 0, 0, read, 0]);
}
