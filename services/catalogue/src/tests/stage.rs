//! A catalogue without a process: a database, a worker that a test sets to work, an index that it lets follow.
use crate::{
    Catalogue,
    commands::{
        import_control,
        start_import::{self, NewImport},
    },
    domain::import_run::{Action, VanishGuard},
    import::{self, runner::Runner},
    queries,
    search::{OfferIndex, Question, follow::Follower},
};
use bildung_chassis::{
    Error, Principal, Role, User,
    testing::{self, TestDatabase},
};
use bildung_proto::rpc::catalogue::{ImportCounts, ImportRun};
use bytes::Bytes;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(super) struct Stage {
    pub(super) db: TestDatabase,
    pub(super) follower: Follower,
    pub(super) runner: Runner,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let db = testing::database::<Catalogue>().await;
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let index = OfferIndex::create(zone.clone()).unwrap();
        let mut follower = Follower::new(db.store.clone(), index);
        follower.fill().await.unwrap();
        let runner = Runner {
            store: db.store.clone(),
            context: import::Context { time_zone: zone, language: "de".into() },
            guard: VanishGuard { max_share: 0.3 },
            lease_seconds: 10.0,
        };
        Self { db, follower, runner }
    }

    pub(super) async fn start_as(&self, principal: &Principal, new: NewImport, file: &str, max_bytes: u64) -> Result<Uuid, Error> {
        let chunks: Vec<_> = file.as_bytes().chunks(1000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        self.db
            .store
            .command(principal, move |work| {
                Box::pin(async move { start_import::start(work, max_bytes, new, futures::stream::iter(chunks)).await })
            })
            .await
    }

    pub(super) async fn start(&self, source: &str, file: &str, dry_run: bool) -> Uuid {
        let new = NewImport { source: source.into(), dry_run, ..NewImport::default() };
        self.start_as(&testing::user(Role::Editor), new, file, 1 << 20).await.unwrap()
    }

    /// Lets a worker do whatever there is to do.
    pub(super) async fn work(&self) {
        while self.runner.work_once(self.runner.worker(), &CancellationToken::new()).await.unwrap() {}
    }

    pub(super) async fn run(&self, id: Uuid) -> ImportRun {
        queries::imports::get(&self.db.store, &testing::user(Role::Editor), id).await.unwrap()
    }

    /// Imports a file and waits for its end.
    pub(super) async fn import(&self, source: &str, file: &str) -> ImportRun {
        let id = self.start(source, file, false).await;
        self.work().await;
        self.run(id).await
    }

    pub(super) async fn act(&self, id: &str, action: Action) -> Result<(), Error> {
        let id = id.parse().unwrap();
        self.db
            .store
            .command(&testing::user(Role::Editor), move |work| {
                Box::pin(async move { import_control::act(work, id, action).await.map(drop) })
            })
            .await
    }

    /// Titles that the public finds, sorted.
    pub(super) async fn titles(&mut self, text: &str) -> Vec<String> {
        self.follower.catch_up().await.unwrap();
        let question = Question { text: text.into(), page: 1, per_page: 100, ..Question::default() };
        let answer = self.follower.index.ask(&question, self.db.clock.now()).unwrap();
        let mut titles: Vec<String> = answer.items.into_iter().map(|offer| offer.title).collect();
        titles.sort();
        titles
    }

    /// Events in the outbox by type, `published` for `bildung.catalogue.offer.published.v1`.
    pub(super) async fn events(&self, fact: &str) -> i64 {
        sqlx::query_scalar("select count(*) from chassis.outbox where type = $1")
            .bind(format!("bildung.catalogue.offer.{fact}.v1"))
            .fetch_one(&self.db.admin)
            .await
            .unwrap()
    }
}

pub(super) fn provider_of(sources: &[&str]) -> Principal {
    let sources: BTreeSet<String> = sources.iter().map(|source| (*source).to_owned()).collect();
    Principal::User(User { subject: "demo-provider".into(), roles: [Role::Provider].into(), sources })
}

#[expect(clippy::unnecessary_wraps, reason = "as the message has it")]
pub(super) fn counts(read: u64, created: u64, updated: u64, unchanged: u64, withdrawn: u64, rejected: u64) -> Option<ImportCounts> {
    Some(ImportCounts { read, created, updated, unchanged, withdrawn, rejected })
}

/// A file with one course per title; the guid is the place in the list unless it stands before a colon.
pub(super) fn file(titles: &[&str]) -> String {
    let mut courses = String::new();
    for (at, title) in titles.iter().enumerate() {
        let (guid, title) = title.split_once(':').map_or_else(|| (format!("K{at}"), *title), |(guid, title)| (guid.to_owned(), title));
        let day = 1 + at % 9;
        let course = format!("<guid>{guid}</guid><name>{title}</name><beginn_datum>2026-04-0{day}</beginn_datum>");
        courses.push_str("<veranstaltung>");
        courses.push_str(&course);
        courses.push_str("</veranstaltung>\n");
    }
    format!("<veranstaltungen><export><ersteller><name>VHS Beispielstadt e. V.</name></ersteller></export>\n{courses}</veranstaltungen>")
}
