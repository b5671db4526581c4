//! Events: names, schemas checked in, and the smallest example that each consumer relies on. gRPC: what was said once stays.
use bildung_proto::events;
use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Label};
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

/// Whether contracts are written anew, as `make contracts` does; without it a difference fails.
fn writing() -> bool {
    std::env::var_os("BB_WRITE_CONTRACTS").is_some()
}

#[test]
fn schemas_are_as_checked_in() {
    let folder = folder("proto/schemas");
    let mut expected = BTreeSet::new();
    for (kind, schema) in events::catalogue_of_events() {
        let file = format!("{kind}.json");
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if writing() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(&file), &text).unwrap();
        }
        let kept = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
        assert!(kept == text, "proto/schemas/{file} is not what the code says: make contracts");
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

/// `proto/contract.txt` has a line for every call, field and value that was ever agreed. New ones are added by
/// `make contracts`; one that is gone, or means something else, would break a service that is not renewed at the same
/// moment. A field may go when its number is reserved.
#[test]
fn grpc_keeps_what_it_promised() {
    let set = FileDescriptorSet::decode(bildung_proto::DESCRIPTORS).unwrap();
    let mut said = BTreeSet::new();
    let mut reserved = BTreeSet::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let streamed = |streamed: Option<bool>| if streamed == Some(true) { "stream " } else { "" };
                said.insert(format!(
                    "rpc {}.{}/{} {}{} -> {}{}",
                    file.package(),
                    service.name(),
                    method.name(),
                    streamed(method.client_streaming),
                    method.input_type(),
                    streamed(method.server_streaming),
                    method.output_type()
                ));
            }
        }
        for of_file in &file.enum_type {
            said.extend(
                of_file
                    .value
                    .iter()
                    .map(|value| format!("enum {}.{} {} = {}", file.package(), of_file.name(), value.name(), value.number())),
            );
        }
        for message in &file.message_type {
            describe(file.package(), message, &mut said, &mut reserved);
        }
    }
    let path = folder("proto/contract.txt");
    let kept: BTreeSet<String> = std::fs::read_to_string(&path).unwrap_or_default().lines().map(str::to_owned).collect();
    let is_reserved = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        words[0] == "field" && reserved.contains(&format!("{} {}", words[1], words[2]))
    };
    let broken: Vec<&String> = kept.difference(&said).filter(|line| !is_reserved(line)).collect();
    assert!(broken.is_empty(), "a promise is broken: {broken:#?}");
    if writing() {
        std::fs::write(&path, said.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    } else {
        assert!(kept == said, "proto/contract.txt is not what the .proto files say: make contracts");
    }
}

fn describe(within: &str, message: &DescriptorProto, said: &mut BTreeSet<String>, reserved: &mut BTreeSet<String>) {
    let name = format!("{within}.{}", message.name());
    for field in &message.field {
        let repeated = if field.label() == Label::Repeated { "repeated " } else { "" };
        let one_of = field
            .oneof_index
            .map(|index| format!(" in {}", message.oneof_decl[usize::try_from(index).unwrap()].name()))
            .unwrap_or_default();
        let kind = if field.type_name().is_empty() {
            field.r#type().as_str_name().trim_start_matches("TYPE_").to_lowercase()
        } else {
            field.type_name().to_owned()
        };
        said.insert(format!("field {name} {} {repeated}{kind} {}{one_of}", field.number(), field.name()));
    }
    for range in &message.reserved_range {
        reserved.extend((range.start()..range.end()).map(|number| format!("{name} {number}")));
    }
    for of_message in &message.enum_type {
        said.extend(
            of_message.value.iter().map(|value| format!("enum {name}.{} {} = {}", of_message.name(), value.name(), value.number())),
        );
    }
    for inner in &message.nested_type {
        describe(&name, inner, said, reserved);
    }
}
