//! The rules of direction: who may depend on whom.
use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

const SERVICES: [&str; 5] = ["bildung-catalogue", "bildung-network", "bildung-monitoring", "bildung-newcomers", "bildung-gateway"];

/// Our crates that each of our crates depends on, leaving out what only its tests need.
fn own_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().other_options(["--offline".to_owned()]).exec().unwrap();
    let own: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let depends = |package: &cargo_metadata::Package| {
        package
            .dependencies
            .iter()
            .filter(|d| d.kind != DependencyKind::Development && own.contains(&d.name))
            .map(|d| d.name.clone())
            .collect()
    };
    metadata.packages.iter().map(|package| (package.name.to_string(), depends(package))).collect()
}

#[test]
fn contracts_depend_on_nothing_and_the_chassis_on_contracts_only() {
    let own = own_dependencies();
    assert_eq!(own["bildung-proto"], BTreeSet::new());
    assert_eq!(own["bildung-chassis"], ["bildung-proto".to_owned()].into());
}

#[test]
fn services_depend_on_contracts_and_chassis_and_never_on_each_other() {
    let own = own_dependencies();
    let allowed: BTreeSet<String> = ["bildung-proto".to_owned(), "bildung-chassis".to_owned()].into();
    for service in SERVICES {
        assert!(own[service].is_subset(&allowed), "{service} depends on {:?}", own[service].difference(&allowed));
    }
    let all = own.keys().filter(|name| name.starts_with("bildung-")).count();
    assert_eq!(all, SERVICES.len() + 3, "a new crate needs its place in the rules");
}

#[test]
fn the_domain_of_a_service_knows_no_store_no_bus_and_no_chassis() {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../services"));
    let mut seen = 0;
    for service in ["catalogue", "network", "monitoring", "newcomers"] {
        let domain = root.join(service).join("src/domain");
        let single = root.join(service).join("src/domain.rs");
        let files: Vec<_> = match std::fs::read_dir(&domain) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => vec![single],
        };
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for forbidden in ["sqlx", "tonic", "async_nats", "bildung_chassis", "async fn"] {
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                assert!(code.clone().all(|line| !line.contains(forbidden)), "{} uses {forbidden}", file.display());
            }
            seen += 1;
        }
    }
    assert!(seen >= 4, "each service has a domain");
}

#[test]
fn sql_is_written_in_the_store_only() {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../services"));
    for service in ["catalogue", "network", "monitoring", "newcomers"] {
        for file in ["src/rpc.rs", "src/events.rs", "src/lib.rs"] {
            let Ok(text) = std::fs::read_to_string(root.join(service).join(file)) else { continue };
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            assert!(!code.contains("query!") && !code.contains("sqlx::query"), "{service}/{file} holds SQL");
        }
    }
}
