//! Embeds `assets/`, whose files carry their content's hash in their names (`portal.0f3a….css`), with their compressed forms.
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("assets");
    println!("cargo:rerun-if-changed={}", root.display());
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=templates");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut table = String::from("static FILES: &[Asset] = &[\n");
    for file in files.iter().filter(|file| !is_compressed_form(file) && !file.ends_with("manifest.json")) {
        let hashed = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        let name = without_hash(&hashed);
        writeln!(
            table,
            "    Asset {{ name: {name:?}, hashed: {hashed:?}, plain: include_bytes!({file}), br: {br}, gz: {gz} }},",
            file = literal(file),
            br = form(file, "br"),
            gz = form(file, "gz"),
        )?;
    }
    table.push_str("];\n");
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("assets.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() {
            collect(&path, files)?;
        } else if !hidden {
            files.push(path);
        }
    }
    Ok(())
}

fn is_compressed_form(file: &Path) -> bool {
    let compressed = file.extension().is_some_and(|extension| extension == "br" || extension == "gz");
    compressed && file.with_extension("").exists()
}

fn form(file: &Path, extension: &str) -> String {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    let path = PathBuf::from(name);
    if path.exists() { format!("Some(include_bytes!({}))", literal(&path)) } else { "None".into() }
}

/// `portal.0f3a….css` -> `portal.css`; a name without hash stays as it is.
fn without_hash(name: &str) -> String {
    let mut parts: Vec<&str> = name.split('.').collect();
    let is_hash = |part: &&str| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if parts.len() >= 3 && parts.get(parts.len() - 2).is_some_and(is_hash) {
        parts.remove(parts.len() - 2);
    }
    parts.join(".")
}

/// A path as a string in the source.
fn literal(path: &Path) -> String {
    format!("{:?}", path.to_string_lossy())
}
