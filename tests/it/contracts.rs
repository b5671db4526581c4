//! Events: names, schemas checked in, and the smallest example that each consumer relies on.
use bildung_proto::events;
use serde_json::Value;
use std::{collections::BTreeSet, path::PathBuf};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(name)
}

#[test]
fn one_name_for_everything() {
    let mut seen = BTreeSet::new();
    for (kind, _) in events::catalogue_of_events() {
        let parts: Vec<&str> = kind.split('.').collect();
        assert_eq!(parts.len(), 5, "{kind}");
        assert_eq!(parts[0], "bildung");
        assert!(["catalogue", "network", "monitoring", "newcomers"].contains(&parts[1]), "{kind}");
        assert!(parts[4].strip_prefix('v').is_some_and(|n| n.parse::<u8>().is_ok()), "{kind}");
        assert!(seen.insert(kind), "{kind} twice");
    }
}

/// `BB_WRITE_SCHEMAS=1` writes the files anew; without it a difference fails.
#[test]
fn schemas_are_as_checked_in() {
    let folder = folder("proto/schemas");
    let write = std::env::var_os("BB_WRITE_SCHEMAS").is_some();
    let mut expected = BTreeSet::new();
    for (kind, schema) in events::catalogue_of_events() {
        let file = format!("{kind}.json");
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if write {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(&file), &text).unwrap();
        }
        let kept = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
        assert!(kept == text, "proto/schemas/{file} is not what the code says: make schemas");
        expected.insert(file);
    }
    let found: BTreeSet<String> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, expected, "an event that was published once keeps its schema");
}

/// `tests/contracts/<consumer>/<event>.json` is the least that a consumer relies on; it must fit the provider's schema,
/// so that a provider cannot take away what somebody needs.
#[test]
fn what_consumers_rely_on_fits_what_providers_publish() {
    let schemas: std::collections::BTreeMap<_, _> = events::catalogue_of_events().into_iter().collect();
    let mut checked = 0;
    for consumer in std::fs::read_dir(folder("tests/contracts")).unwrap() {
        for file in std::fs::read_dir(consumer.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let kind = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let schema = serde_json::to_value(schemas.get(kind.as_str()).unwrap_or_else(|| panic!("nobody publishes {kind}"))).unwrap();
            let example: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors: Vec<String> = validator.iter_errors(&example).map(|e| format!("{}: {e}", e.instance_path)).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", file.display());
            for key in example.as_object().unwrap().keys() {
                assert!(schema["properties"].get(key).is_some(), "{} relies on {key}, which {kind} does not state", file.display());
            }
            checked += 1;
        }
    }
    assert!(checked >= 8, "only {checked} contracts");
}

#[test]
fn no_event_about_newcomers_has_room_for_personal_data() {
    let allowed: BTreeSet<&str> =
        ["case_ref", "referral_ref", "offer_id", "actor_id", "status", "reason_code", "from_role", "to_role"].into();
    for (kind, schema) in events::catalogue_of_events() {
        if kind.starts_with("bildung.newcomers.") {
            let schema = serde_json::to_value(schema).unwrap();
            for name in schema["properties"].as_object().unwrap().keys() {
                assert!(allowed.contains(name.as_str()), "{kind} states {name}");
            }
        }
    }
}
