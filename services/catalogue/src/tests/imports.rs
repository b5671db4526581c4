//! What an import does, whatever happens on the way.
use super::stage::{Stage, counts, file, provider_of};
use crate::{commands::start_import::NewImport, domain::import_run::Action, queries};
use bildung_chassis::{Error, Kind, Role, testing};
use tokio_util::sync::CancellationToken;

const FIVE: [&str; 5] = ["Yoga", "Englisch A1", "Töpfern", "Rechnen", "Singen"];

fn refusal(outcome: Result<impl std::fmt::Debug, Error>) -> (Kind, String) {
    match outcome {
        Err(Error::Refused(refusal)) => (refusal.kind, refusal.code),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn the_same_content_changes_nothing() {
    let mut stage = Stage::new().await;
    let first = stage.import("vhs", &file(&FIVE)).await;
    assert_eq!((first.state.as_str(), first.counts), ("completed", counts(5, 5, 0, 0, 0, 0)));
    assert_eq!(stage.events("published").await, 5);
    assert_eq!(stage.titles("Yoga").await, ["Yoga"]);

    let reordered =
        "K4:Singen K3:Rechnen K2:Töpfern K1:Englisch_A1 K0:Yoga".split(' ').map(|title| title.replace('_', " ")).collect::<Vec<_>>();
    let mut moved = file(&reordered.iter().map(String::as_str).collect::<Vec<_>>());
    // each course keeps its date
    for (place, date) in [("K4", 5), ("K3", 4), ("K2", 3), ("K1", 2), ("K0", 1)] {
        let at = moved.find(&format!("<guid>{place}")).unwrap();
        let day = at + moved[at..].find("2026-04-0").unwrap() + 9;
        moved.replace_range(day..=day, &date.to_string());
    }
    for same in [file(&FIVE), moved, file(&FIVE).replace("><", ">\n   <")] {
        let again = stage.import("vhs", &same).await;
        assert_eq!(again.counts, counts(5, 0, 0, 5, 0, 0));
    }
    let changed = stage.import("vhs", &file(&["Yoga am Morgen", "Englisch A1", "Töpfern", "Rechnen", "Singen"])).await;
    assert_eq!(changed.counts, counts(5, 0, 1, 4, 0, 0));
    assert_eq!((stage.events("published").await, stage.events("updated").await), (5, 1));
    assert_eq!(stage.titles("Yoga").await, ["Yoga am Morgen"]);
}

#[tokio::test]
async fn what_vanishes_is_withdrawn_and_too_much_is_held() {
    let mut stage = Stage::new().await;
    stage.import("vhs", &file(&FIVE)).await;
    stage.import("other", &file(&["Tanzen"])).await;
    let one_less = stage.import("vhs", &file(&FIVE[..4])).await;
    assert_eq!((one_less.state.as_str(), one_less.counts), ("completed", counts(4, 0, 0, 4, 1, 0)));
    assert_eq!(stage.events("withdrawn").await, 1);

    let held = stage.import("vhs", &file(&FIVE[..2])).await;
    assert_eq!((held.state.as_str(), held.reason.as_str(), held.counts), ("held", "too_many_vanish", counts(2, 0, 0, 2, 2, 0)));
    assert_eq!(stage.titles("").await.len(), 5, "nothing happened yet");
    stage.act(&held.id, Action::Confirm).await.unwrap();
    stage.work().await;
    let confirmed = stage.run(held.id.parse().unwrap()).await;
    assert_eq!((confirmed.state.as_str(), confirmed.counts), ("completed", counts(2, 0, 0, 2, 2, 0)));
    assert_eq!(stage.titles("").await, ["Englisch A1", "Tanzen", "Yoga"]);

    let discarded = stage.import("vhs", &file(&["neu:Neu"])).await;
    stage.act(&discarded.id, Action::Undo).await.unwrap();
    assert_eq!(stage.run(discarded.id.parse().unwrap()).await.state, "undone");
    assert_eq!(refusal(stage.act(&discarded.id, Action::Confirm).await).1, "import_state");
    assert_eq!(stage.import("vhs", &file(&FIVE)).await.counts, counts(5, 0, 3, 2, 0, 0));
}

#[tokio::test]
async fn an_import_can_be_taken_back() {
    let mut stage = Stage::new().await;
    stage.import("vhs", &file(&FIVE)).await;
    let run = stage.import("vhs", &file(&["Yoga neu", "Englisch A1", "Töpfern", "Rechnen", "neu:Kochen"])).await;
    assert_eq!(run.counts, counts(5, 1, 1, 3, 1, 0));
    assert!(run.undoable);
    stage.act(&run.id, Action::Undo).await.unwrap();
    stage.work().await;
    assert_eq!(stage.run(run.id.parse().unwrap()).await.state, "undone");
    let mut before = FIVE.to_vec();
    before.sort_unstable();
    assert_eq!(stage.titles("").await, before);
    assert_eq!(stage.import("vhs", &file(&FIVE)).await.counts, counts(5, 0, 0, 5, 0, 0));
    assert_eq!(refusal(stage.act(&run.id, Action::Undo).await).1, "import_state");
}

#[tokio::test]
async fn a_trial_changes_nothing_and_says_what_would_happen() {
    let mut stage = Stage::new().await;
    stage.import("vhs", &file(&FIVE)).await;
    let id = stage.start("vhs", &file(&["Yoga neu", "Englisch A1", "Töpfern", "Rechnen", "neu:Kochen"]), true).await;
    stage.work().await;
    let trial = stage.run(id).await;
    assert_eq!((trial.state.as_str(), trial.counts), ("completed", counts(5, 1, 1, 3, 1, 0)));
    assert!(!trial.undoable);
    assert_eq!(stage.titles("Yoga").await, ["Yoga"]);
    assert_eq!(stage.events("updated").await, 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_changes_nothing() {
    let mut stage = Stage::new().await;
    let broken = file(&FIVE).replace("</veranstaltungen>", "<veranstaltung></veranstaltungen>");
    let failed = stage.import("vhs", &broken).await;
    assert_eq!((failed.state.as_str(), failed.reason.as_str(), failed.counts), ("failed", "not_well_formed", counts(0, 0, 0, 0, 0, 0)));
    assert_eq!(failed.errors[0].record, "7:16", "{:?}", failed.errors);
    assert!(stage.titles("").await.is_empty());
    assert_eq!(stage.events("published").await, 0);
}

#[tokio::test]
async fn records_that_cannot_be_offers_are_reported() {
    let stage = Stage::new().await;
    let text = file(&["a:Yoga", "a:Yoga zwei", "b:", "c:Kochen"]);
    let run = stage.import("vhs", &text).await;
    assert_eq!(run.counts, counts(4, 2, 0, 0, 0, 2));
    let notes: Vec<_> = run.errors.iter().map(|note| (note.severity.as_str(), note.record.as_str(), note.field.as_str())).collect();
    assert_eq!(notes, [("rejected", "b", "name"), ("rejected", "a", "guid")]);
    // the other way round the offer held still wins
    let turned =
        stage.import("vhs", &file(&["x:Neu", "a:Yoga", "b:", "c:Kochen"]).replace("x</guid><name>Neu", "a</guid><name>Yoga zwei")).await;
    assert_eq!(turned.counts.map(|counts| (counts.read, counts.created, counts.rejected, counts.withdrawn)), Some((4, 0, 2, 0)));
}

#[tokio::test]
async fn who_may_deliver_what() {
    let stage = Stage::new().await;
    stage.import("vhs", &file(&FIVE)).await;
    let new = |source: &str| NewImport { source: source.into(), ..NewImport::default() };
    let text = file(&FIVE);
    let large = 1 << 20;
    assert!(stage.start_as(&provider_of(&["vhs"]), new("vhs"), &text, large).await.is_ok());
    let provider = provider_of(&["vhs", "unborn"]);
    for (principal, new, text, limit, expected) in [
        (bildung_chassis::Principal::Resident, new("vhs"), text.as_str(), large, (Kind::Unauthenticated, "sign_in_required")),
        (testing::user(Role::Analyst), new("vhs"), &text, large, (Kind::Forbidden, "role_missing")),
        (provider.clone(), new("other"), &text, large, (Kind::Forbidden, "source_forbidden")),
        (provider, new("unborn"), &text, large, (Kind::Forbidden, "source_forbidden")),
        (testing::user(Role::Editor), new("VHS!"), &text, large, (Kind::Invalid, "source_name_invalid")),
        (
            testing::user(Role::Editor),
            NewImport { format: "docx".into(), ..new("vhs") },
            &text,
            large,
            (Kind::UnsupportedFormat, "format_unknown"),
        ),
        (testing::user(Role::Editor), NewImport { mode: "some".into(), ..new("vhs") }, &text, large, (Kind::Invalid, "mode_unknown")),
        (testing::user(Role::Editor), new("vhs"), "", large, (Kind::Invalid, "file_empty")),
        (testing::user(Role::Editor), new("vhs"), "rubbish", large, (Kind::Invalid, "format_not_recognised")),
        (testing::user(Role::Editor), new("vhs"), &text, 100, (Kind::TooLarge, "file_too_large")),
    ] {
        let (kind, code) = refusal(stage.start_as(&principal, new, text, limit).await);
        assert_eq!((kind, code.as_str()), expected);
    }
    let files: i64 = sqlx::query_scalar("select count(*) from chassis.file").fetch_one(&stage.db.admin).await.unwrap();
    assert_eq!(files, 2, "what is refused is not stored");
    let run = stage.import("other", &text).await;
    let foreign = queries::imports::get(&stage.db.store, &provider_of(&["vhs"]), run.id.parse().unwrap()).await;
    assert_eq!(refusal(foreign).0, Kind::NotFound);
}

/// Ends the worker after every possible number of steps, and lets another one go on.
#[tokio::test]
async fn an_interrupted_run_is_resumed_with_every_effect_once() {
    let titles: Vec<String> = (0..450).map(|number| format!("g{number}:Kurs {number}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut stage = Stage::new().await;
    let id = stage.start("vhs", &file(&titles), false).await;
    let mut rounds = 0;
    while stage.run(id).await.state != "completed" {
        rounds += 1;
        // dropping the future in the middle of a step is what a crash looks like to the database
        let worker = stage.runner.worker();
        let stop = CancellationToken::new();
        let one_worker = stage.runner.work_once(worker, &stop);
        tokio::time::timeout(std::time::Duration::from_millis(40 * rounds), one_worker).await.ok();
        sqlx::query("update import_run set leased_until = now() - interval '1 second', attempts = 0 where leased_until is not null")
            .execute(&stage.db.admin)
            .await
            .unwrap();
        assert!(rounds < 200);
    }
    assert!(rounds > 1, "nothing was interrupted");
    assert_eq!(stage.run(id).await.counts, counts(450, 450, 0, 0, 0, 0));
    assert_eq!(stage.events("published").await, 450);
    assert_eq!(stage.titles("Kurs 7").await, ["Kurs 7"]);
}

#[tokio::test]
async fn a_run_that_never_gets_on_is_given_up_and_can_be_repeated() {
    let stage = Stage::new().await;
    let id = stage.start("vhs", &file(&FIVE), false).await;
    sqlx::query("update import_run set attempts = 10, state = 'running', leased_until = now() - interval '1 second'")
        .execute(&stage.db.admin)
        .await
        .unwrap();
    stage.work().await;
    let run = stage.run(id).await;
    assert_eq!((run.state.as_str(), run.reason.as_str()), ("failed", "interrupted"));
    assert_eq!(stage.import("vhs", &file(&FIVE)).await.counts, counts(5, 5, 0, 0, 0, 0));
}

#[tokio::test]
async fn a_worker_without_the_lease_changes_nothing() {
    let stage = Stage::new().await;
    let id = stage.start("vhs", &file(&FIVE), false).await;
    let late = stage.runner.worker();
    let claimed = stage
        .db
        .store
        .command(&bildung_chassis::Principal::System("import"), move |work| Box::pin(crate::commands::import_steps::claim(work, late)));
    let run = claimed.await.unwrap().unwrap();
    sqlx::query("update import_run set leased_until = now() - interval '1 second'").execute(&stage.db.admin).await.unwrap();
    stage.work().await;
    let mut work = stage.db.store.begin(&bildung_chassis::Principal::System("import")).await.unwrap();
    let step = crate::commands::import_steps::begin_reading(&mut work, &run, late).await.unwrap();
    assert_eq!(step, crate::commands::import_steps::Step::Lost);
    assert_eq!(stage.run(id).await.counts, counts(5, 5, 0, 0, 0, 0));
}
